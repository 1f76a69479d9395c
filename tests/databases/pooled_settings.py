"""A site with a small connection pool and views that query and queue."""

from tests.scenarios.deployment.settings import *  # noqa: F403
from tests.scenarios.deployment.settings import DATABASES

DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 4, "timeout": 3}}
