"""The threads of one run: as many as there is work for, each with its own database connection."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from django_smsbat.models import Message


class Crew:
    """The calling thread, and others that it calls when there is work for them.

    Args:
        most: threads at once, the calling one included.
    """

    def __init__(self, most: int) -> None:
        # Another thread would not see what this one has not committed yet.
        self._most = 1 if _connection().in_atomic_block else most
        self._others = ThreadPoolExecutor(max(1, self._most - 1), "smsbat-send")
        self._called: list[Future[None]] = []
        self._job: Callable[[Crew], None] = lambda crew: None
        self.lock = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._others.shutdown(wait=True)

    def work(self, job: Callable[["Crew"], None]) -> None:
        """Do the job in this thread, and in those that it calls meanwhile; return when all ended.

        Raises:
            Exception: what any of the threads raised.
        """
        self._job = job
        job(self)
        for ended in self._called:
            ended.result()

    def call_another(self) -> None:
        """One thread more, where one is left: there seems to be work for it."""
        with self.lock:
            if 1 + sum(not called.done() for called in self._called) < self._most:
                self._called.append(self._others.submit(self._run_other))

    def _run_other(self) -> None:
        try:
            self._job(self)
        finally:
            connections.close_all()


def _connection() -> BaseDatabaseWrapper:
    return connections[router.db_for_write(Message)]
