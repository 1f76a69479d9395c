"""When delivery statuses are called back: as they change, or as badly as was asked for."""

import asyncio
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, Final

from django_smsbat.sandbox.callbacks import Caller
from django_smsbat.sandbox.faults import CALLBACK, DELAY, DUPLICATE, PRECEDE, REORDER, Faults
from django_smsbat.sandbox.ledger import Entry, Ledger

_OVERTAKEN: Final = 3.0  # seconds at most, at --speed 1, by which a callback is overtaken
_LATE: Final = 10.0  # seconds, likewise


class Announcer:
    """Calls back each change of a status.

    Attributes:
        coming: callbacks whose time has not come yet.
    """

    def __init__(self, ledger: Ledger, caller: Caller, faults: Faults) -> None:
        self._ledger = ledger
        self._caller = caller
        self._faults = faults
        self.coming = 0
        self._announced = 0

    async def announce(self, entries: Sequence[Entry]) -> None:
        """Have their changes called back; return when those were that come before the answer."""
        early = []
        for entry in entries:
            moments = list(self._ledger.moments(entry))
            self._announced += 1
            if moments and PRECEDE in self._faults.of_callback(self._announced):
                early.append(self._ledger.hasten(entry))
                continue
            for moment in moments:
                self._later(moment, self._change, entry)
        bodies = [self._caller.status_body(self._told(entry)) for entry in early]
        await self._caller.post_now("status/", bodies)

    def _change(self, entry: Entry) -> None:
        """A status has changed this moment; the callback leaves now, or when it is made to."""
        body = self._caller.status_body(self._told(entry))
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

    def _told(self, entry: Entry) -> Mapping[str, Any]:
        return self._ledger.status(entry, monotonic())
