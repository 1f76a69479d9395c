"""One HTTP request with its response, as passed to an observer of the client."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_NAMES: Final = ("content-type", "retry-after")
_RATE_PREFIXES: Final = ("ratelimit", "x-ratelimit", "x-rate-limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its response. The repr shows neither bodies nor ids.

    Attributes:
        path: the documented path, without the message id.
        message_id: the id in a status request, empty for a send.
        status: HTTP status, None if there was no response.
        headers: the response's content type and rate-limit headers, names in lower case.
        body: the response, without this site's credentials.
        seconds: from the request to the response's headers, None if there was no response.
        failure: the name of the network failure, empty if there was a response.
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
    """Return the response headers that an observer may see; cookies are excluded."""
    lowered = {name.lower(): value for name, value in headers.items()}
    return {
        name: value
        for name, value in lowered.items()
        if name in _NAMES or name.startswith(_RATE_PREFIXES)
    }
