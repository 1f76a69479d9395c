"""Checks whether a call's time grows in proportion to its input."""

import time
from collections.abc import Callable
from typing import Any, Final

GROWTH_MAX: Final = 3.0  # ratio of times for twice the input; 2 is linear, 4 is quadratic
_SUSPICIOUS: Final = 2.7  # measured once; above this, measured again with care
_CLEARLY_MORE: Final = 8.0  # a larger input could take for ever
_ROUNDS: Final = 7  # the fastest counts: other rounds only add the machine's other work
_MEASURABLE: Final = 0.02  # seconds: far above the resolution of the timer
# Below this time at the largest size, the call has not grown. Only selects what is measured.
_NOTHING: Final = 0.000_5
_SIZES: Final = (*range(8, 33, 4), 64, 128, 256, 512, 1_024, 2_048, 4_096)
_LARGEST: Final = 2_097_152


def cpu_time(call: Callable[[], Any], rounds: int = 1) -> float:
    """Return the least processor time of a call, in seconds."""
    times = []
    for _ in range(rounds):
        before = time.thread_time()
        call()
        times.append(time.thread_time() - before)
    return min(times)


def growth(run: Callable[[int], Callable[[], Any]]) -> float:
    """Return the ratio by which the time grows when the input doubles.

    The size is raised step by step until the time can be measured, so that a call that takes
    exponential time is detected at a small size.

    Args:
        run: prepares a call with an input of a given size.
    """
    for size in _SIZES:
        if cpu_time(run(size)) > _NOTHING and cpu_time(run(size), 2) > _NOTHING:
            rough = cpu_time(run(size), 2) / cpu_time(run(size // 2), 2)
            is_clear = rough <= _SUSPICIOUS or rough >= _CLEARLY_MORE
            return rough if is_clear else _measured(run, size)
    return 1.0


def _measured(run: Callable[[int], Callable[[], Any]], size: int) -> float:
    half, whole = cpu_time(run(size // 2), _ROUNDS), cpu_time(run(size), 2)
    while whole < _MEASURABLE and size < _LARGEST:
        size *= 2
        half, whole = whole, cpu_time(run(size), _ROUNDS)
    return whole / half


def is_linear(run: Callable[[int], Callable[[], Any]]) -> bool:
    """Return whether twice the input takes at most `GROWTH_MAX` times the time; tries 3 times."""
    return any(growth(run) <= GROWTH_MAX for _ in range(3))
