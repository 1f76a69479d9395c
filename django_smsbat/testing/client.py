"""A client that reaches no network: what it is handed goes to a ledger in memory.

Everything but the network is the real thing: requests are written and answers read by the gateway,
and what SMSBAT would refuse is refused in its words.
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

_NOBODY: Final = "http://smsbat.invalid"
_NOT_FOUND: Final = 404


class MemoryClient(Client):
    """One account's client.

    Args:
        ledger: that keeps what was taken.
        tell: is told of what was taken.
        failures: kinds of errors that the next requests come to, in this order.
        now: seconds, on the clock by which messages come to their fate.
    """

    def __init__(
        self,
        ledger: Ledger,
        tell: Callable[[Sequence[Entry]], object],
        failures: list[ErrorKind],
        now: Callable[[], float],
    ) -> None:
        super().__init__(_NOBODY, Credentials(AuthMethod.HEADER, api_key="memory"))
        self._ledger = ledger
        self._tell = tell
        self._failures = failures
        self._now = now

    def _wait_for_turn(self, path: str) -> None:
        """Nobody waits in a test."""

    def _exchange(
        self, method: str, end: str, body: Callable[[], bytes | None]
    ) -> bytes | GatewayError:
        written = body()
        if method == "GET":
            return self._status(end)
        return self._send(written or b"")

    def _send(self, written: bytes) -> bytes | GatewayError:
        kind = self._failures.pop(0) if self._failures else None
        if kind is not None and kind.fate is not Fate.PERHAPS_TAKEN:
            return GatewayError(kind, "as the test asked for")
        try:
            messages = messages_of(answers.parse_json(written))
        except Refusal as refused:
            return answers.parse_error(refused.status, _json(refused.body), None)
        entries = self._ledger.take(messages, self._now())
        self._tell(entries)
        if kind is not None:  # taken, and the answer was lost
            return GatewayError(kind, "as the test asked for")
        return _json(self._ledger.answer(entries))

    def _status(self, message_id: str) -> bytes | GatewayError:
        entry = self._ledger.entries.get(message_id)
        if entry is None:
            return answers.parse_error(_NOT_FOUND, b"", None)
        return _json(self._ledger.status(entry, self._now()))


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()
