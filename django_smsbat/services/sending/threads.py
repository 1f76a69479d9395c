"""The threads of one run: as many as the waiting leaves room for, each with its own connection.

Python works in one thread at a time; more of them are of use while others wait for SMSBAT, or for
the database. So one more is called when a batch has shown that it mostly waited.
"""

import threading
from collections.abc import Callable
from functools import partial
from typing import Final

from django.db import DEFAULT_DB_ALIAS, connections

from django_smsbat.services import database_connections

_MARGIN: Final = 0.5  # threads that are in each other's way wait too


class WorkerPool:
    """The calling thread, and others that it calls when there is work for them.

    Plain threads: those of an executor would keep a process that ends until all work is done.

    Args:
        most: threads at once, the calling one included.
    """

    def __init__(self, most: int) -> None:
        # Another thread would not see what this one has not committed yet.
        self._most = 1 if connections[DEFAULT_DB_ALIAS].in_atomic_block else most
        self._called: list[threading.Thread] = []
        self._failures: list[Exception] = []
        self._waiting: list[Job] = []
        self._caller = threading.get_ident()
        self._is_in_web = database_connections.is_in_web()
        self.lock = threading.RLock()

    def work(self, *jobs: "Job") -> None:
        """Do the jobs, side by side as far as there are threads; return when all ended.

        Raises:
            Exception: what any of the threads raised.
        """
        self._waiting = list(jobs)
        self._caller = threading.get_ident()
        try:
            for _ in range(min(len(jobs), self._most) - 1):
                self._call(self._work_off)
            self._work_off()
        finally:
            for thread in self._called:
                thread.join()
        for failure in self._failures:
            raise failure

    def start_another(self, job: "Job", taken: float, busy: float) -> None:
        """One thread more for that job, where one is left and there is room beside the others.

        Args:
            taken: seconds that a full batch took; `busy` of them were work.
        """
        with self.lock:
            at_work = 1 + sum(thread.is_alive() for thread in self._called)
            if at_work < self._most and taken > busy * (at_work + _MARGIN):
                self._call(partial(self._do_and_go_on, job))

    def later(self, job: "Job") -> None:
        """Do it when those that wait have had their turn."""
        with self.lock:
            self._waiting.append(job)

    @property
    def is_calling_thread(self) -> bool:
        """Whether the current thread is the one that began the run."""
        return threading.get_ident() == self._caller

    @property
    def has_waiting_jobs(self) -> bool:
        """Whether some job waits for a thread."""
        return bool(self._waiting)

    def _do_and_go_on(self, job: "Job") -> None:
        """What it puts off for others may find nobody else left to do it."""
        try:
            job(self)
        finally:
            self._work_off()

    def _work_off(self) -> None:
        """One job after the other; one that fails does not take the others with it."""
        while job := self._next():
            try:
                job(self)
            except Exception as error:
                self._failures.append(error)

    def _next(self) -> "Job | None":
        with self.lock:
            return self._waiting.pop(0) if self._waiting else None

    def _call(self, what: Callable[[], None]) -> None:
        thread = threading.Thread(target=self._run_other, args=[what], name="smsbat-send-more")
        self._called.append(thread)
        thread.start()

    def _run_other(self, what: Callable[[], None]) -> None:
        """One more thread, if the database grants it a connection; otherwise the others do it."""
        try:
            with database_connections.own_thread(is_in_web=self._is_in_web):
                if database_connections.can_connect():
                    what()
                else:
                    self._most = 1  # none more is called in this run
        except Exception as error:
            self._failures.append(error)
        finally:
            connections.close_all()


Job = Callable[[WorkerPool], None]
