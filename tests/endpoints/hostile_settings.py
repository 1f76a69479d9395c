"""The test site under a hostile REST_FRAMEWORK from the first import."""

from tests.endpoints.hostile import EACH_FIRST
from tests.settings import *  # noqa: F403

REST_FRAMEWORK = EACH_FIRST
