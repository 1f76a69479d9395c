"""The `SMSBAT` setting, read once into one typed object. Only this package reads Django's settings.

A key that is missing in the dict is read from the environment variable ``SMSBAT_<KEY>``, then from
its default. The object is rebuilt when Django signals that the setting has changed.
"""

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from difflib import get_close_matches
from functools import cache, cached_property
from typing import Any, Final

import environ
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from django_smsbat.conf.accounts import DEFAULT_ACCOUNT, Account, accounts_of
from django_smsbat.conf.keys import DEPENDENT, KEYS, Runner
from django_smsbat.conf.readers import Key, Wrong
from django_smsbat.gateway.auth import AuthMethod
from django_smsbat.gateway.dialects import Dialect
from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.number_types import NumberType

__all__ = [
    "DEFAULT_ACCOUNT",
    "KEYS",
    "Account",
    "Runner",
    "Settings",
    "current",
    "default_from_email",
    "dict_given",
    "email_timeout",
    "has_urls",
    "is_given",
    "problems",
    "secret_keys",
]


@dataclass(frozen=True)
class Settings:
    """The values of `SMSBAT`. Rates are requests per second; times are seconds.

    Use `accounts` for the values that an account may override, also for the default account.
    """

    base_url: str
    api_key: str = field(repr=False)
    login: str = field(repr=False)
    password: str = field(repr=False)
    auth: AuthMethod | None
    sender: str
    dialect: Dialect
    timeout: float
    lease: float
    batch_size: int
    send_rate: float
    status_rate: float
    concurrency: int
    runner: Runner
    webhook_secrets: tuple[str, ...] = field(repr=False)
    webhook_secret_in_path: bool
    default_region: str
    quiet_hours: tuple[time, time] | None
    rate_limit_storage: str = field(repr=False)
    resend_unconfirmed: bool
    opt_out_keywords: tuple[str, ...]
    opt_in_keywords: tuple[str, ...]
    opt_out_confirmation: str
    opt_in_confirmation: str
    opt_out_confirmations_per_hour: int
    inbound_unknown_per_hour: int
    unknown_reports_per_hour: int
    email_fallback: bool
    confirm_above: int | None
    approve_above: int | None
    verify_channels: tuple[MessageType, ...]
    verify_caller_ids: tuple[str, ...] = field(repr=False)
    verify_code_length: int
    verify_lifetime: int
    verify_attempts: int
    verify_failures_per_day: int
    verify_guard: str
    verify_number_types: tuple[NumberType, ...]
    verify_cooldown: int
    verify_per_phone: int
    verify_per_address: int
    verify_per_hour: int
    verify_countries: tuple[str, ...]
    verify_prefixes: tuple[str, ...]
    verify_breaker_after: int
    verify_breaker_share: int
    verify_template: str
    verify_template_params: Mapping[str, str | int]
    verify_text: str
    verify_account: str
    named_accounts: Mapping[str, Mapping[str, Any]] = field(repr=False)

    @cached_property
    def accounts(self) -> Mapping[str, Account]:
        """All accounts by name; the default one, if any, comes first."""
        return accounts_of(self, self.named_accounts)


_BOOLEANS: Final = (*environ.Env.BOOLEAN_TRUE_STRINGS, "false", "off", "n", "no", "0", "")


def current() -> Settings:
    """Return the current settings.

    Raises:
        ImproperlyConfigured: naming every invalid key and its valid values.
    """
    return _read()


def secret_keys() -> list[str]:
    """Return Django's secret keys, current one first: hashes made with an older key stay valid."""
    return [django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS]


def default_from_email() -> str:
    """Return the sender of Django's e-mails."""
    return str(django_settings.DEFAULT_FROM_EMAIL)


def allowed_hosts() -> list[str]:
    """Return the hosts that the site may serve, from Django's `ALLOWED_HOSTS`."""
    return list(django_settings.ALLOWED_HOSTS)


