"""Request errors, classified by whether SMSBAT accepted the messages.

A kind states that SMSBAT did not accept them, may have accepted them, or refused the request.
Unknown errors count as "may have accepted": the package never sends such a message twice.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from django_smsbat.gateway import phones


class Fate(StrEnum):
    """What an error means for the messages in the request."""

    NOT_TAKEN = "not taken"
    PERHAPS_TAKEN = "perhaps taken"
    REFUSED = "refused"


@dataclass(frozen=True)
class _Facts:
    fate: Fate
    for_everybody: bool
    meaning: str


class ErrorKind(Enum):
    """The kinds of errors: the fate of the messages, and whether every message would fail alike."""

    UNREACHABLE = _Facts(Fate.NOT_TAKEN, False, "SMSBAT cannot be reached")
    TLS_FAILED = _Facts(Fate.NOT_TAKEN, True, "no secure connection to SMSBAT can be made")
    PROXY_FAILED = _Facts(Fate.NOT_TAKEN, True, "the proxy does not lead to SMSBAT")
    CA_BUNDLE = _Facts(Fate.NOT_TAKEN, True, "the trusted certificates cannot be read")
    NOT_STARTED = _Facts(Fate.NOT_TAKEN, True, "the request could not be started")
    THROTTLED = _Facts(Fate.NOT_TAKEN, False, "too many requests")
    UNAVAILABLE = _Facts(Fate.NOT_TAKEN, False, "SMSBAT is not available now")
    RATE_LIMITER_DOWN = _Facts(
        Fate.NOT_TAKEN, False, "the shared storage of the rate limits does not answer"
    )
    UNAUTHORIZED = _Facts(Fate.NOT_TAKEN, True, "the credentials are not accepted")
    PAYMENT_REQUIRED = _Facts(Fate.NOT_TAKEN, True, "the account has no money left")
    FORBIDDEN = _Facts(Fate.NOT_TAKEN, True, "no permission, or the account is suspended")
    MISDIRECTED = _Facts(Fate.NOT_TAKEN, True, "BASE_URL does not lead to SMSBAT's API")
    UNEXPECTED = _Facts(Fate.PERHAPS_TAKEN, False, "an answer that no document of SMSBAT's names")
    NOT_FOUND = _Facts(Fate.NOT_TAKEN, True, "SMSBAT knows nothing at that address")
    INVALID = _Facts(Fate.REFUSED, False, "SMSBAT refuses the request")
    TIMED_OUT = _Facts(Fate.PERHAPS_TAKEN, False, "no answer in time")
    CONNECTION_LOST = _Facts(Fate.PERHAPS_TAKEN, False, "the connection was lost")
    SERVER_ERROR = _Facts(Fate.PERHAPS_TAKEN, False, "SMSBAT failed")
    UNREADABLE = _Facts(Fate.PERHAPS_TAKEN, False, "the answer cannot be read")

    @property
    def fate(self) -> Fate:
        return self.value.fate

    @property
    def for_everybody(self) -> bool:
        """Whether other messages would fail in the same way until an operator fixes the problem."""
        return self.value.for_everybody

    @property
    def refuses_polling(self) -> bool:
        """Whether no status was requested: an unknown id is an answer."""
        return self.fate is Fate.NOT_TAKEN and self is not ErrorKind.NOT_FOUND

    @property
    def meaning(self) -> str:
        return self.value.meaning


# Statuses with which a server reports that it did not process the request at all.
_NOT_PROCESSED: Final = (301, 307, 308, 405, 411, 414, 415, 421, 426, 431)

_BY_STATUS: Final[dict[int, ErrorKind]] = {
    400: ErrorKind.INVALID,
    401: ErrorKind.UNAUTHORIZED,
    402: ErrorKind.PAYMENT_REQUIRED,
    403: ErrorKind.FORBIDDEN,
    404: ErrorKind.NOT_FOUND,
    407: ErrorKind.PROXY_FAILED,
    408: ErrorKind.TIMED_OUT,
    413: ErrorKind.INVALID,  # too large: the batch is halved until it fits
    422: ErrorKind.INVALID,
    429: ErrorKind.THROTTLED,
    503: ErrorKind.UNAVAILABLE,
    **dict.fromkeys(_NOT_PROCESSED, ErrorKind.MISDIRECTED),
}


def kind_of_status(status: int) -> ErrorKind:
    """Return the kind of an HTTP status outside 2xx. Unlisted ones may have been processed."""
    unlisted = ErrorKind.SERVER_ERROR if status >= 500 else ErrorKind.UNEXPECTED
    return _BY_STATUS.get(status, unlisted)


class GatewayError(Exception):
    """A request without a usable response.

    Attributes:
        kind: the kind of error, and what it means for the messages.
        status: HTTP status, None if there was no response.
        code: SMSBAT's own code, such as ``1003`` or ``INVALID_RECIPIENT``; empty if there was none.
        detail: the error text of SMSBAT or of the network; may quote the content sent.
        retry_after: seconds that SMSBAT asks to wait, None if it did not specify any.
        culprit: the setting that caused the error, with its value; never a secret. Empty for none.
    """

    def __init__(
        self,
        kind: ErrorKind,
        detail: str = "",
        *,
        status: int | None = None,
        code: str = "",
        retry_after: float | None = None,
        culprit: str = "",
    ) -> None:
        self.kind = kind
        self.detail = detail
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.culprit = culprit
        super().__init__(self.explanation)

    @property
    def explanation(self) -> str:
        """One line for users; phone numbers and codes in SMSBAT's error text are masked."""
        status = f"HTTP {self.status}" if self.status else ""
        parts = [status, self.code, self.culprit, phones.redact(self.detail)]
        details = ", ".join(filter(None, parts))
        return f"{self.kind.meaning} ({details})" if details else self.kind.meaning
