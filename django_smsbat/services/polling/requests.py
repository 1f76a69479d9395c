"""The threads that send status requests over a few connections. They do not use the database.

Requests continue while answers are recorded: network and database do not wait for each other.
"""

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self

from django_smsbat.gateway.answers import StatusReport
from django_smsbat.gateway.client import Client
from django_smsbat.gateway.errors import GatewayError
from django_smsbat.services.clock import Clock

_LONGEST_WAIT: Final = timedelta(seconds=1)  # before available answers are recorded
_STEP: Final = 0.2  # seconds between two checks of the clock

Reply = StatusReport | GatewayError


@dataclass(slots=True)
class Asked:
    """A message to poll. Not a model: a campaign creates one per status request."""

    pk: int
    smsbat_id: str
    attempts: int
    resent_after: int
    status: str
    type: str
    ttl: int | None
    submitted_at: datetime | None
    polls: int
    next_poll_at: datetime | None


class Asker:
    """Polls messages with a fixed number of connections; the caller fetches answers in batches."""

    def __init__(self, client: Client, threads: int) -> None:
        self._client = client
        self._pool = ThreadPoolExecutor(threads, "smsbat-sync")
        self._under_way: dict[Future[Reply], Asked] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def __len__(self) -> int:
        """The number of messages with answers not fetched yet."""
        return len(self._under_way)

    def ask(self, messages: Sequence[Asked]) -> None:
        for message in messages:
            self._under_way[self._pool.submit(self._reply, message.smsbat_id)] = message

    def answers(self, enough: int, clock: Clock) -> list[tuple[Asked, Reply]]:
        """Return the answers once there are `enough` of them, or after a second."""
        begun = clock.now()
        done: set[Future[Reply]] = set()
        while len(done) < min(enough, len(self._under_way)) and not clock.stopping:
            pending = self._under_way.keys() - done
            done |= wait(pending, timeout=_STEP, return_when=FIRST_COMPLETED).done
            if done and clock.now() - begun > _LONGEST_WAIT:
                break
        return [(self._under_way.pop(future), future.result()) for future in done]

    def withdraw(self) -> tuple[list[Asked], list[tuple[Asked, Reply]]]:
        """Stop; return the messages that were not polled, and the remaining answers."""
        unasked = [one for future, one in self._under_way.items() if future.cancel()]
        asked = [(one, f.result()) for f, one in self._under_way.items() if not f.cancelled()]
        self._under_way.clear()
        return unasked, asked

    def _reply(self, smsbat_id: str) -> Reply:
        try:
            return self._client.status(smsbat_id)
        except GatewayError as error:
            return error
