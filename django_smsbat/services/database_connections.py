"""Database connections of the package's own threads: the site's visitors come first.

A database grants a process few connections: those of a pool, of a role, of PgBouncer. A thread that
waits for SMSBAT needs none. So threads of the package give theirs back while they wait, and take
one again to record the answer. A thread of the site, such as a view that calls `send`, keeps its
connection: the site may have put something into its session.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, connections

from django_smsbat.services.process_state import ProcessState

logger = logging.getLogger("django_smsbat")

# Seconds of waiting. Connecting, and what a new connection looks up again, takes up to a few
# hundredths of a second. In a web process the visitors count more than that.
_WORTH_CLOSING: Final = 1.0
_WORTH_CLOSING_IN_WEB: Final = 0.1


class _Thread(threading.local):
    """What is known of the current thread.

    Attributes:
        is_ours: whether its connections serve nothing but this package.
        is_in_web: whether visitors of the site need connections of the same process.
        last_wait: seconds that it waited for SMSBAT's last response.
    """

    is_ours = False
    is_in_web = False
    last_wait = 0.0


_threads: Final = ProcessState(_Thread)


@contextmanager
def own_thread(*, is_in_web: bool = False) -> Iterator[None]:
    """Mark the current thread as one of the package for the time of the block.

    Args:
        is_in_web: whether it belongs to a web process.
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
    """Give the connection back before a wait, if it is ours and worth it.

    A pool gets it back at once. Without a pool it is closed if the wait is long, since opening
    another one takes time. SQLite has no limit. A transaction keeps its connection.

    Args:
        expected: seconds; as long as the last response if it is not known.
    """
    thread, connection = _threads.current, connections[DEFAULT_DB_ALIAS]
    if not thread.is_ours or connection.vendor == "sqlite" or connection.in_atomic_block:
        return
    has_pool = bool(connection.settings_dict["OPTIONS"].get("pool"))
    wait = thread.last_wait if expected is None else expected
    if has_pool or wait >= (_WORTH_CLOSING_IN_WEB if thread.is_in_web else _WORTH_CLOSING):
        connection.close()


def waited(seconds: float) -> None:
    """Note how long the current thread waited for a response."""
    _threads.current.last_wait = seconds


def discard_broken() -> None:
    """Close a connection that the database has closed, so that the next query opens another."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.connection is None or connection.in_atomic_block:
        return
    if not connection.is_usable():
        with suppress(DatabaseError):
            connection.close()


def can_connect() -> bool:
    """Whether the current thread has a connection, or gets one."""
    try:
        connections[DEFAULT_DB_ALIAS].ensure_connection()
    except OperationalError as error:
        words = type(error).__name__
        logger.info("the database grants no connection to one more thread (%s)", words)
        return False
    return True
