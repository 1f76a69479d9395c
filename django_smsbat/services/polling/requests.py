"""The threads that ask SMSBAT for statuses, a few connections at once. They touch no database.

Requests go on while answers are written: neither the network nor the database waits for the other.
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

_LONGEST_WAIT: Final = timedelta(seconds=1)  # until answers that are there are written
_STEP: Final = 0.2  # seconds between two looks at the clock

Reply = StatusReport | GatewayError


@dataclass(slots=True)
class Asked:
    """A message to ask about. No model: a campaign makes one a status request."""

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
    """Asks about messages with so many connections; answers are fetched when there are enough."""

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
        """Messages whose answer was not fetched yet."""
        return len(self._under_way)

    def ask(self, messages: Sequence[Asked]) -> None:
        for message in messages:
            self._under_way[self._pool.submit(self._reply, message.smsbat_id)] = message

    def answers(self, enough: int, clock: Clock) -> list[tuple[Asked, Reply]]:
        """What was answered, as soon as so many answers are there, or a second is over."""
        begun = clock.now()
        done: set[Future[Reply]] = set()
        while len(done) < min(enough, len(self._under_way)) and not clock.stopping:
            pending = self._under_way.keys() - done
            done |= wait(pending, timeout=_STEP, return_when=FIRST_COMPLETED).done
            if done and clock.now() - begun > _LONGEST_WAIT:
                break
        return [(self._under_way.pop(future), future.result()) for future in done]

    def withdraw(self) -> tuple[list[Asked], list[tuple[Asked, Reply]]]:
        """Stop: the messages that were not asked about, and the answers that still came."""
        unasked = [one for future, one in self._under_way.items() if future.cancel()]
        asked = [(one, f.result()) for f, one in self._under_way.items() if not f.cancelled()]
        self._under_way.clear()
        return unasked, asked

    def _reply(self, smsbat_id: str) -> Reply:
        try:
            return self._client.status(smsbat_id)
        except GatewayError as error:
            return error
