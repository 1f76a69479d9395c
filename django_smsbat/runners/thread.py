"""Send in a thread of this process, so that the Send button needs no other process.

Each process has one thread, which runs as long as messages wait: for their time, for the end of
quiet hours, or for SMSBAT to respond again. When the process exits, the thread finishes its batch
and stops. The remaining messages stay queued until another process is notified or `smsbat_send`
runs.
"""

import logging
import os
import threading
import time
from typing import Final

from django.db import connections

from django_smsbat.gateway import phones
from django_smsbat.services import database_connections
from django_smsbat.services.clock import SystemClock
from django_smsbat.services.process_state import ProcessState
from django_smsbat.services.recipients.imports import uploads
from django_smsbat.services.sending import worker

logger = logging.getLogger("django_smsbat")

_PAUSE: Final = 30.0  # seconds between two attempts while messages wait
_STEP: Final = 0.2  # seconds between two checks whether the process exits


class _ProcessClock(SystemClock):
    """A clock that stops with the process: the main thread ends before the others are joined.

    gevent copies threads into a forked child. The work belongs to the parent, so the copy stops
    too.
    """

    def __init__(self) -> None:
        super().__init__()
        self._process = os.getpid()

    @property
    def stopping(self) -> bool:
        return os.getpid() != self._process or not threading.main_thread().is_alive()


class _Worker:
    """The sending thread of this process, started when there may be work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = False
        self._again = False
        self._woken = threading.Event()

    def wake(self) -> None:
        """Make the thread check for work, or check again if it is already running."""
        with self._lock:
            self._again = True
            self._woken.set()
            if not self._running:
                clock = _ProcessClock()
                threading.Thread(target=self._run, args=[clock], name="smsbat-send").start()
                self._running = True  # not reached if no thread could be started

    def _run(self, clock: SystemClock) -> None:
        with database_connections.own_thread(is_in_web=True):
            self._run_while_wanted(clock)

    def _run_while_wanted(self, clock: SystemClock) -> None:
        while self._wanted(clock):
            try:
                later = self._work(clock)
            except Exception as error:
                # The thread has no caller to raise to; its claimed messages are released when the
                # lease expires. No traceback: a database error may quote the phones of a row.
                message = f"{type(error).__name__}: {phones.redact(str(error))}"
                logger.error("the sending thread failed, it tries again later: %s", message)
                later = True
            finally:
                connections.close_all()  # none stays open while the thread is idle
            if later:
                self._wait(clock)

    def _work(self, clock: SystemClock) -> bool:
        """Send the messages that may be sent now; return whether others wait for later."""
        summary = worker.submit_queued(clock=clock)
        for reason in filter(None, [summary.failure, *summary.paused]):
            logger.error("sending stopped: %s", reason)
        return worker.something_waits()

    def _wait(self, clock: SystemClock) -> None:
        """Wait until the next check is due, the thread is notified, or the process exits."""
        deadline = time.monotonic() + _PAUSE
        while not clock.stopping and time.monotonic() < deadline:
            if self._woken.wait(_STEP):
                break
        with self._lock:
            self._again = True

    def _wanted(self, clock: SystemClock) -> bool:
        """Return whether the thread was notified since the last check; if not, it ends."""
        with self._lock:
            wanted, self._again = self._again and not clock.stopping, False
            self._running = wanted
            self._woken.clear()
            return wanted


def _import() -> None:
    try:
        uploads.import_waiting(_ProcessClock())
    except Exception as error:
        # See above. The file stays queued, and the next notified worker imports it.
        logger.error("the import failed: %s: %s", type(error).__name__, phones.redact(str(error)))
    finally:
        connections.close_all()


def wake_import() -> None:
    """Import the uploaded files in a separate thread, so that sending does not wait for them."""
    threading.Thread(target=_import, name="smsbat-import").start()


_worker: Final = ProcessState(_Worker)


def wake() -> None:
    """Notify this process's thread, which sends the queued messages."""
    _worker.current.wake()
