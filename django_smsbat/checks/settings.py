"""Checks of the `SMSBAT` setting: each key, then combinations of keys."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any, Final

from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured

from django_smsbat import conf
from django_smsbat.checks.base_url import base_url
from django_smsbat.checks.verification import caller_ids, guard, template_and_account
from django_smsbat.conf import Runner, Settings
from django_smsbat.conf.accounts import shared_secrets
from django_smsbat.gateway import attempt
from django_smsbat.gateway.pacing import MEMORY

_IDS: Final = {"BATCH_SIZE": "smsbat.E005"}


@register(Tags.compatibility)
def check_settings(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Check the `SMSBAT` setting itself, then the combination of its keys."""
    wrong = conf.problems()
    if wrong:
        return [Error(message, id=_IDS.get(key, "smsbat.E001")) for key, message in wrong.items()]
    settings = conf.current()
    return [
        *_time_zones(),
        *_credentials(settings),
        *base_url(settings),
        *_lease(settings),
        *_secrets(settings),
        *template_and_account(settings),
        *caller_ids(settings),
        *guard(settings),
        *_extras(settings),
        *_celery_app(settings),
    ]


def _time_zones() -> Iterator[CheckMessage]:
    """Without time zones, the repeated hour in autumn would be ambiguous."""
    if not conf.uses_time_zones():
        message = "USE_TZ is False: django-smsbat stores and compares moments with their time zone."
        hint = "Set USE_TZ = True, as new projects have it."
        yield Error(message, hint=hint, id="smsbat.E014")


def _credentials(settings: Settings) -> Iterator[CheckMessage]:
    from django_smsbat.services.accounts.clients import credentials

    for account in settings.accounts.values():
        try:
            credentials(account)
        except ImproperlyConfigured as error:
            hint = (
                "Set API_KEY, or LOGIN and PASSWORD, in SMSBAT or as SMSBAT_… in the environment."
            )
            yield Error(f"{error}.", hint=hint, id="smsbat.E002")


def _lease(settings: Settings) -> Iterator[CheckMessage]:
    longest = attempt.longest(settings.timeout)
    if settings.lease <= longest:
        message = f"SMSBAT['LEASE'] must be longer than the longest request, {longest:g} seconds."
        hint = "TIMEOUT counts twice: for connecting, and for the request with its answer."
        yield Error(message, hint=hint, id="smsbat.E006")


def _secrets(settings: Settings) -> Iterator[CheckMessage]:
    for account in settings.accounts.values():
        if not account.webhook_secrets:
            message = account.called(
                "SMSBAT['WEBHOOK_SECRETS'] is empty: callbacks and incoming messages are refused."
            )
            hint = "Set at least one long random secret."
            yield CheckWarning(message, hint=hint, id="smsbat.W001")
    if shared_secrets(settings.accounts):
        message = "Two accounts have a secret in WEBHOOK_SECRETS in common."
        hint = "Give each its own: a report counts for the account of its secret."
        yield Error(message, hint=hint, id="smsbat.E010")


def _extras(settings: Settings) -> Iterator[CheckMessage]:
    """Check the packages that a setting needs but `pip install django-smsbat` does not install."""
    if settings.runner is Runner.CELERY and not find_spec("celery"):
        hint = "pip install 'django-smsbat[celery]'"
        yield Error(
            "SMSBAT['RUNNER'] is celery, which is not installed.", hint=hint, id="smsbat.E007"
        )
    if settings.rate_limit_storage != MEMORY and not find_spec("redis"):
        hint = "pip install 'django-smsbat[redis]'"
        message = "SMSBAT['RATE_LIMIT_STORAGE'] is a Redis, but its client is not installed."
        yield Error(message, hint=hint, id="smsbat.E008")


def _celery_app(settings: Settings) -> Iterator[CheckMessage]:
    """Without a Celery app of the project, Celery creates one that publishes to amqp://localhost."""
    if settings.runner is not Runner.CELERY or not find_spec("celery"):
        return
    from django_smsbat.runners import celery

    if not celery.is_configured(celery.current_app_of_this_thread()):
        message = "SMSBAT['RUNNER'] is celery, and no Celery app is configured in this process."
        hint = "Import the project's Celery app in the project's __init__.py (docs/howto/celery)."
        yield CheckWarning(message, hint=hint, id="smsbat.W020")
