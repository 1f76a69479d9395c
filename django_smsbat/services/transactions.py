"""When what was stored is really there: at once, or when somebody's transaction is over."""

from collections.abc import Callable
from typing import Final, TypeVar

from django.db import OperationalError, transaction
from django.db.transaction import TransactionManagementError

_Made = TypeVar("_Made")
_TRIES: Final = 5  # of what a deadlock may end


def insist_on_commits() -> None:
    """
    Raises:
        TransactionManagementError: without autocommit and outside `atomic`: nobody could tell when
            what is stored is there, so a message might leave and its row be rolled back.
    """
    connection = transaction.get_connection()
    if not connection.in_atomic_block and not connection.get_autocommit():
        raise TransactionManagementError(
            "autocommit is off: use transaction.atomic, so that it is known when to send"
        )


def when_committed(do: Callable[[], object]) -> None:
    """Do it after the commit of the transaction that the caller is in; at once where there is none.

    After a rollback it is not done at all. The transaction that Django's `TestCase` wraps every
    test into is nobody's: there it is done at once, as it would be on a site. What fails after
    somebody's commit is logged by Django, and stops nothing else that was to follow it.
    """
    if _in_somebodys_transaction():
        transaction.on_commit(do, robust=True)
    else:
        do()


def tried_again(make: Callable[[], _Made]) -> _Made:
    """What it makes, in a transaction of its own where the caller has none.

    There a deadlock, or a locked database, is worth another try; in the caller's transaction it is
    the caller's to try again, for the whole of it is lost.
    """
    left = 1 if transaction.get_connection().in_atomic_block else _TRIES
    while True:
        left -= 1
        try:
            with transaction.atomic():
                return make()
        except OperationalError:
            if not left:
                raise


def _in_somebodys_transaction() -> bool:
    if not transaction.get_connection().in_atomic_block:
        return False
    try:
        with transaction.atomic(durable=True):  # refused, but for the outermost of a test case
            return False
    except RuntimeError:
        return True
