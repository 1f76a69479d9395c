"""Sends in a thread of this process, so that pressing Send needs nothing else running.

One thread a process, which lives as long as something waits: for its time, for the morning, for
SMSBAT to answer again. When the process ends the thread finishes its batch and stops; what is left
stays queued, and the next process that is woken, or `smsbat_send`, goes on with it.
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

_PAUSE: Final = 30.0  # seconds between two looks while something waits
_STEP: Final = 0.2  # seconds between two looks at whether the process ends


class _ProcessClock(SystemClock):
    """Stops with the process: the main thread is over before the others are waited for.

    gevent copies threads into a forked child; the work is the parent's, so the copy stops too.
    """

    def __init__(self) -> None:
        super().__init__()
        self._process = os.getpid()

    @property
    def stopping(self) -> bool:
        return os.getpid() != self._process or not threading.main_thread().is_alive()


class _Worker:
    """The one sending thread of this process, started when there is something to look for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = False
        self._again = False
        self._woken = threading.Event()

    def wake(self) -> None:
        """Have the thread look for work, once more where it runs already."""
        with self._lock:
            self._again = True
            self._woken.set()
            if not self._running:
                clock = _ProcessClock()
                threading.Thread(target=self._run, args=[clock], name="smsbat-send").start()
                self._running = True  # not where no thread could be started

    def _run(self, clock: SystemClock) -> None:
        with database_connections.own_thread(is_in_web=True):
            self._run_while_wanted(clock)

    def _run_while_wanted(self, clock: SystemClock) -> None:
        while self._wanted(clock):
            try:
                later = self._work(clock)
            except Exception as error:
                # The thread has nobody to raise to; what it held is settled by the lease. Without
                # a traceback: a database's words may quote the phones of a row.
                words = f"{type(error).__name__}: {phones.redact(str(error))}"
                logger.error("the sending thread failed, it tries again later: %s", words)
                later = True
            finally:
                connections.close_all()  # none is kept open while nothing is done
            if later:
                self._wait(clock)

    def _work(self, clock: SystemClock) -> bool:
        """Send what may leave now; whether something waits that can only be sent later."""
        summary = worker.submit_queued(clock=clock)
        for reason in filter(None, [summary.failure, *summary.paused]):
            logger.error("sending stopped: %s", reason)
        return worker.something_waits()

    def _wait(self, clock: SystemClock) -> None:
        """Until it is worth another look, or somebody wakes us, or the process ends."""
        deadline = time.monotonic() + _PAUSE
        while not clock.stopping and time.monotonic() < deadline:
            if self._woken.wait(_STEP):
                break
        with self._lock:
            self._again = True

    def _wanted(self, clock: SystemClock) -> bool:
        """Whether somebody woke us since the last look; if not, the thread is over."""
        with self._lock:
            wanted, self._again = self._again and not clock.stopping, False
            self._running = wanted
            self._woken.clear()
            return wanted


def _import() -> None:
    try:
        uploads.import_waiting(_ProcessClock())
    except Exception as error:
        # Likewise. The file stays, and is taken up again by whoever is woken next.
        logger.error("the import failed: %s: %s", type(error).__name__, phones.redact(str(error)))
    finally:
        connections.close_all()


def wake_import() -> None:
    """Import the files that wait, in a thread of its own: sending waits for none of them."""
    threading.Thread(target=_import, name="smsbat-import").start()


_worker: Final = ProcessState(_Worker)


def wake() -> None:
    """Have this process's thread send what is queued."""
    _worker.current.wake()
