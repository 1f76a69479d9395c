"""The threads of one run, each with its own database connection.

Python runs one thread at a time. More threads help only while others wait for SMSBAT or for the
database. So the pool starts another thread if a batch has spent most of its time waiting.
"""

import threading
from collections.abc import Callable
from functools import partial
from typing import Final

from django.db import DEFAULT_DB_ALIAS, connections

from django_smsbat.services import database_connections

_MARGIN: Final = 0.5  # threads that block each other wait too


class WorkerPool:
    """The calling thread, and further threads while there is work for them.

    Plain threads: an executor's threads would delay the exit of a process until all work is done.

    Args:
        most: the maximum number of threads, including the calling thread.
    """

    def __init__(self, most: int) -> None:
        # Another thread would not see the uncommitted rows of this thread.
        self._most = 1 if connections[DEFAULT_DB_ALIAS].in_atomic_block else most
        self._called: list[threading.Thread] = []
        self._failures: list[Exception] = []
        self._waiting: list[Job] = []
        self._is_in_web = database_connections.is_in_web()
        self.lock = threading.RLock()

    def work(self, *jobs: "Job") -> None:
        """Run the jobs in parallel, as far as there are threads; return after the last one ends.

        Raises:
            Exception: an exception that one of the threads raised.
        """
        self._waiting = list(jobs)
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
        """Start another thread for the job, if one is available and the others mostly wait.

        Args:
            taken: the duration of a full batch in seconds.
            busy: the seconds of it in which the thread did not wait.
        """
        with self.lock:
            at_work = 1 + sum(thread.is_alive() for thread in self._called)
            if at_work < self._most and taken > busy * (at_work + _MARGIN):
                self._call(partial(self._do_and_go_on, job))

    def later(self, job: "Job") -> None:
        """Append the job to the waiting jobs."""
        with self.lock:
            self._waiting.append(job)

    @property
    def is_calling_thread(self) -> bool:
        """Whether the current thread started the run."""
        return threading.current_thread() not in self._called

    @property
    def has_waiting_jobs(self) -> bool:
        """Whether a job is waiting for a thread."""
        return bool(self._waiting)

    def _do_and_go_on(self, job: "Job") -> None:
        """Run the job, then the waiting jobs: all other threads may have ended."""
        try:
            job(self)
        finally:
            self._work_off()

    def _work_off(self) -> None:
        """Run the waiting jobs one by one; a failure does not stop the next ones."""
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
        """Run `what` in another thread, if the database grants it a connection."""
        try:
            with database_connections.own_thread(is_in_web=self._is_in_web):
                if database_connections.can_connect():
                    what()
                else:
                    self._most = 1  # start no more threads in this run
        except Exception as error:
            self._failures.append(error)
        finally:
            connections.close_all()


Job = Callable[[WorkerPool], None]
