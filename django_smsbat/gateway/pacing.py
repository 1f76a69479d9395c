"""Client-side rate limits: SMSBAT refuses requests above its rate with 429.

A request reserves the next free slot in one step and then sleeps until that slot. There is no
background thread and no event loop, so the limit also works under gevent, eventlet, ASGI servers
and after a fork. Slots are counted in this process, or in a Redis that all workers share.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Final, Protocol

MEMORY: Final = "memory"
REDIS_SCHEMES: Final = ("redis://", "rediss://", "unix://")
BURST: Final = 1.5  # documented: 150 requests at a rate of 100 per second, 75 at 50
_MICROSECONDS: Final = 1_000_000
_REDIS_SECONDS: Final = 5  # to connect and to respond

# The newest slot is the first in the list, which is trimmed to the slots of one window. The script
# uses the server's time, so that the clocks of the workers do not matter.
_RESERVE: Final = """
local requests, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('LTRIM', KEYS[1], 0, requests - 1)
local slot = now
if redis.call('LLEN', KEYS[1]) >= requests then
    slot = math.max(now, tonumber(redis.call('LINDEX', KEYS[1], -1)) + window)
end
redis.call('LPUSH', KEYS[1], string.format('%.0f', slot))
redis.call('LTRIM', KEYS[1], 0, requests - 1)
redis.call('PEXPIRE', KEYS[1], math.ceil((slot - now + window) / 1000))
return slot - now
"""


class PaceUnavailable(Exception):
    """The shared count cannot be read: the rate is unknown, so nothing may be sent."""


@dataclass(frozen=True)
class RateLimit:
    """Requests per second, and the size of a burst.

    Attributes:
        storage: ``memory``, or the address of a Redis in which all workers share a count.
        name: the name of that shared count.
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

    @property
    def requests(self) -> int:
        """The maximum number of requests in a window."""
        return max(1, round(self.per_second * self.burst))

    @property
    def window(self) -> float:
        """The length of a window in seconds."""
        return self.requests / self.per_second


class Clock(Protocol):
    """The clock that a limiter uses."""

    def monotonic(self) -> float:
        """Return the seconds since an arbitrary fixed time."""

    def sleep(self, seconds: float) -> None:
        """Sleep for that many seconds."""


class _MachineClock:
    """The system clock. Functions are resolved at each call: gevent and eventlet replace them."""

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class RateLimiter:
    """Limits the rate of requests across threads, or across workers.

    At most ``per_second * burst`` requests pass in any window of `burst` seconds: such a window
    never exceeds the capacity of a token bucket of that size.
    """

    def __init__(self, pace: RateLimit, clock: Clock | None = None) -> None:
        self._clock = clock or _MachineClock()
        shared = pace.storage != MEMORY
        self._window: _Window = _RedisWindow(pace) if shared else _MemoryWindow(pace, self._clock)

    def wait(self) -> None:
        """Wait until the next request may be sent.

        Raises:
            PaceUnavailable: if the shared count cannot be read.
        """
        delay = self._window.reserve()
        if delay > 0:
            self._clock.sleep(delay)

    def close(self) -> None:
        """Close the connections to the shared count."""
        self._window.close()


class _Window(Protocol):
    def reserve(self) -> float:
        """Reserve the next free slot; return the seconds until it begins."""

    def close(self) -> None:
        """Release open resources."""


class _MemoryWindow:
    """The slots of this process."""

    def __init__(self, pace: RateLimit, clock: Clock) -> None:
        self._slots: deque[float] = deque(maxlen=pace.requests)
        self._seconds = pace.window
        self._clock = clock
        self._lock = threading.Lock()

    def reserve(self) -> float:
        with self._lock:
            now = slot = self._clock.monotonic()
            if len(self._slots) == self._slots.maxlen:
                slot = max(now, self._slots[0] + self._seconds)
            self._slots.append(slot)
        return slot - now

    def close(self) -> None:
        pass


class _RedisWindow:
    """The slots of all workers, reserved by a script that Redis executes atomically."""

    def __init__(self, pace: RateLimit) -> None:
        self._pace = pace
        self._key = f"{pace.name}:slots"
        self._lock = threading.Lock()
        self._redis: Any = None
        self._script: Any = None

    def reserve(self) -> float:
        from redis.exceptions import RedisError

        window = round(self._pace.window * _MICROSECONDS)
        try:
            delay = self._current()(keys=[self._key], args=[self._pace.requests, window])
        except RedisError as error:
            raise PaceUnavailable(type(error).__name__) from None
        return float(delay) / _MICROSECONDS

    def close(self) -> None:
        with self._lock:
            redis, self._redis, self._script = self._redis, None, None
        if redis is not None:
            redis.close()

    def _current(self) -> Any:
        with self._lock:
            if self._script is None:
                self._redis = _redis_client(self._pace.storage)
                self._script = self._redis.register_script(_RESERVE)
            return self._script


def _redis_client(address: str) -> Any:
    """Return a client that retries once, immediately, if an idle connection was closed."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.retry import Retry

    return Redis.from_url(
        address,
        socket_timeout=_REDIS_SECONDS,
        socket_connect_timeout=_REDIS_SECONDS,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
    )
