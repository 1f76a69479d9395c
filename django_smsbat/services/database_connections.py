"""Database connections of this package's own threads: the site's visitors come first.

The connections of a process are limited, by a pool, a role or PgBouncer. A thread that waits for
SMSBAT needs none. So threads of this package release theirs while they wait, and connect again to
record the answer. A thread of the site, such as a view that calls `send`, does not release its
connection, because the site may use session state.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, connections

from django_smsbat.services.process_state import ProcessState

logger = logging.getLogger("django_smsbat")

# Seconds of waiting. A new connection and its first queries take up to a few hundredths of a
# second. In a web process, the connections of visitors are worth more than that.
_WORTH_CLOSING: Final = 1.0
_WORTH_CLOSING_IN_WEB: Final = 0.1


class _Thread(threading.local):
    """State of the current thread.

    Attributes:
        is_ours: whether only this package uses its connections.
        is_in_web: whether visitors of the site need connections of the same process.
        last_wait: seconds that the thread waited for SMSBAT's last response.
    """

    is_ours = False
    is_in_web = False
    last_wait = 0.0


_threads: Final = ProcessState(_Thread)


@contextmanager
def own_thread(*, is_in_web: bool = False) -> Iterator[None]:
    """Mark the current thread as a thread of this package within the block.

    Args:
        is_in_web: whether the thread belongs to a web process.
    """
    thread = _threads.current
    before = thread.is_ours, thread.is_in_web
    thread.is_ours, thread.is_in_web = True, is_in_web
    try:
        yield
    finally:
        thread.is_ours, thread.is_in_web = before


def is_own_thread() -> bool:
    return _threads.current.is_ours


def is_in_web() -> bool:
    return _threads.current.is_in_web


def release(expected: float | None = None) -> None:
    """Release the connection before a wait, if the thread is ours and the wait is long enough.

    A pool always gets it back. Without a pool, the connection is closed only before a long wait,
    because a new one takes time. SQLite has no connection limit. A connection in a transaction is
    never released.

    Args:
        expected: the expected wait in seconds; None for the duration of the last response.
    """
    thread, connection = _threads.current, connections[DEFAULT_DB_ALIAS]
    if not thread.is_ours or connection.vendor == "sqlite" or connection.in_atomic_block:
        return
    has_pool = bool(connection.settings_dict["OPTIONS"].get("pool"))
    wait = thread.last_wait if expected is None else expected
    if has_pool or wait >= (_WORTH_CLOSING_IN_WEB if thread.is_in_web else _WORTH_CLOSING):
        connection.close()


def waited(seconds: float) -> None:
    """Store how long the current thread waited for a response."""
    _threads.current.last_wait = seconds


def discard_broken() -> None:
    """Close a connection that the database has dropped, so that the next query reconnects."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.connection is None or connection.in_atomic_block:
        return
    if not connection.is_usable():
        with suppress(DatabaseError):
            connection.close()


def can_connect() -> bool:
    """Whether the current thread has a database connection or can open one."""
    try:
        connections[DEFAULT_DB_ALIAS].ensure_connection()
    except OperationalError as error:
        reason = type(error).__name__
        logger.info("the database grants no connection to one more thread (%s)", reason)
        return False
    return True
