"""One HTTP request with its answer, as an observer of the client receives it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_NAMES: Final = ("content-type", "retry-after")
_RATE_PREFIXES: Final = ("ratelimit", "x-ratelimit", "x-rate-limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what came back. The repr shows neither bodies nor ids.

    Attributes:
        path: the documented path, without the message id.
        message_id: the id that a status request names, empty for a send.
        status: HTTP status, None if no answer came.
        headers: the answer's content type and everything about rate limits, names in lower case.
        body: the answer, without our own credentials.
        seconds: from the request to the answer's headers, None if no answer came.
        failure: the name of the network failure, empty if an answer came.
    """

    method: str
    path: str
    message_id: str = field(default="", repr=False)
    request: bytes = field(default=b"", repr=False)
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    seconds: float | None = None
    failure: str = ""


def visible_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer that an observer may see; cookies are not among them."""
    lowered = {name.lower(): value for name, value in headers.items()}
    return {
        name: value
        for name, value in lowered.items()
        if name in _NAMES or name.startswith(_RATE_PREFIXES)
    }
