"""A site with views that send, for servers that patch, fork or preload it."""

from example_project.settings import *  # noqa: F403

ROOT_URLCONF = "tests.scenarios.deployment.urls"
DEBUG = False
