"""A separate project that uses the public contract and nothing else."""

SECRET_KEY = "a-key-of-the-shop"
USE_TZ = True
ROOT_URLCONF = "tests.project.consumer.urls"
INSTALLED_APPS = [
    "django.contrib.sessions",
    "rest_framework",
    "django_smsbat",
]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
SMSBAT = {
    "BASE_URL": "https://sms.example.com",
    "API_KEY": "a-key",
    "SENDER": "TheShop",
    "WEBHOOK_SECRETS": ["a-secret-of-the-shop"],
    "ACCOUNTS": {"codes": {"API_KEY": "another-key", "SENDER": "TheCodes"}},
    "VERIFY_ACCOUNT": "codes",
}
