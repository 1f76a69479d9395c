"""What Django's ``check`` says of a site that is misconfigured. The README lists the ids."""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import urlsplit

from django.apps.config import AppConfig
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections, router
from django.utils import timezone

from django_smsbat import conf
from django_smsbat.conf import Runner, Settings
from django_smsbat.conf.accounts import shared_secrets
from django_smsbat.gateway import attempt, otp_templates
from django_smsbat.gateway.message_types import FLASH_CALL_DIGITS, MessageType
from django_smsbat.gateway.pacing import MEMORY

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_SECRET_MIN: Final = 16  # characters
_DJANGOS_OWN_ADDRESS: Final = "webmaster@localhost"
_IDS: Final = {"BATCH_SIZE": "smsbat.E005"}


@register(Tags.compatibility)
def check_settings(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """The `SMSBAT` setting itself, then what it says together."""
    wrong = conf.problems()
    if wrong:
        return [Error(words, id=_IDS.get(key, "smsbat.E001")) for key, words in wrong.items()]
    settings = conf.current()
    return [
        *_credentials(settings),
        *_base_url(settings),
        *_lease(settings),
        *_secrets(settings),
        *_verification(settings),
        *_caller_ids(settings),
        *_extras(settings),
        *_celery_app(settings),
    ]


@register(Tags.urls)
def check_flash_calls(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """A view that offers flash calls enables them, or VERIFY_CHANNELS if it is given."""
    from django_smsbat.models import Channel
    from django_smsbat.services.verification import channels

    if conf.problems():
        return []
    settings, flash_call = conf.current(), MessageType.FLASH_CALL
    is_named = conf.is_given("VERIFY_CHANNELS") and flash_call in settings.verify_channels
    is_enabled = is_named or channels.is_offered(Channel.FLASH_CALL)
    if settings.verify_caller_ids or not is_enabled:
        return []
    words = "Flash calls are enabled, and SMSBAT['VERIFY_CALLER_IDS'] is empty: each would fail."
    hint = (
        "List the phone numbers that your calls come from, or list in SMSBAT['VERIFY_CHANNELS'] "
        "the other channels alone."
    )
    return [Error(words, hint=hint, id="smsbat.E013")]


@register(Tags.security, deploy=True)
def check_deployment(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """What is right for development and not for production."""
    if conf.problems():
        return []
    settings = conf.current()
    return [
        *_sandbox_in_production(settings),
        *_codes(settings),
        *_weak_secrets(settings),
        *_emails(settings),
    ]


@register(Tags.database, deploy=True)
def check_health(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """What waits longer than it should, and what a person should look at."""
    from django_smsbat.models import Pulse
    from django_smsbat.services import health

    if DEFAULT_DB_ALIAS not in (databases or ()) or conf.problems():
        return []
    connection = connections[DEFAULT_DB_ALIAS]
    if Pulse._meta.db_table not in connection.introspection.table_names():
        return []  # before the first migrate
    found = health.look(timezone.now())
    return [checks.Warning(words, id="smsbat.W009") for words in found.problems]


@register(Tags.database)
def check_database(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """SQLite lets one writer in at a time; without these two options the others fail at once."""
    from django_smsbat.models import Message

    alias = router.db_for_write(Message)
    if alias != DEFAULT_DB_ALIAS:
        words = "django-smsbat's models have to live in the default database."
        hint = f"A router sends them to {alias!r}; transactions and locks would not be theirs."
        return [Error(words, hint=hint, id="smsbat.E009")]
    connection = connections[alias]
    if connection.vendor != "sqlite" or alias not in (databases or [alias]):
        return []
    options = connection.settings_dict.get("OPTIONS", {})
    found: list[CheckMessage] = []
    if str(options.get("transaction_mode", "")).upper() != "IMMEDIATE":
        hint = f'Set DATABASES["{alias}"]["OPTIONS"]["transaction_mode"] = "IMMEDIATE".'
        words = "SQLite without immediate transactions: workers fail with “database is locked”."
        found.append(checks.Warning(words, hint=hint, id="smsbat.W007"))
    if "wal" not in str(options.get("init_command", "")).lower() and not _is_wal(connection):
        hint = f'Set DATABASES["{alias}"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL;".'
        words = "SQLite without write-ahead log: the admin waits while messages are sent."
        found.append(checks.Warning(words, hint=hint, id="smsbat.W008"))
    return found


def _is_wal(connection: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        return str(cursor.fetchone()[0]) in ("wal", "memory")


def _credentials(settings: Settings) -> Iterator[CheckMessage]:
    from django_smsbat.services.connection import credentials

    for account in settings.accounts.values():
        try:
            credentials(account)
        except ImproperlyConfigured as error:
            hint = (
                "Set API_KEY, or LOGIN and PASSWORD, in SMSBAT or as SMSBAT_… in the environment."
            )
            yield Error(f"{error}.", hint=hint, id="smsbat.E002")


def _base_url(settings: Settings) -> Iterator[CheckMessage]:
    for account in settings.accounts.values():
        if not account.base_url:
            words = account.called("SMSBAT['BASE_URL'] is not set.")
            yield Error(words, hint=_ask_manager(), id="smsbat.E003")
            continue
        scheme, host = _scheme_and_host(account.base_url)
        if scheme not in ("http", "https") or not host:
            words = account.called("SMSBAT['BASE_URL'] is no address.")
            yield Error(words, hint=_ask_manager(), id="smsbat.E003")
        elif scheme == "http" and host not in _LOOPBACK:
            words = account.called(
                "SMSBAT['BASE_URL'] is not https: credentials and texts would travel readable."
            )
            yield Error(words, hint=_ask_manager(), id="smsbat.E004")


def _scheme_and_host(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or ""
    except ValueError:
        return "", ""


def _ask_manager() -> str:
    return "Your account manager names your region's, such as https://restapi.smsbat.com."


def _lease(settings: Settings) -> Iterator[CheckMessage]:
    longest = attempt.longest(settings.timeout)
    if settings.lease <= longest:
        words = f"SMSBAT['LEASE'] must be longer than the longest request, {longest:g} seconds."
        hint = "TIMEOUT counts twice: for connecting, and for the request with its answer."
        yield Error(words, hint=hint, id="smsbat.E006")


def _secrets(settings: Settings) -> Iterator[CheckMessage]:
    for account in settings.accounts.values():
        if not account.webhook_secrets:
            words = account.called(
                "SMSBAT['WEBHOOK_SECRETS'] is empty: callbacks and incoming messages are refused."
            )
            hint = "Set at least one long random secret."
            yield checks.Warning(words, hint=hint, id="smsbat.W001")
    if shared_secrets(settings.accounts):
        words = "Two accounts have a secret in WEBHOOK_SECRETS in common."
        hint = "Give each its own: a report is believed for the account whose secret it brings."
        yield Error(words, hint=hint, id="smsbat.E010")


def _verification(settings: Settings) -> Iterator[CheckMessage]:
    from django_smsbat.services.verification.wording import template_params

    if settings.verify_account and settings.verify_account not in settings.accounts:
        known = ", ".join(settings.accounts)
        words = f"SMSBAT['VERIFY_ACCOUNT'] names no account; there are {known}."
        yield Error(words, id="smsbat.E011")
    template = otp_templates.find(settings.verify_template)
    said = template_params(settings, "0000")
    missing = [name for name in template.params if name not in said] if template else []
    if missing:
        words = f"SMSBAT['VERIFY_TEMPLATE'] needs {', '.join(missing)}."
        hint = "Give them in VERIFY_TEMPLATE_PARAMS."
        yield Error(words, hint=hint, id="smsbat.E012")


def _caller_ids(settings: Settings) -> Iterator[CheckMessage]:
    """The code of a flash call is the end of its number: few numbers are few codes."""
    from django_smsbat.services.verification import callers

    numbers = settings.verify_caller_ids
    if not numbers or (count := callers.codes(numbers)) >= callers.FEW:
        return
    words = (
        "SMSBAT['VERIFY_CALLER_IDS'] gives flash calls too few different codes: a random guess "
        f"is right in {round(100 / count)}% of cases (codes: {count}, numbers: {len(numbers)})."
    )
    hint = (
        f"List at least {callers.FEW} numbers, no two of which have the same last "
        f"{FLASH_CALL_DIGITS} digits; better a hundred."
    )
    yield checks.Warning(words, hint=hint, id="smsbat.W011")


def _extras(settings: Settings) -> Iterator[CheckMessage]:
    """What a setting needs and `pip install django-smsbat` alone does not bring."""
    if settings.runner is Runner.CELERY and not find_spec("celery"):
        hint = "pip install 'django-smsbat[celery]'"
        yield Error(
            "SMSBAT['RUNNER'] is celery, which is not installed.", hint=hint, id="smsbat.E007"
        )
    if settings.rate_limit_storage != MEMORY and not find_spec("redis"):
        hint = "pip install 'django-smsbat[redis]'"
        words = "SMSBAT['RATE_LIMIT_STORAGE'] is a Redis, whose client is not installed."
        yield Error(words, hint=hint, id="smsbat.E008")


def _celery_app(settings: Settings) -> Iterator[CheckMessage]:
    """Without an app of the project's, Celery makes one that publishes to amqp://localhost."""
    if settings.runner is not Runner.CELERY or not find_spec("celery"):
        return
    from django_smsbat.runners import celery

    if not celery.is_configured(celery.current_app_of_this_thread()):
        words = "SMSBAT['RUNNER'] is celery, and no Celery app is configured in this process."
        hint = "Import the project's Celery app in the project's __init__.py (docs/howto/celery)."
        yield checks.Warning(words, hint=hint, id="smsbat.W020")


def _weak_secrets(settings: Settings) -> Iterator[CheckMessage]:
    secrets = [secret for one in settings.accounts.values() for secret in one.webhook_secrets]
    if any(len(secret) < _SECRET_MIN for secret in secrets):
        words = f"A secret in SMSBAT['WEBHOOK_SECRETS'] is shorter than {_SECRET_MIN} characters."
        yield checks.Warning(words, hint="Whoever guesses it can forge reports.", id="smsbat.W002")
    if settings.webhook_secret_in_path:
        words = "SMSBAT['WEBHOOK_SECRET_IN_PATH']: servers in between write paths to their logs."
        hint = "Prefer the secret as the Basic password: https://smsbat:SECRET@your.site/…"
        yield checks.Warning(words, hint=hint, id="smsbat.W003")


def _emails(settings: Settings) -> Iterator[CheckMessage]:
    if settings.email_fallback and conf.email_timeout() is None:
        words = (
            "SMSBAT['EMAIL_FALLBACK']: a mail server that hangs would hold smsbat_sync for ever."
        )
        yield checks.Warning(
            words,
            hint="Set EMAIL_TIMEOUT, or the timeout of the mailer, in seconds.",
            id="smsbat.W006",
        )
    if settings.email_fallback and conf.default_from_email() == _DJANGOS_OWN_ADDRESS:
        words = f"SMSBAT['EMAIL_FALLBACK']: e-mails would come from {_DJANGOS_OWN_ADDRESS}."
        yield checks.Warning(words, hint="Set DEFAULT_FROM_EMAIL.", id="smsbat.W005")


def _codes(settings: Settings) -> Iterator[CheckMessage]:
    """Only where the settings speak of verification: else nobody sends codes."""
    from django_smsbat.services.verification.wording import what_prevents

    if any(str(name).startswith("VERIFY_") for name in conf.dict_given()):
        for channel, words in what_prevents(settings):
            yield checks.Warning(f"No code can be sent by {channel}: {words}.", id="smsbat.W010")


def _sandbox_in_production(settings: Settings) -> Iterator[CheckMessage]:
    for account in settings.accounts.values():
        if _scheme_and_host(account.base_url)[1] not in _LOOPBACK:
            continue
        words = account.called(
            "SMSBAT['BASE_URL'] leads to this machine: nobody will get anything."
        )
        yield checks.Warning(words, hint=_ask_manager(), id="smsbat.W004")
