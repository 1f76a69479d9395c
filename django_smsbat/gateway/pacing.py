"""How fast requests may leave: SMSBAT's limits, kept by `pyrate-limiter`.

A pace only delays what we send. What SMSBAT refuses is never waited out here.
"""

from dataclasses import dataclass
from typing import Final

from pyrate_limiter import Limiter, Rate

REDIS_SCHEMES: Final = ("redis://", "rediss://", "unix://")
BURST: Final = 1.5  # documented: 150 requests at 100 a second, 75 at 50
_WAKE_UP_SLACK_MS: Final = 1
_MS: Final = 1_000


@dataclass(frozen=True)
class Pace:
    """Requests per second, and how many of them may come at once."""

    per_second: float
    burst: float = BURST

    def __post_init__(self) -> None:
        if self.per_second <= 0:
            raise ValueError("a rate must be more than 0 requests per second")


class Turnstile:
    """Lets requests through at a pace, whichever thread they come from.

    At most ``per_second * burst`` requests pass in any window of `burst` seconds: such a window
    never asks more of a token bucket of that size than it holds.
    """

    def __init__(self, pace: Pace) -> None:
        requests = max(1, round(pace.per_second * pace.burst))
        window_ms = max(1, round(requests / pace.per_second * _MS))
        self._limiter = Limiter(Rate(requests, window_ms), buffer_ms=_WAKE_UP_SLACK_MS)

    def wait(self) -> None:
        """Return when the next request may leave."""
        self._limiter.try_acquire("request", blocking=True)

    def close(self) -> None:
        self._limiter.close()
