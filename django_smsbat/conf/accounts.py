"""SMSBAT accounts: their own values, and those inherited from the default account.

The top level of the setting is the default account, so that a site with one account can ignore
accounts altogether.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django_smsbat.conf.readers import Key, Wrong
from django_smsbat.gateway.auth import AuthMethod
from django_smsbat.gateway.dialects import Dialect

if TYPE_CHECKING:
    from django_smsbat.conf import Settings

DEFAULT_ACCOUNT: Final = "default"
NAME_MAX: Final = 32  # characters
_NAME: Final = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{NAME_MAX - 1}}}")
# Credentials, senders and webhook secrets are never inherited from another account.
_TAKEN_OVER: Final = ("BASE_URL", "DIALECT", "SEND_RATE", "STATUS_RATE")


@dataclass(frozen=True)
class Account:
    """One SMSBAT account. Rates are requests per second."""

    name: str
    base_url: str
    api_key: str = field(repr=False)
    login: str = field(repr=False)
    password: str = field(repr=False)
    auth: AuthMethod | None
    sender: str
    dialect: Dialect
    send_rate: float
    status_rate: float
    webhook_secrets: tuple[str, ...] = field(repr=False)

    @property
    def is_default(self) -> bool:
        return self.name == DEFAULT_ACCOUNT

    def called(self, text: str) -> str:
        """Prefix a text with the account's name, unless it is the default account."""
        return text if self.is_default else f"account {self.name}: {text}"


def read(value: Any, keys: Mapping[str, Key]) -> dict[str, dict[str, Any]]:
    """Read `ACCOUNTS`: the values of each account's own keys, by name.

    Raises:
        Wrong: for the first invalid value.
    """
    if not isinstance(value, Mapping):
        raise Wrong("must be a dict of accounts by name")
    return {name: _read_one(name, raw, keys) for name, raw in value.items()}


def _read_one(name: Any, raw: Any, keys: Mapping[str, Key]) -> dict[str, Any]:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name == DEFAULT_ACCOUNT:
        raise Wrong(
            f"{name!r} is no name for an account: up to {NAME_MAX} small letters, digits, "
            f'"-" and "_", and not {DEFAULT_ACCOUNT!r}, which is the one beside ACCOUNTS'
        )
    if not isinstance(raw, Mapping):
        raise Wrong(f"{name!r} must be a dict")
    unknown = [key for key in raw if key not in keys]
    if unknown:
        raise Wrong(f"{name!r} has {unknown[0]!r}; an account may have {', '.join(keys)}")
    values: dict[str, Any] = {}
    for key, value in raw.items():
        try:
            values[key] = keys[key].read(value)
        except Wrong as error:
            raise Wrong(f"{name!r}: {key} {error}") from None
    return values | {
        key: one.read(one.default) for key, one in keys.items() if _is_missing(key, values)
    }


def _is_missing(key: str, values: Mapping[str, Any]) -> bool:
    return key not in values and key not in _TAKEN_OVER


def accounts_of(
    settings: "Settings", named: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Account]:
    """Return all accounts by name.

    If `ACCOUNTS` has entries and the top level has no credentials, there is no default account.
    """
    own = {name: getattr(settings, name) for name in Account.__dataclass_fields__ if name != "name"}
    has_default = bool(settings.api_key or settings.login or settings.password or not named)
    default = {DEFAULT_ACCOUNT: Account(DEFAULT_ACCOUNT, **own)} if has_default else {}
    return default | {
        name: Account(name, **{**own, **{key.lower(): value for key, value in values.items()}})
        for name, values in named.items()
    }


def shared_secrets(accounts: Mapping[str, Account]) -> bool:
    """Whether two accounts share a secret: a report's account would be ambiguous."""
    secrets = Counter(secret for one in accounts.values() for secret in set(one.webhook_secrets))
    return any(count > 1 for count in secrets.values())
