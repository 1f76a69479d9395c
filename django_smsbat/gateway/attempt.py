"""One request attempt: its phase, and its limits in seconds and bytes.

The phase determines whether SMSBAT can have accepted the messages. It becomes `BEGUN` when the
first byte of the request is passed to the established connection, and never earlier.
"""

from collections.abc import Callable
from enum import Enum
from time import monotonic
from typing import Final

ANSWER_MAX: Final = 8 * 2**20  # bytes; a response on 5,000 messages has about 1.5 million
_OVERHEAD_MAX: Final = 2**20  # bytes of headers and framing around it
_TIMEOUTS: Final = 2  # one for connecting, one for the request with its response


class Phase(Enum):
    """The phase of an attempt. All phases except `BEGUN` precede the first byte."""

    PREPARING = "preparing the request"
    CHOOSING_PROXY = "reading the proxy variable"
    CONNECTING = "connecting"
    TUNNELLING = "asking the proxy for a tunnel"
    SECURING = "in the TLS handshake"
    BEGUN = "the request was written"


class AnswerTooLarge(Exception):
    """The response is larger than any valid one."""


def longest(timeout: float) -> float:
    """Return the maximum seconds of an exchange with that timeout, whatever the server does."""
    return _TIMEOUTS * timeout


class Attempt:
    """The state of one exchange.

    Args:
        timeout: seconds for connecting in total, and for each wait afterwards.
        now: returns the seconds of a monotonic clock.
    """

    def __init__(self, timeout: float, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._timeout = timeout
        self._start = now()
        self._received = 0
        self.phase = Phase.PREPARING

    @property
    def has_begun(self) -> bool:
        """Whether the first byte of the request may have been sent."""
        return self.phase is Phase.BEGUN

    def begin(self) -> None:
        """Record that the request is being written.

        Raises:
            TimeoutError: if connecting took too long; then the request must not be written.
        """
        if self.phase is not Phase.BEGUN:
            self.seconds_left()
            self.phase = Phase.BEGUN

    def elapsed(self) -> float:
        """Return the seconds since the attempt was created."""
        return self._now() - self._start

    def seconds_left(self) -> float:
        """Return the seconds that the next wait may take.

        Raises:
            TimeoutError: if none are left.
        """
        total = longest(self._timeout) if self.has_begun else self._timeout
        left = total - self.elapsed()
        if left <= 0:
            raise TimeoutError(f"over after {total:g} seconds in all")
        return min(left, self._timeout)

    def count(self, received: int) -> None:
        """Add bytes received from the network.

        Raises:
            AnswerTooLarge: if the total exceeds the limit of a response.
        """
        self._received += received
        if self._received > ANSWER_MAX + _OVERHEAD_MAX:
            raise AnswerTooLarge
