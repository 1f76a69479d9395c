"""A client without a network: it passes requests to a ledger in memory.

Only the network is replaced: the gateway writes requests and reads responses, and invalid requests
are refused with SMSBAT's error messages.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django_smsbat.gateway import answers
from django_smsbat.gateway.auth import AuthMethod, Credentials
from django_smsbat.gateway.client import Client
from django_smsbat.gateway.errors import ErrorKind, Fate, GatewayError
from django_smsbat.sandbox.ledger import Entry, Ledger
from django_smsbat.sandbox.validation import Refusal, messages_of

_NO_SERVER: Final = "http://smsbat.invalid"
_NOT_FOUND: Final = 404


class MemoryClient(Client):
    """The client of one account.

    Args:
        ledger: stores the accepted messages.
        tell: called with the accepted messages.
        failures: kinds of errors for the next requests, in this order.
        now: returns the seconds of the clock that determines the messages' statuses.
    """

    def __init__(
        self,
        ledger: Ledger,
        tell: Callable[[Sequence[Entry]], object],
        failures: list[ErrorKind],
        now: Callable[[], float],
    ) -> None:
        super().__init__(_NO_SERVER, Credentials(AuthMethod.HEADER, api_key="memory"))
        self._ledger = ledger
        self._tell = tell
        self._failures = failures
        self._now = now

    def _wait_for_turn(self, path: str) -> None:
        """Do not wait: tests have no rate limit."""

    def _exchange(
        self, method: str, end: str, body: Callable[[], bytes | None]
    ) -> bytes | GatewayError:
        content = body()
        if method == "GET":
            return self._status(end)
        return self._send(content or b"")

    def _send(self, content: bytes) -> bytes | GatewayError:
        kind = self._failures.pop(0) if self._failures else None
        if kind is not None and kind.fate is not Fate.PERHAPS_TAKEN:
            return GatewayError(kind, "as the test asked for")
        try:
            messages = messages_of(answers.parse_json(content))
        except Refusal as refused:
            return answers.parse_error(refused.status, _json(refused.body), None)
        entries = self._ledger.take(messages, self._now())
        self._tell(entries)
        if kind is not None:  # accepted, and the response was lost
            return GatewayError(kind, "as the test asked for")
        return _json(self._ledger.answer(entries))

    def _status(self, message_id: str) -> bytes | GatewayError:
        entry = self._ledger.entries.get(message_id)
        if entry is None:
            return answers.parse_error(_NOT_FOUND, b"", None)
        return _json(self._ledger.status(entry, self._now()))


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()
