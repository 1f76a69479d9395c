"""Accounts of SMSBAT: what each has for itself, and what it takes over from the default one.

The default account is what stands in the setting itself, so that a site with one need not know of
accounts at all.
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
# Credentials, senders and webhook secrets are an account's own, and never another's.
_TAKEN_OVER: Final = ("BASE_URL", "DIALECT", "SEND_RATE", "STATUS_RATE")


@dataclass(frozen=True)
class Account:
    """One account of SMSBAT's. Rates are requests per second."""

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

    def called(self, words: str) -> str:
        """The words, with the account's name where it is not the default one."""
        return words if self.is_default else f"account {self.name}: {words}"


def read(value: Any, keys: Mapping[str, Key]) -> dict[str, dict[str, Any]]:
    """What `ACCOUNTS` says: for each name the values of its own keys.

    Raises:
        Wrong: for the first thing that is.
    """
    if not isinstance(value, Mapping):
        raise Wrong("must be a dict of accounts by name")
    return {name: _read_one(name, given, keys) for name, given in value.items()}


def _read_one(name: Any, given: Any, keys: Mapping[str, Key]) -> dict[str, Any]:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name == DEFAULT_ACCOUNT:
        raise Wrong(
            f"{name!r} is no name for an account: up to {NAME_MAX} small letters, digits, "
            f'"-" and "_", and not {DEFAULT_ACCOUNT!r}, which is the one beside ACCOUNTS'
        )
    if not isinstance(given, Mapping):
        raise Wrong(f"{name!r} must be a dict")
    unknown = [key for key in given if key not in keys]
    if unknown:
        raise Wrong(f"{name!r} has {unknown[0]!r}; an account may have {', '.join(keys)}")
    found: dict[str, Any] = {}
    for key, written in given.items():
        try:
            found[key] = keys[key].read(written)
        except Wrong as error:
            raise Wrong(f"{name!r}: {key} {error}") from None
    return found | {
        key: one.read(one.default) for key, one in keys.items() if _is_missing(key, found)
    }


def _is_missing(key: str, found: Mapping[str, Any]) -> bool:
    return key not in found and key not in _TAKEN_OVER


def accounts_of(
    settings: "Settings", named: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Account]:
    """All accounts by name.

    Where others are named and the setting itself holds no credentials, there is no default one.
    """
    own = {name: getattr(settings, name) for name in Account.__dataclass_fields__ if name != "name"}
    has_default = bool(settings.api_key or settings.login or settings.password or not named)
    default = {DEFAULT_ACCOUNT: Account(DEFAULT_ACCOUNT, **own)} if has_default else {}
    return default | {
        name: Account(name, **{**own, **{key.lower(): value for key, value in given.items()}})
        for name, given in named.items()
    }


def shared_secrets(accounts: Mapping[str, Account]) -> bool:
    """Whether two accounts have a secret in common: nobody could tell whose report it is."""
    secrets = Counter(secret for one in accounts.values() for secret in set(one.webhook_secrets))
    return any(count > 1 for count in secrets.values())
