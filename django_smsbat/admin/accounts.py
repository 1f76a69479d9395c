"""Accounts in the admin: a site that has one is told nothing of them."""

from typing import Any

from django_smsbat.conf import DEFAULT_ACCOUNT
from django_smsbat.services.accounts import registry


def are_several() -> bool:
    """Whether there is any other than the default one."""
    return set(registry.names()) != {DEFAULT_ACCOUNT}


def with_account(names: Any) -> Any:
    """Columns, or filters, and the account where there are several."""
    return (*names, "account") if are_several() else names


def without_account(fieldsets: Any, obj: Any) -> Any:
    """The fieldsets without the account where there is no other than the default one."""
    if are_several() or (obj is not None and obj.account != DEFAULT_ACCOUNT):
        return fieldsets
    return [
        (title, {**shown, "fields": [name for name in shown["fields"] if name != "account"]})
        for title, shown in fieldsets
    ]
