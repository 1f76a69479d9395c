"""What can go wrong with a request, sorted by the one question that matters afterwards.

Did SMSBAT take the messages? Certainly not, perhaps, or did it refuse what we said?
A kind that is not in the table counts as "perhaps": the software never sends such a message twice.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from django_smsbat.gateway import phones


class Fate(StrEnum):
    """What an error says of the messages in the request."""

    NOT_TAKEN = "not taken"
    PERHAPS_TAKEN = "perhaps taken"
    REFUSED = "refused"


@dataclass(frozen=True)
class _Facts:
    fate: Fate
    for_everybody: bool
    meaning: str


class ErrorKind(Enum):
    """The kinds of errors, each with its fate and whether it is wrong for every message alike."""

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
        """Sending other messages would fail in the same way until a person mends it."""
        return self.value.for_everybody

    @property
    def meaning(self) -> str:
        return self.value.meaning


# Answers with which a server says that it did not process the request at all.
_NOT_PROCESSED: Final = (301, 307, 308, 405, 411, 414, 415, 421, 426, 431)

_BY_STATUS: Final[dict[int, ErrorKind]] = {
    400: ErrorKind.INVALID,
    401: ErrorKind.UNAUTHORIZED,
    402: ErrorKind.PAYMENT_REQUIRED,
    403: ErrorKind.FORBIDDEN,
    404: ErrorKind.NOT_FOUND,
    407: ErrorKind.PROXY_FAILED,
    408: ErrorKind.TIMED_OUT,
    413: ErrorKind.INVALID,  # too large: halved until it fits
    422: ErrorKind.INVALID,
    429: ErrorKind.THROTTLED,
    503: ErrorKind.UNAVAILABLE,
    **dict.fromkeys(_NOT_PROCESSED, ErrorKind.MISDIRECTED),
}


def kind_of_status(status: int) -> ErrorKind:
    """The kind of an HTTP status outside 2xx; one that is not listed may have got through."""
    unlisted = ErrorKind.SERVER_ERROR if status >= 500 else ErrorKind.UNEXPECTED
    return _BY_STATUS.get(status, unlisted)


class GatewayError(Exception):
    """A request that did not bring an answer to work with.

    Attributes:
        kind: what went wrong, and what that says of the messages.
        status: HTTP status, None where no answer came.
        code: SMSBAT's own code, such as ``1003`` or ``INVALID_RECIPIENT``; empty where none came.
        detail: SMSBAT's own words, or those of the network; may quote what was sent.
        retry_after: seconds that SMSBAT asks to wait, None where it did not say.
        culprit: the setting of ours that is to blame, with its value; no secret. Empty for none.
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
        """One line for people, with phone numbers and codes masked in SMSBAT's own words."""
        status = f"HTTP {self.status}" if self.status else ""
        parts = [status, self.code, self.culprit, phones.redact(self.detail)]
        told = ", ".join(filter(None, parts))
        return f"{self.kind.meaning} ({told})" if told else self.kind.meaning