def proxy_ssl_header() -> tuple[str, str] | None:
    """Return the header by which the site's proxy reports that a request used HTTPS."""
    return django_settings.SECURE_PROXY_SSL_HEADER


def uses_time_zones() -> bool:
    """Whether Django stores datetimes with their time zone."""
    return bool(django_settings.USE_TZ)


def is_tenant_app() -> bool:
    """Whether django-tenants creates this package's tables in the schema of each tenant."""
    return "django_smsbat" in getattr(django_settings, "TENANT_APPS", ())


def email_timeout() -> float | None:
    """Return the seconds that Django waits for the mail server; None for no limit."""
    mailers: Mapping[str, Any] | None = getattr(django_settings, "MAILERS", None)
    if mailers is not None:  # Django 6.1, which warns of the older settings
        seconds: float | None = mailers.get("default", {}).get("OPTIONS", {}).get("timeout")
        return seconds
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return getattr(django_settings, "EMAIL_TIMEOUT", None)


def has_urls() -> bool:
    """Whether the project has a URL configuration."""
    return bool(getattr(django_settings, "ROOT_URLCONF", None))


def dict_given() -> Any:
    """Return the raw `SMSBAT` setting: a dict, unless it is misconfigured."""
    return getattr(django_settings, "SMSBAT", {})


def is_given(name: str) -> bool:
    """Whether the dict or the environment has that key."""
    return name in dict_given() or f"SMSBAT_{name}" in os.environ


def problems() -> dict[str, str]:
    """Return a sentence for each invalid key of the setting; empty if there are none."""
    return _read_keys()[1]


@cache
def _read() -> Settings:
    if wrong := problems():  # error reports show this frame: it must contain no values
        raise ImproperlyConfigured("; ".join(wrong.values()))
    values, _wrong = _read_keys()
    named = values.pop("ACCOUNTS")
    own = {name.lower(): value for name, value in values.items()}
    return Settings(**own, named_accounts=named)


def _read_keys() -> tuple[dict[str, Any], dict[str, str]]:
    raw = dict_given()
    if not isinstance(raw, Mapping):
        return {}, {"SMSBAT": "SMSBAT: must be a dict"}
    values: dict[str, Any] = {}
    wrong = {str(name): _unknown(str(name)) for name in raw if name not in KEYS}
    for name, key in KEYS.items():
        try:
            values[name] = key.read(_raw(raw, name, key))
        except ValueError as error:
            right = error if isinstance(error, Wrong) else f"must be given as {key.cast.__name__}"
            wrong[name] = f"SMSBAT[{name!r}]: {right}"
    _read_dependent(values, wrong)
    return values, wrong


def _read_dependent(values: dict[str, Any], wrong: dict[str, str]) -> None:
    """Read the keys that depend on another key, unless one of the two is already invalid."""
    for name, (read, other) in DEPENDENT.items():
        if name in values and other in values:
            try:
                values[name] = read(values[name], values[other])
            except Wrong as error:
                wrong[name] = f"SMSBAT[{name!r}]: {error}"


def _raw(settings: Mapping[str, Any], name: str, key: Key) -> Any:
    if name in settings:
        return settings[name]
    text = os.environ.get(f"SMSBAT_{name}")
    if text is None:
        return key.default
    if key.cast is bool and text.lower() not in _BOOLEANS:
        raise Wrong("must be true or false")
    # Parsed only: `Env()` itself would treat a leading "$" as the name of another variable.
    return environ.Env.parse_value(text, key.cast)


def _unknown(name: str) -> str:
    close = get_close_matches(name, KEYS, n=1)
    advice = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(KEYS)}"
    return f"SMSBAT[{name!r}]: no such setting; {advice}"


def _reset_cache(*, setting: str, **_: Any) -> None:
    if setting == "SMSBAT":
        _read.cache_clear()


setting_changed.connect(_reset_cache, dispatch_uid="django_smsbat.conf")
