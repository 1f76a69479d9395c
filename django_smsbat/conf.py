"""The `SMSBAT` setting, read once into one typed object. Nothing else looks at Django's settings.

A key that is missing in the dict is read from the environment variable ``SMSBAT_<KEY>``, then
taken from the default. The object is read anew when Django says that the setting has changed.
"""

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import time
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import Any, Final

import environ
import phonenumbers
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from django_smsbat.gateway.auth import AuthMethod
from django_smsbat.gateway.dialects import Dialect
from django_smsbat.gateway.message_types import BATCH_MAX
from django_smsbat.gateway.pacing import MEMORY, REDIS_SCHEMES


class Runner(StrEnum):
    """How queued work finds a worker."""

    INLINE = "inline"
    THREAD = "thread"
    CELERY = "celery"
    NONE = "none"


@dataclass(frozen=True)
class Settings:
    """What `SMSBAT` says. Rates are requests per second; times are seconds."""

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
    email_fallback: bool
    confirm_above: int | None
    approve_above: int | None


class _Wrong(ValueError):
    """What would be right for a key."""


@dataclass(frozen=True)
class _Key:
    """One key: what it defaults to, how the environment's text is cast, what is right for it."""

    default: Any
    cast: type
    read: Callable[[Any], Any]
    meaning: str


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong("must be text")
    return value.strip()


