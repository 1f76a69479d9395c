"""When what was stored is really there: at once, or when somebody's transaction is over."""

from collections.abc import Callable

from django.db import transaction


def when_committed(do: Callable[[], object]) -> None:
    """Do it after the commit of the transaction that the caller is in; at once where there is none.

    After a rollback it is not done at all. The transaction that Django's `TestCase` wraps every
    test into is nobody's: there it is done at once, as it would be on a site.
    """
    if _in_somebodys_transaction():
        transaction.on_commit(do)
    else:
        do()


def _in_somebodys_transaction() -> bool:
    if not transaction.get_connection().in_atomic_block:
        return False
    try:
        with transaction.atomic(durable=True):  # refused, but for the outermost of a test case
            return False
    except RuntimeError:
        return True
