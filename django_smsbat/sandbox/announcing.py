"""Schedules the callbacks of delivery statuses: when they change, or with the configured faults."""

import asyncio
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, Final

from django_smsbat.sandbox.callbacks import Caller
from django_smsbat.sandbox.faults import CALLBACK, DELAY, DUPLICATE, PRECEDE, REORDER, Faults
from django_smsbat.sandbox.ledger import Entry, Ledger

_OVERTAKEN: Final = 3.0  # maximum seconds, at --speed 1, by which a callback is overtaken
_LATE: Final = 10.0  # seconds, at --speed 1


class Announcer:
    """Sends a callback for each change of a status.

    Attributes:
        coming: number of scheduled callbacks.
    """

    def __init__(self, ledger: Ledger, caller: Caller, faults: Faults) -> None:
        self._ledger = ledger
        self._caller = caller
        self._faults = faults
        self.coming = 0
        self._announced = 0

    async def announce(self, entries: Sequence[Entry]) -> None:
        """Schedule callbacks for the changes; first send those that precede the response."""
        early = []
        for entry in entries:
            times = list(self._ledger.moments(entry))
            self._announced += 1
            if times and PRECEDE in self._faults.of_callback(self._announced):
                early.append(self._ledger.hasten(entry))
                continue
            for seconds in times:
                self._later(seconds, self._change, entry)
        bodies = [self._caller.status_body(self._report(entry)) for entry in early]
        await self._caller.post_now("status/", bodies)

    def _change(self, entry: Entry) -> None:
        """Handle a status that has just changed: send its callback now, or with a fault."""
        body = self._caller.status_body(self._report(entry))
        met = self._met()
        seconds = self._faults.seconds(_OVERTAKEN) if REORDER in met else 0.0
        if DELAY in met:
            seconds += met[DELAY].value or _LATE
        self._later(seconds / self._ledger.speed, self._post, body)
        if DUPLICATE in met:
            again = seconds + self._faults.seconds(_OVERTAKEN)
            self._later(again / self._ledger.speed, self._post, body)

    def _post(self, body: Mapping[str, Any]) -> None:
        self._caller.post_later("status/", body)

    def _later(self, seconds: float, action: Any, argument: Any) -> None:
        self.coming += 1
        asyncio.get_running_loop().call_later(seconds, self._do, action, argument)

    def _do(self, action: Any, argument: Any) -> None:
        self.coming -= 1
        action(argument)

    def _met(self) -> dict[str, Any]:
        self._ledger.requests[CALLBACK] += 1
        return dict(self._faults.of_callback(self._ledger.requests[CALLBACK]))

    def _report(self, entry: Entry) -> Mapping[str, Any]:
        return self._ledger.status(entry, monotonic())
