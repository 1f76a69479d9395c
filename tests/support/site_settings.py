"""The example project's settings for processes that a test starts, on each kind of database."""

from example_project.settings import *  # noqa: F403
from example_project.settings import DATABASES

if DATABASES["default"]["ENGINE"].endswith("mysql"):
    from tests.support import mysql_driver

    mysql_driver.install()