def _secret(value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong("must be text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("must be True or False")
    return value


def _number(minimum: float, maximum: float, *, whole: bool = False) -> Callable[[Any], Any]:
    kind = "a whole number" if whole else "a number"

    def read(value: Any) -> Any:
        right_type = isinstance(value, int if whole else (int, float)) and not isinstance(
            value, bool
        )
        if not right_type or not minimum <= value <= maximum:
            raise _Wrong(f"must be {kind} from {minimum:,} to {maximum:,}")
        return value

    return read


def _member(kind: type[StrEnum]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if value not in list(kind):
            raise _Wrong(f"must be one of {', '.join(kind)}")
        return kind(value)

    return read


def _optional(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value in (None, "") else read(value)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise _Wrong("must be a list of texts")
    return tuple(item.strip() for item in value if item.strip())


def _region(value: Any) -> str:
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise _Wrong("must be a country of two capital letters, such as UA")
    return str(value)


def _rate_limit_storage(value: Any) -> str:
    if value != MEMORY and not str(value).startswith(REDIS_SCHEMES):
        raise _Wrong('must be "memory" or the address of a Redis, such as redis://127.0.0.1:6379/0')
    return str(value)


def _quiet_hours(value: Any) -> tuple[time, time]:
    try:
        start, end = value.split("-") if isinstance(value, str) else value
        hours = time.fromisoformat(start.strip()), time.fromisoformat(end.strip())
    except (ValueError, TypeError, AttributeError):
        raise _Wrong('must be two times of day, such as "21:00-09:00"') from None
    if hours[0] == hours[1]:
        raise _Wrong("must begin and end at different times")
    if hours[0].tzinfo or hours[1].tzinfo:
        raise _Wrong("must be times of day in TIME_ZONE, without a zone of their own")
    return hours


_AUDIENCE: Final = _optional(_number(0, 1_000_000_000, whole=True))

KEYS: Final[dict[str, _Key]] = {
    "BASE_URL": _Key("", str, _text, "address of your region's API, given by your account manager"),
    "API_KEY": _Key("", str, _secret, "key of your account"),
    "LOGIN": _Key("", str, _text, "login, where you have a password instead of a key"),
    "PASSWORD": _Key("", str, _secret, "password to that login"),
    "AUTH": _Key(
        None, str, _optional(_member(AuthMethod)), "how to authenticate; by what is given"
    ),
    "SENDER": _Key("", str, _text, "alpha name used where a message names none"),
    "DIALECT": _Key("messagelist", str, _member(Dialect), "field names on the wire"),
    "TIMEOUT": _Key(30, float, _number(0.1, 600), "seconds, for connecting and for reading"),
    "LEASE": _Key(300, float, _number(1, 86_400), "seconds that a worker may hold a batch"),
    "BATCH_SIZE": _Key(1_000, int, _number(1, BATCH_MAX, whole=True), "messages in one request"),
    "SEND_RATE": _Key(100, float, _number(0.01, 10_000), "requests a second that send"),
    "STATUS_RATE": _Key(
        50, float, _number(0.01, 10_000), "requests a second that ask for a status"
    ),
    "CONCURRENCY": _Key(
        8, int, _number(1, 64, whole=True), "requests of a process under way at once"
    ),
    "RUNNER": _Key("thread", str, _member(Runner), "who sends what was launched in the admin"),
    "WEBHOOK_SECRETS": _Key((), list, _texts, "secrets that SMSBAT's callbacks may come with"),
    "WEBHOOK_SECRET_IN_PATH": _Key(False, bool, _flag, "whether a secret may stand in the URL"),
    "DEFAULT_REGION": _Key("UA", str, _region, "country of phone numbers written without one"),
    "QUIET_HOURS": _Key(None, str, _optional(_quiet_hours), "when nothing promotional is sent"),
    "RATE_LIMIT_STORAGE": _Key(
        MEMORY, str, _rate_limit_storage, "where the rates are counted; a Redis for all workers"
    ),
    "RESEND_UNCONFIRMED": _Key(
        False, bool, _flag, "whether twice is better than never: unconfirmed ones are sent again"
    ),
    "OPT_OUT_KEYWORDS": _Key(
        ("STOP", "STOPALL", "UNSUBSCRIBE", "СТОП", "ВІДПИСАТИСЬ", "ВІДПИСАТИСЯ", "ВІДПИСКА"),
        list,
        _texts,
        "messages by which people opt out",
    ),
    "OPT_IN_KEYWORDS": _Key(
        ("START", "UNSTOP", "SUBSCRIBE", "СТАРТ", "ПІДПИСАТИСЬ", "ПІДПИСАТИСЯ", "ПІДПИСКА"),
        list,
        _texts,
        "messages by which people opt in again",
    ),
    "OPT_OUT_CONFIRMATION": _Key("", str, _text, "what is answered to who opts out"),
    "OPT_IN_CONFIRMATION": _Key("", str, _text, "what is answered to who opts in again"),
    "EMAIL_FALLBACK": _Key(
        False, bool, _flag, "whether an e-mail follows what no channel delivered"
    ),
    "CONFIRM_ABOVE": _Key(
        None, int, _AUDIENCE, "recipients above which a person types their number to send"
    ),
    "APPROVE_ABOVE": _Key(
        None, int, _AUDIENCE, "recipients above which somebody else has to approve"
    ),
}


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


def email_timeout() -> float | None:
    """Seconds that Django waits for the mail server; None for ever."""
    mailers: Mapping[str, Any] | None = getattr(django_settings, "MAILERS", None)
    if mailers is not None:  # Django 6.1, which warns of the older settings
        seconds: float | None = mailers.get("default", {}).get("OPTIONS", {}).get("timeout")
        return seconds
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return getattr(django_settings, "EMAIL_TIMEOUT", None)


def problems() -> dict[str, str]:
    """What is wrong with the setting: key to sentence, empty when all is well."""
    return _read_keys()[1]


@cache
def _read() -> Settings:
    values, wrong = _read_keys()
    if wrong:
        raise ImproperlyConfigured("; ".join(wrong.values()))
    return Settings(**{name.lower(): value for name, value in values.items()})


def _read_keys() -> tuple[dict[str, Any], dict[str, str]]:
    given = getattr(django_settings, "SMSBAT", {})
    if not isinstance(given, Mapping):
        return {}, {"SMSBAT": "SMSBAT: must be a dict"}
    values: dict[str, Any] = {}
    wrong = {str(name): _unknown(str(name)) for name in given if name not in KEYS}
    for name, key in KEYS.items():
        try:
            values[name] = key.read(_raw(given, name, key))
        except ValueError as error:
            right = error if isinstance(error, _Wrong) else f"must be given as {key.cast.__name__}"
            wrong[name] = f"SMSBAT[{name!r}]: {right}"
    return values, wrong


def _raw(given: Mapping[str, Any], name: str, key: _Key) -> Any:
    if name in given:
        return given[name]
    written = os.environ.get(f"SMSBAT_{name}")
    if written is None:
        return key.default
    if key.cast is bool and written.lower() not in _BOOLEANS:
        raise _Wrong("must be true or false")
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
