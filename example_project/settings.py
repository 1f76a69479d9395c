"""Settings by environment variables. SQLite unless ``DATABASE_URL`` names another database."""

from importlib.util import find_spec
from pathlib import Path

import environ

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent

# A real site needs its own key; this one only guards demo data on a developer's machine.
SECRET_KEY = env.str("SECRET_KEY", default="only-for-the-demo-never-for-a-site-of-your-own")
DEBUG = env.bool("DEBUG", default=True)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "example_project",  # before django_smsbat, because it overrides a template of the package
    "django_smsbat",
]

# OpenAPI description of the webhooks, if drf-spectacular is installed.
HAS_SPECTACULAR = find_spec("drf_spectacular") is not None
if HAS_SPECTACULAR:
    INSTALLED_APPS.append("drf_spectacular")
    REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "example_project.urls"
WSGI_APPLICATION = "example_project.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Several workers may write: each waits for its turn, and readers never wait.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
# Seconds that a connection stays open between requests; without it, each callback opens a new one.
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=0)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("uk", "Українська")]
TIME_ZONE = env.str("TIME_ZONE", default="Europe/Kyiv")
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"

# The sandbox's address and key; SMSBAT_… variables override everything here.
SMSBAT = {
    "BASE_URL": env.str("SMSBAT_BASE_URL", default="http://127.0.0.1:8025"),
    "API_KEY": env.str("SMSBAT_API_KEY", default="sandbox-key"),
    "SENDER": env.str("SMSBAT_SENDER", default="AcmeShop"),
    "WEBHOOK_SECRETS": env.list("SMSBAT_WEBHOOK_SECRETS", default=["demo-secret-demo-secret"]),
    "VERIFY_GUARD": "example_project.guard.honeypot",
    # The last digits of the calling number are the code; these numbers are fictional.
    "VERIFY_CALLER_IDS": env.list(
        "SMSBAT_VERIFY_CALLER_IDS",
        default=[f"+38044{number:07}" for number in range(2_345_678, 2_995_678, 12_347)],
    ),
}

# Read only by `example_project.celery`, if RUNNER is "celery".
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="redis://127.0.0.1:6379/0")
CELERY_TASK_DEFAULT_QUEUE = env.str("CELERY_QUEUE", default="celery")
