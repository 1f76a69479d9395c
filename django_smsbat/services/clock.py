"""The clock of the services: the current time, waiting, and the request to stop.

No other service reads the time or sleeps, so that a test can control both.
"""

import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final, Protocol, TypeVar

from django.utils import timezone

_Item = TypeVar("_Item")
_STEP: Final = 0.2  # seconds between two checks whether to stop


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the current time, with its time zone."""

    def sleep(self, seconds: float) -> None:
        """Wait; return immediately on a request to stop."""

    def busy(self) -> float:
        """Return the seconds that this thread has worked so far, without waiting."""

    @property
    def stopping(self) -> bool:
        """Whether to finish the current batch and take no more work."""


def until_stopped(items: Iterable[_Item], clock: Clock) -> Iterator[_Item]:
    """Yield the items until the clock requests a stop."""
    return takewhile(lambda _: not clock.stopping, items)


_ahead = timedelta()


def moment() -> datetime:
    """Return the system time, plus the offset that a test has set."""
    return timezone.now() + _ahead


def monotonic() -> float:
    """Return the seconds of a clock that never goes backwards, for deadlines."""
    return time.monotonic()


def put_forward(by: timedelta) -> None:
    """Advance the clock, for tests of projects; an empty `by` resets it."""
    global _ahead  # noqa: PLW0603 - the one clock of the process
    _ahead = _ahead + by if by else timedelta()


class SystemClock:
    """The system clock. `stop` ends the work after the current batch.

    A signal handler may call `stop`, which takes no lock.
    """

    def __init__(self) -> None:
        self._stopped = False

    def now(self) -> datetime:
        return moment()

    def busy(self) -> float:
        return time.thread_time()

    def sleep(self, seconds: float) -> None:
        # Count down: a test may have frozen the clock, so its time cannot end the wait.
        while not self.stopping and seconds > 0:
            time.sleep(min(seconds, _STEP))
            seconds -= _STEP

    @property
    def stopping(self) -> bool:
        return self._stopped

    def stop(self) -> None:
        self._stopped = True
