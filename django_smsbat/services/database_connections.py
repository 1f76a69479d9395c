"""Database connections of the package's own threads: the site's visitors come first.

A database grants a process few connections: those of a pool, of a role, of PgBouncer. A thread that
waits for SMSBAT needs none. So threads of the package give theirs back while they wait, and take
one again to record the answer. A thread of the site, such as a view that calls `send`, keeps its
connection: the site may have put something into its session.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from django_smsbat.services.process_state import ProcessState

logger = logging.getLogger("django_smsbat")

# Connecting takes PostgreSQL and MariaDB a few milliseconds: less than a tenth of such a wait.
_WORTH_CLOSING: Final = 0.1  # seconds


class _Thread(threading.local):
    """What is known of the current thread.

    Attributes:
        is_ours: whether its connections serve nothing but this package.
        last_wait: seconds that it waited for SMSBAT's last response.
    """

    is_ours = False
    last_wait = 0.0


_threads: Final = ProcessState(_Thread)


@contextmanager
def own_thread() -> Iterator[None]:
    """Mark the current thread as one of the package for the time of the block."""
    thread = _threads.current
    before, thread.is_ours = thread.is_ours, True
    try:
        yield
    finally:
        thread.is_ours = before


def is_own_thread() -> bool:
    return _threads.current.is_ours


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
    if has_pool or wait >= _WORTH_CLOSING:
        connection.close()


def waited(seconds: float) -> None:
    """Note how long the current thread waited for a response."""
    _threads.current.last_wait = seconds


def can_connect() -> bool:
    """Whether the current thread has a connection, or gets one."""
    try:
        connections[DEFAULT_DB_ALIAS].ensure_connection()
    except OperationalError as error:
        words = type(error).__name__
        logger.info("the database grants no connection to one more thread (%s)", words)
        return False
    return True
