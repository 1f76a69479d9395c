"""One request on its way: how far it came, and its limits in seconds and in bytes.

The phase answers whether SMSBAT can have taken the messages. It is `BEGUN` from the moment at which
the first byte of the request is handed to the established connection, and never before.
"""

from collections.abc import Callable
from enum import Enum
from time import monotonic
from typing import Final

ANSWER_MAX: Final = 8 * 2**20  # bytes; an answer on 5,000 messages has about 1.5 million
_OVERHEAD_MAX: Final = 2**20  # bytes of headers and framing around it
_TIMEOUTS: Final = 2  # for connecting, and for the request with its answer


class Phase(Enum):
    """What the attempt is doing. Everything but `BEGUN` comes before the first byte."""

    PREPARING = "preparing the request"
    CHOOSING_PROXY = "reading the proxy variable"
    CONNECTING = "connecting"
    TUNNELLING = "asking the proxy for a tunnel"
    SECURING = "in the TLS handshake"
    BEGUN = "the request was written"


class AnswerTooLarge(Exception):
    """SMSBAT sends more than an answer can have."""


def longest(timeout: float) -> float:
    """The seconds after which an exchange with that timeout is over, whatever the server does."""
    return _TIMEOUTS * timeout


class Attempt:
    """The state of one exchange.

    Args:
        timeout: seconds for connecting in all, and for each wait afterwards.
        now: seconds of a clock that never goes back.
    """

    def __init__(self, timeout: float, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._timeout = timeout
        self._start = now()
        self._received = 0
        self.phase = Phase.PREPARING

    @property
    def has_begun(self) -> bool:
        """Whether the first byte of the request may have left."""
        return self.phase is Phase.BEGUN

    def begin(self) -> None:
        """Note that the request is written now.

        Raises:
            TimeoutError: if connecting took too long; then the request must not be written.
        """
        if self.phase is not Phase.BEGUN:
            self.seconds_left()
            self.phase = Phase.BEGUN

    def elapsed(self) -> float:
        """Seconds since the attempt was made."""
        return self._now() - self._start

    def seconds_left(self) -> float:
        """Seconds that the next wait may take.

        Raises:
            TimeoutError: when none are left.
        """
        total = longest(self._timeout) if self.has_begun else self._timeout
        left = total - self.elapsed()
        if left <= 0:
            raise TimeoutError(f"over after {total:g} seconds in all")
        return min(left, self._timeout)

    def count(self, received: int) -> None:
        """Add bytes that came from the network.

        Raises:
            AnswerTooLarge: when they are more than an answer can have.
        """
        self._received += received
        if self._received > ANSWER_MAX + _OVERHEAD_MAX:
            raise AnswerTooLarge
