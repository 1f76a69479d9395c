"""A logging filter that masks webhook secrets in paths logged by Django and web servers.

A request with a differently written prefix, such as ``//smsbat/status/SECRET/``, reaches no view of
this package: Django logs ``Not Found`` with the whole path.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from re import Pattern
from typing import Any, Final

from django.core.exceptions import SuspiciousOperation
from django.core.signals import setting_changed

from django_smsbat import conf
from django_smsbat.webhooks.masking import masked, pattern_of

# Loggers that log paths: those of Django, and of servers that run in the site's process.
_LOGGERS: Final = (
    *("django.request", "django.server", "django.security", "django.security.csrf"),
    *("gunicorn.access", "uvicorn.access", "hypercorn.access"),
)


class SecretFilter(logging.Filter):
    """Masks every secret in `WEBHOOK_SECRETS`. It passes every record and never raises."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Logging must work even if the settings or the record are invalid.
        with suppress(Exception):
            _mask(record)
        return True


_FILTER: Final = SecretFilter()


def install() -> None:
    """Add the filter to the loggers that log paths. It survives a new logging configuration."""
    for name in (*_LOGGERS, *_security_loggers(SuspiciousOperation)):
        logging.getLogger(name).addFilter(_FILTER)


def _security_loggers(kind: type[SuspiciousOperation]) -> Iterator[str]:
    """Yield Django's logger for each of these exception classes; filters are not inherited."""
    yield f"django.security.{kind.__name__}"
    for subclass in kind.__subclasses__():
        yield from _security_loggers(subclass)


@cache
def _pattern() -> Pattern[str] | None:
    accounts = conf.current().accounts.values()
    return pattern_of(secret for account in accounts for secret in account.webhook_secrets)


def _mask(record: logging.LogRecord) -> None:
    pattern = _pattern()
    if pattern is None or not pattern.search(record.getMessage()):
        return
    record.msg = _masked(record.msg, pattern)
    # Formatters of access logs use the arguments separately, so each keeps its position.
    if isinstance(record.args, Mapping):
        record.args = {key: _masked(value, pattern) for key, value in record.args.items()}
    elif record.args:
        record.args = tuple(_masked(value, pattern) for value in record.args)
    if pattern.search(record.getMessage()):
        record.msg, record.args = masked(record.getMessage(), pattern), None


def _masked(value: Any, pattern: Pattern[str]) -> Any:
    text = str(value)
    return masked(text, pattern) if pattern.search(text) else value


def _reset_cache(*, setting: str, **_: Any) -> None:
    if setting == "SMSBAT":
        _pattern.cache_clear()


setting_changed.connect(_reset_cache, dispatch_uid="django_smsbat.webhooks.log_filter")
