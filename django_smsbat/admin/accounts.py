"""SMSBAT accounts in the admin. A site with a single account sees no account columns or fields."""

from typing import Any

from django_smsbat.conf import DEFAULT_ACCOUNT
from django_smsbat.services.accounts import registry


def are_several() -> bool:
    """Return whether the site has any account besides the default one."""
    return set(registry.names()) != {DEFAULT_ACCOUNT}


def with_account(names: Any) -> Any:
    """Add the account to columns or filters if the site has several accounts."""
    return (*names, "account") if are_several() else names


def without_account(fieldsets: Any, obj: Any) -> Any:
    """Remove the account from the fieldsets if the default account is the only one."""
    if are_several() or (obj is not None and obj.account != DEFAULT_ACCOUNT):
        return fieldsets
    return [
        (title, {**shown, "fields": [name for name in shown["fields"] if name != "account"]})
        for title, shown in fieldsets
    ]
