"""The site's accounts, and what a message gets from the one that sends it."""

from collections.abc import Collection

from django_smsbat import conf
from django_smsbat.conf import Account
from django_smsbat.gateway.messages import InvalidMessage


def names() -> Collection[str]:
    """All accounts of the settings, the default one first where there is one."""
    return conf.current().accounts.keys()


def account(name: str) -> Account:
    """
    Raises:
        InvalidMessage: when the settings name no such account.
    """
    known = conf.current().accounts
    if name not in known:
        raise InvalidMessage("account", f"no account of the settings; there are {', '.join(known)}")
    return known[name]


def sender_or_default(given: str, name: str) -> str:
    """The sender that was given, else the account's own.

    Raises:
        InvalidMessage: when there is neither, or no such account.
    """
    own = account(name)
    sender = given or own.sender
    if not sender:
        right = "give one here, or SENDER in the SMSBAT setting"
        raise InvalidMessage("sender", right if own.is_default else f"{right} of that account")
    return sender
