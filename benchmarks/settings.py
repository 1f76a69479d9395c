"""The example project's settings plus django-post_office, for comparison."""

import os

from example_project.settings import *  # noqa: F403
from example_project.settings import INSTALLED_APPS

DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = os.environ.get("ROOT_URLCONF", "example_project.urls")
INSTALLED_APPS = [*INSTALLED_APPS, "post_office"]
EMAIL_BACKEND = "post_office.EmailBackend"
POST_OFFICE = {
    "BACKENDS": {"default": "django.core.mail.backends.dummy.EmailBackend"},
    "BATCH_SIZE": 5_000,
    "THREADS_PER_PROCESS": 4,
    "LOG_LEVEL": 0,
}
