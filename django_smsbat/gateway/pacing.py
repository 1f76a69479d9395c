"""How fast requests may leave: SMSBAT's limits, kept by `pyrate-limiter`.

A pace only delays what we send. What SMSBAT refuses is never waited out here. The count is kept in
this process, or in a Redis that all workers on all machines share.
"""

import threading
from dataclasses import dataclass
from typing import Final

from pyrate_limiter import Limiter, Rate

MEMORY: Final = "memory"
REDIS_SCHEMES: Final = ("redis://", "rediss://", "unix://")
BURST: Final = 1.5  # documented: 150 requests at 100 a second, 75 at 50
_WAKE_UP_SLACK_MS: Final = 1
_MS: Final = 1_000
_REDIS_SECONDS: Final = 5  # to connect and to answer


class PaceUnavailable(Exception):
    """The shared count cannot be read: nothing may leave, since nobody knows how fast."""


@dataclass(frozen=True)
class Pace:
    """Requests per second, and how many of them may come at once.

    Attributes:
        storage: ``memory``, or the address of a Redis in which all workers count together.
        name: whose requests are counted together there.
    """

    per_second: float
    burst: float = BURST
    storage: str = MEMORY
    name: str = "smsbat"

    def __post_init__(self) -> None:
        if self.per_second <= 0:
            raise ValueError("a rate must be more than 0 requests per second")

    def __repr__(self) -> str:  # a Redis address may hold a password
        return f"Pace({self.per_second:g} a second)"


class Turnstile:
    """Lets requests through at a pace, whichever thread, or worker, they come from.

    At most ``per_second * burst`` requests pass in any window of `burst` seconds: such a window
    never asks more of a token bucket of that size than it holds. Workers that share a Redis need
    clocks that agree: it goes by theirs.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        requests = max(1, round(pace.per_second * pace.burst))
        window_ms = max(1, round(requests / pace.per_second * _MS))
        self._rate = Rate(requests, window_ms)
        self._lock = threading.Lock()
        self._limiter: Limiter | None = None

    def wait(self) -> None:
        """Return when the next request may leave.

        Raises:
            PaceUnavailable: when the shared count cannot be read.
        """
        if self._pace.storage == MEMORY:
            self._current().try_acquire("request", blocking=True)
            return
        from redis.exceptions import RedisError

        try:
            self._current().try_acquire("request", blocking=True)
        except RedisError as error:
            self.close()  # a Redis that was restarted has forgotten its script: begin anew
            raise PaceUnavailable(type(error).__name__) from None

    def close(self) -> None:
        with self._lock:
            limiter, self._limiter = self._limiter, None
        if limiter is not None:
            limiter.close()

    def _current(self) -> Limiter:
        with self._lock:
            if self._limiter is None:
                self._limiter = self._new()
            return self._limiter

    def _new(self) -> Limiter:
        if self._pace.storage == MEMORY:
            return Limiter(self._rate, buffer_ms=_WAKE_UP_SLACK_MS)
        from pyrate_limiter import RedisBucket
        from redis import Redis

        redis = Redis.from_url(
            self._pace.storage,
            socket_timeout=_REDIS_SECONDS,
            socket_connect_timeout=_REDIS_SECONDS,
        )
        bucket = RedisBucket.init([self._rate], redis, self._pace.name)
        return Limiter(bucket, buffer_ms=_WAKE_UP_SLACK_MS)
