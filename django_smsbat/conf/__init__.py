"""The `SMSBAT` setting, read once into one typed object. Nothing else looks at Django's settings.

A key that is missing in the dict is read from the environment variable ``SMSBAT_<KEY>``, then
taken from the default. The object is read anew when Django says that the setting has changed.
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
    """What `SMSBAT` says. Rates are requests per second; times are seconds.

    What an account may have for itself is read by `account`, also that of the default one.
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
        """All accounts by name, the default one first where there is one."""
        return accounts_of(self, self.named_accounts)


_BOOLEANS: Final = (*environ.Env.BOOLEAN_TRUE_STRINGS, "false", "off", "n", "no", "0", "")


def current() -> Settings:
    """The settings as they are now.

    Raises:
        ImproperlyConfigured: naming every key that is wrong and what would be right.
    """
    return _read()


def secret_keys() -> list[str]:
    """Django's secret keys, the present one first: what is hashed with an older one stays known."""
    return [django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS]


def default_from_email() -> str:
    """Whom Django's e-mails come from."""
    return str(django_settings.DEFAULT_FROM_EMAIL)


def allowed_hosts() -> list[str]:
    """The hosts that the site may serve, as Django's `ALLOWED_HOSTS` gives them."""
    return list(django_settings.ALLOWED_HOSTS)


def proxy_ssl_header() -> tuple[str, str] | None:
    """The header by which the site's proxy says that a request came by HTTPS."""
    return django_settings.SECURE_PROXY_SSL_HEADER


def uses_time_zones() -> bool:
    """Whether Django stores moments with their zone."""
    return bool(django_settings.USE_TZ)


def is_tenant_app() -> bool:
    """Whether django-tenants gives each tenant tables of this package in a schema of its own."""
    return "django_smsbat" in getattr(django_settings, "TENANT_APPS", ())


def email_timeout() -> float | None:
    """Seconds that Django waits for the mail server; None for ever."""
    mailers: Mapping[str, Any] | None = getattr(django_settings, "MAILERS", None)
    if mailers is not None:  # Django 6.1, which warns of the older settings
        seconds: float | None = mailers.get("default", {}).get("OPTIONS", {}).get("timeout")
        return seconds
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return getattr(django_settings, "EMAIL_TIMEOUT", None)


def has_urls() -> bool:
    """Whether the project has URLs at all."""
    return bool(getattr(django_settings, "ROOT_URLCONF", None))


def dict_given() -> Any:
    """What stands in Django's settings as it is, unread: a dict, if all is well."""
    return getattr(django_settings, "SMSBAT", {})


def is_given(name: str) -> bool:
    """Whether the dict or the environment gives that key."""
    return name in dict_given() or f"SMSBAT_{name}" in os.environ


def problems() -> dict[str, str]:
    """What is wrong with the setting: key to sentence, empty when all is well."""
    return _read_keys()[1]


@cache
def _read() -> Settings:
    if wrong := problems():  # this frame is shown by error reports: it holds no values
        raise ImproperlyConfigured("; ".join(wrong.values()))
    values, _wrong = _read_keys()
    named = values.pop("ACCOUNTS")
    own = {name.lower(): value for name, value in values.items()}
    return Settings(**own, named_accounts=named)


def _read_keys() -> tuple[dict[str, Any], dict[str, str]]:
    given = dict_given()
    if not isinstance(given, Mapping):
        return {}, {"SMSBAT": "SMSBAT: must be a dict"}
    values: dict[str, Any] = {}
    wrong = {str(name): _unknown(str(name)) for name in given if name not in KEYS}
    for name, key in KEYS.items():
        try:
            values[name] = key.read(_raw(given, name, key))
        except ValueError as error:
            right = error if isinstance(error, Wrong) else f"must be given as {key.cast.__name__}"
            wrong[name] = f"SMSBAT[{name!r}]: {right}"
    _read_dependent(values, wrong)
    return values, wrong


def _read_dependent(values: dict[str, Any], wrong: dict[str, str]) -> None:
    """Read the keys that depend on another key, unless one of the two is wrong already."""
    for name, (read, other) in DEPENDENT.items():
        if name in values and other in values:
            try:
                values[name] = read(values[name], values[other])
            except Wrong as error:
                wrong[name] = f"SMSBAT[{name!r}]: {error}"


def _raw(given: Mapping[str, Any], name: str, key: Key) -> Any:
    if name in given:
        return given[name]
    written = os.environ.get(f"SMSBAT_{name}")
    if written is None:
        return key.default
    if key.cast is bool and written.lower() not in _BOOLEANS:
        raise Wrong("must be true or false")
    # Only parsed: `Env()` itself would take a leading "$" for the name of another variable.
    return environ.Env.parse_value(written, key.cast)


def _unknown(name: str) -> str:
    close = get_close_matches(name, KEYS, n=1)
    advice = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(KEYS)}"
    return f"SMSBAT[{name!r}]: no such setting; {advice}"


def _forget(*, setting: str, **_: Any) -> None:
    if setting == "SMSBAT":
        _read.cache_clear()


setting_changed.connect(_forget, dispatch_uid="django_smsbat.conf")
