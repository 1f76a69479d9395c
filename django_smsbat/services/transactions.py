"""Run code after the commit, or immediately if there is no transaction; retry deadlocks."""

from collections.abc import Callable
from typing import Final, TypeVar

from django.db import OperationalError, transaction
from django.db.transaction import TransactionManagementError

_Result = TypeVar("_Result")
_TRIES: Final = 5  # of a transaction that a deadlock may end


def insist_on_commits() -> None:
    """Require autocommit or an `atomic` block.

    Without either, the time of the commit is unknown: a message might be sent and its row rolled
    back.

    Raises:
        TransactionManagementError: if autocommit is off, outside `atomic`.
    """
    connection = transaction.get_connection()
    if not connection.in_atomic_block and not connection.get_autocommit():
        raise TransactionManagementError(
            "autocommit is off: use transaction.atomic, so that it is known when to send"
        )


def when_committed(do: Callable[[], object]) -> None:
    """Call `do` after the commit of the caller's transaction; immediately if there is none.

    After a rollback, `do` is not called. The transaction around each test of Django's `TestCase`
    does not count: there `do` is called immediately, as on a site. Django logs an exception after
    the caller's commit, and runs the other callbacks.
    """
    if _in_callers_transaction():
        transaction.on_commit(do, robust=True)
    else:
        do()


def tried_again(make: Callable[[], _Result]) -> _Result:
    """Call `make` in a transaction, and retry after a deadlock or a locked database.

    Inside the caller's transaction there is no retry: the deadlock ends that whole transaction, so
    only the caller can repeat it.
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


def _in_callers_transaction() -> bool:
    if not transaction.get_connection().in_atomic_block:
        return False
    try:
        with transaction.atomic(durable=True):  # raises, except in the transaction of a test case
            return False
    except RuntimeError:
        return True
