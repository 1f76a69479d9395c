"""The site's accounts, and the default sender of each."""

from collections.abc import Collection

from django_smsbat import conf
from django_smsbat.conf import Account
from django_smsbat.gateway.messages import InvalidMessage


def names() -> Collection[str]:
    """Return the names of all accounts; the default account comes first if it exists."""
    return conf.current().accounts.keys()


def account(name: str) -> Account:
    """Return the account with this name.

    Raises:
        InvalidMessage: if the settings have no such account.
    """
    known = conf.current().accounts
    if name not in known:
        raise InvalidMessage("account", f"no account of the settings; there are {', '.join(known)}")
    return known[name]


def sender_or_default(given: str, name: str) -> str:
    """Return the given sender, or else the account's default sender.

    Raises:
        InvalidMessage: if there is neither, or no such account.
    """
    own = account(name)
    sender = given or own.sender
    if not sender:
        right = "give one here, or SENDER in the SMSBAT setting"
        raise InvalidMessage("sender", right if own.is_default else f"{right} of that account")
    return sender
