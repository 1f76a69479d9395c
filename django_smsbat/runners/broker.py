"""Publish Celery tasks in bounded time, without repeating a failed attempt at once.

A broker may refuse, be unreachable, or accept a connection and not respond. A separate thread waits
for its response, so that no resolver, transport or client library can block the caller. After a
failure, no task is published for some seconds.
"""

import contextvars
import logging
import threading
import time
from functools import partial
from typing import Any, Final

from django.db import connections
from kombu import pools

logger = logging.getLogger("django_smsbat")

_SECONDS: Final = 2.0  # to connect, to write and to read
_PATIENCE: Final = 3.0  # maximum seconds that a caller waits in total
_AWAY: Final = 15.0  # seconds without an attempt after a failure
_CONNECTIONS: Final = 4  # open at the same time
_STUCK: Final = 4  # threads that may block at the same time
# Retries without long pauses: a pooled connection may have been closed, and the addresses of a
# cluster are tried in turn.
_RETRIES: Final = {
    "max_retries": 4,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
# By kombu's `driver_type`. Other transports get no timeouts: some refuse unknown option names.
_TIMEOUTS: Final = {
    "redis": {"socket_connect_timeout": _SECONDS, "socket_timeout": _SECONDS},
    "amqp": {"read_timeout": _SECONDS, "write_timeout": _SECONDS},
}


class Broker:
    """The state of this process's broker, and its connections."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._away_until = 0.0
        self._stuck: list[threading.Thread] = []
        self._connections: Any = pools.Connections(limit=_CONNECTIONS, close_after_fork=False)

    def publish(self, app: Any, task: str, **options: float) -> None:
        """Publish a task, or log one line if the broker did not accept it."""
        if not self._may_try():
            return
        failures: list[str] = []
        target = partial(self._try, app, task, options, failures)
        thread = threading.Thread(
            target=contextvars.copy_context().run,
            args=[target],
            name="smsbat-notify",
            daemon=True,  # a process that exits does not wait for the broker
        )
        thread.start()
        thread.join(_PATIENCE)
        if thread.is_alive():
            failures = [f"no answer within {_PATIENCE:g} seconds"]
        self._note(thread, failures)

    def _may_try(self) -> bool:
        """Whether to try the broker now; after a failure, a single thread tries it again."""
        now = time.monotonic()
        with self._lock:
            self._stuck = [thread for thread in self._stuck if thread.is_alive()]
            if now < self._away_until or len(self._stuck) >= _STUCK:
                return False
            if self._away_until:
                self._away_until = now + _AWAY
            return True

    def _note(self, thread: threading.Thread, failures: list[str]) -> None:
        with self._lock:
            self._away_until = time.monotonic() + _AWAY if failures else 0.0
            if thread.is_alive():
                self._stuck.append(thread)
        for failure in failures:
            logger.error(
                "the broker does not answer, the queue waits; next attempt in %g seconds: %s",
                _AWAY,
                failure,
            )

    def _try(self, app: Any, task: str, options: dict[str, float], failures: list[str]) -> None:
        try:
            self._send(app, task, options)
        except Exception as error:
            failures.append(type(error).__name__)  # its message may contain the broker's password
        finally:
            connections.close_all()  # opened by receivers of Celery's signals

    def _send(self, app: Any, task: str, options: dict[str, float]) -> None:
        wanted = app.connection_for_write(connect_timeout=_SECONDS)
        wanted.transport_options.update(_TIMEOUTS.get(wanted.transport.driver_type, {}))
        with self._connections[wanted].acquire(block=True, timeout=_SECONDS) as connection:
            try:
                app.send_task(
                    task,
                    connection=connection,
                    ignore_result=True,
                    retry=True,
                    retry_policy=_RETRIES,
                    **options,
                )
            except Exception:
                connection.collect()  # closes the socket without waiting for the peer
                raise
