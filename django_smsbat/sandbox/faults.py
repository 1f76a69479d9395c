"""Faults on demand, to test how a site handles them.

A fault is written ``KIND@WHEN``, or ``status/KIND@WHEN`` for status requests, or
``callback/KIND@WHEN`` for the callbacks of delivery statuses. WHEN is the number of a request,
several of them, or a probability: ``503@2``, ``lost-after@1,3``, ``callback/duplicate@10%``.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

SEND: Final = "send"
STATUS: Final = "status"
CALLBACK: Final = "callback"

# Faults in the body of a response; the messages were accepted.
BODIES: Final = ("truncated", "shuffled", "partial", "garbage", "html", "empty")
_BEFORE: Final = ("lost",)  # the connection is lost, and no message was accepted
_AFTER: Final = ("lost-after", "slow")
KINDS: Final = (*_BEFORE, *_AFTER, *BODIES)
# A callback that is sent twice, overtaken by others, late, or before the response to the send.
DUPLICATE, REORDER, DELAY, PRECEDE = "duplicate", "reorder", "delay", "precede"
CALLBACKS: Final = (DUPLICATE, REORDER, DELAY, PRECEDE)

_SYNTAX: Final = re.compile(
    r"(?:(?P<request>send|status|callback)/)?(?P<kind>[a-z0-9-]+?)(?P<after>-after)?(?::(?P<value>\d+(?:\.\d+)?))?"
    r"@(?:(?P<numbers>\d+(?:,\d+)*)|(?P<percent>\d+(?:\.\d+)?)%)"
)
_SLOW: Final = 5.0  # seconds


@dataclass(frozen=True)
class Fault:
    """One kind of fault, and the requests that it affects.

    Attributes:
        request: ``send``, ``status`` or ``callback``.
        kind: one of `KINDS`, or the number of an HTTP status; for a callback one of `CALLBACKS`.
        after: whether the messages were accepted before the fault.
        value: seconds: of ``slow`` or ``delay``, or of the `Retry-After` of a status.
        numbers: the affected requests, from 1; empty for any of them, by `probability`.
    """

    request: str
    kind: str
    after: bool
    value: float | None = None
    numbers: frozenset[int] = frozenset()
    probability: float = 0.0

    @classmethod
    def parse(cls, written: str) -> "Fault":
        """Parse one fault.

        Raises:
            ValueError: describing the syntax of a fault.
        """
        match = _SYNTAX.fullmatch(written)
        kind = match["kind"] if match else ""
        numbers = [int(n) for n in (match["numbers"] or "1").split(",")] if match else []
        known = match and _is_known(match["request"] or SEND, kind, match["after"] or "")
        if match is None or not known or min(numbers) < 1 or float(match["percent"] or 0) > 100:
            raise ValueError(
                f"{written!r} is no fault: write KIND@WHEN, such as 503@2 or garbage@10%, where "
                f"KIND is an HTTP status or one of {', '.join(KINDS)}; or callback/KIND@WHEN, with "
                f"one of {', '.join(CALLBACKS)}"
            )
        return cls(
            request=match["request"] or SEND,
            kind=kind,
            after=bool(match["after"]) or kind in (*BODIES, "slow"),
            value=float(match["value"]) if match["value"] else None,
            numbers=frozenset(numbers if match["numbers"] else ()),
            probability=float(match["percent"] or 0) / 100,
        )

    @property
    def status(self) -> int | None:
        """The HTTP status of the response, None for another kind of fault."""
        return int(self.kind) if self.kind.isdigit() else None

    @property
    def is_lost(self) -> bool:
        return self.kind == "lost"

    @property
    def delay(self) -> float:
        return (self.value or _SLOW) if self.kind == "slow" else 0.0

    @property
    def headers(self) -> Mapping[str, str]:
        return {} if self.value is None else {"Retry-After": f"{self.value:.0f}"}

    def meets(self, number: int, chance: random.Random) -> bool:
        if self.numbers:
            return number in self.numbers
        return chance.random() < self.probability


def _is_known(request: str, kind: str, after: str) -> bool:
    if request == CALLBACK:
        return f"{kind}{after}" in CALLBACKS
    return f"{kind}{after}" in KINDS or (kind.isdigit() and int(kind) in set(HTTPStatus))


@dataclass
class Faults:
    """All faults of a sandbox; the first one that matches a request applies."""

    faults: Sequence[Fault]
    seed: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - the same faults in every run

    def of(self, request: str, number: int) -> Fault | None:
        """Return the fault of the request with this number, counted from 1."""
        for fault in self.faults:
            if fault.request == request and fault.meets(number, self._chance):
                return fault
        return None

    def of_callback(self, number: int) -> dict[str, Fault]:
        """Return all faults of the callback with this number, by kind: they combine."""
        of_callbacks = [fault for fault in self.faults if fault.request == CALLBACK]
        return {f.kind: f for f in of_callbacks if f.meets(number, self._chance)}

    def seconds(self, most: float) -> float:
        """Return a random time, up to `most`."""
        return self._chance.uniform(0, most)

    def spoil(self, kind: str, body: bytes, answer: Mapping[str, Any]) -> tuple[bytes, Any]:
        """Return the bytes to respond with instead of `body`, or another response to be encoded."""
        messages = list(answer.get("messages", ()))
        if kind == "shuffled":
            self._chance.shuffle(messages)
            return b"", {**answer, "messages": messages}
        if kind == "partial":
            return b"", {**answer, "messages": messages[: len(messages) // 2]}
        spoilt = {
            "truncated": body[: len(body) // 2],
            "garbage": b"\x00\xff{not json",
            "html": b"<html><body>Bad Gateway</body></html>",
            "empty": b"",
        }
        return spoilt[kind], None
