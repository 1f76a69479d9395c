"""Time as the services know it: what it is now, how to wait, and whether to stop.

Nothing else in the services reads the time or sleeps, so that a test can hold both.
"""

import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final, Protocol, TypeVar

from django.utils import timezone

_Item = TypeVar("_Item")
_STEP: Final = 0.2  # seconds between two looks at whether to stop


class Clock(Protocol):
    def now(self) -> datetime:
        """This moment, with its zone."""

    def sleep(self, seconds: float) -> None:
        """Wait, or return at once when told to stop."""

    def busy(self) -> float:
        """Seconds that this thread has worked so far, and not waited."""

    @property
    def stopping(self) -> bool:
        """Whether to finish what is in hand and take nothing more."""


def until_stopped(items: Iterable[_Item], clock: Clock) -> Iterator[_Item]:
    """The items one by one, and none more when it is time to stop."""
    return takewhile(lambda _: not clock.stopping, items)


_ahead = timedelta()


def moment() -> datetime:
    """This moment by the machine's clock, or later where a test has put it forward."""
    return timezone.now() + _ahead


def monotonic() -> float:
    """Seconds of a clock that nothing sets back, for deadlines."""
    return time.monotonic()


def put_forward(by: timedelta) -> None:
    """Let so much time be over, for tests of projects; nothing for the time as it is."""
    global _ahead  # noqa: PLW0603 - the one clock of the process
    _ahead = _ahead + by if by else timedelta()


class SystemClock:
    """The machine's clock; `stop` ends the work after the batch in hand.

    `stop` may be called by a signal handler: it takes no lock.
    """

    def __init__(self) -> None:
        self._stopped = False

    def now(self) -> datetime:
        return moment()

    def busy(self) -> float:
        return time.thread_time()

    def sleep(self, seconds: float) -> None:
        # Counted down: a test may have stopped the clock that would tell when the time is over.
        while not self.stopping and seconds > 0:
            time.sleep(min(seconds, _STEP))
            seconds -= _STEP

    @property
    def stopping(self) -> bool:
        return self._stopped

    def stop(self) -> None:
        self._stopped = True
