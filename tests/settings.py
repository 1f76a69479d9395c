"""The example project's settings, for tests: no test can reach a sandbox by accident."""

import os

import django

from example_project.settings import *  # noqa: F403
from example_project.settings import DATABASES, MIDDLEWARE

if DATABASES["default"]["ENGINE"].endswith("mysql"):
    from tests.support import mysql_driver

    mysql_driver.install()

if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    DATABASES["default"]["ENGINE"] = "tests.support.quick_flush"

DEBUG = False
if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MIDDLEWARE = [*MIDDLEWARE, "tests.support.strict_csp.strict_csp"]
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
SECRET = "a-secret-for-the-tests-only"
SMSBAT = {
    "BASE_URL": "http://127.0.0.1:9",  # the discard port: no server responds
    "API_KEY": "sandbox-key",
    "SENDER": "AcmeShop",
    "RUNNER": "none",
    "CONCURRENCY": 1,  # only its own thread sees a test's transaction
    "WEBHOOK_SECRETS": [SECRET],
    "VERIFY_CALLER_IDS": [f"+38044{number:07}" for number in range(2_345_678, 2_995_678, 12_347)],
}
# Parallel test processes have a database each; pytest-django appends the process name.
PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "")
DATABASES["default"]["TEST"] = (
    {"NAME": f"file:smsbat-tests{PROCESS}?mode=memory&cache=shared&process="}
    if DATABASES["default"]["ENGINE"].endswith("sqlite3")
    else {"NAME": "smsbat_tests"}
)
