"""Follow the probe's messages: poll each at SMSBAT's advised pace and collect callbacks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django_smsbat.gateway.client import Client
from django_smsbat.gateway.errors import GatewayError
from django_smsbat.models import Message, Source, StatusEvent
from django_smsbat.services.clock import Clock
from django_smsbat.services.probe.evidence import Callback, MessageEvidence, Poll
from django_smsbat.services.probe.exchanges import Recorder
from django_smsbat.services.sending import backoff
from django_smsbat.services.tracking import recorder as tracking

_FIRST_POLL: Final = 5.0  # seconds, doubled with each poll: SMSBAT's advice
_LONGEST_PAUSE: Final = 60.0
_STEP: Final = 1.0  # seconds between two updates of the progress
CALLBACK_GRACE: Final = 30  # seconds after the last final status in which callbacks may come


@dataclass
class Follower:
    """Polls messages until all are final, the time limit is reached, or the command is stopped.

    A callback does not end the polling of a message: the probe also compares status answers.
    """

    messages: Sequence[MessageEvidence]
    client: Client
    recorder: Recorder
    clock: Clock
    expects_callbacks: bool
    on_progress: Callable[[float], object]
    _due: dict[int, datetime] = field(init=False)

    def __post_init__(self) -> None:
        first = self.clock.now() + timedelta(seconds=_FIRST_POLL)
        self._due = {row.pk: first for row in self._rows()}

    def _rows(self) -> list[Message]:
        return [one.row for one in self.messages if one.row is not None and one.row.smsbat_id]

    def run(self, seconds: float) -> None:
        """Follow the messages for at most that many seconds."""
        end = self.clock.now() + timedelta(seconds=seconds)
        while self._due and self._goes_on(end):
            self._poll_due()
            self._wait(end)
        grace = self.clock.now() + timedelta(seconds=CALLBACK_GRACE)
        while self._lacks_callbacks() and self._goes_on(min(end, grace)):
            self._wait(end)
        for one in self.messages:
            one.is_complete = not self.clock.stopping
            one.callbacks = _callbacks(one)

    def _goes_on(self, end: datetime) -> bool:
        return not self.clock.stopping and self.clock.now() < end

    def _wait(self, end: datetime) -> None:
        seconds = min(_STEP, (end - self.clock.now()).total_seconds())
        if seconds > 0 and (self._due or self._lacks_callbacks()):
            self.clock.sleep(seconds)
            self.on_progress(seconds)

    def _lacks_callbacks(self) -> bool:
        if not self.expects_callbacks:
            return False
        keys = {row.pk for row in self._rows()}
        events = StatusEvent.objects.filter(message__in=keys, source=Source.CALLBACK)
        return len(keys) > events.values("message").distinct().count()

    def _poll_due(self) -> None:
        now = self.clock.now()
        for one in self.messages:
            due = self._due.get(one.row.pk) if one.row is not None else None
            if one.row is None or due is None or due > now or self.clock.stopping:
                continue
            self._poll(one, one.row)
            if one.is_polled_to_the_end:
                del self._due[one.row.pk]
            else:
                self._due[one.row.pk] = now + _pause(len(one.polls))

    def _poll(self, evidence: MessageEvidence, row: Message) -> None:
        name = backoff.of(backoff.STATUS, row.account)
        if backoff.remaining(name, self.clock.now()):
            return
        start = len(self.recorder)
        try:
            report = self.client.status(row.smsbat_id)
        except GatewayError as error:
            if error.kind.refuses_polling:
                backoff.refused(name, error.retry_after, self.clock.now())
        else:
            tracking.record([tracking.polled(row, row.account, report)], self.clock.now())
            backoff.forget_after_success(name, self.clock.now())
        after = _seconds_since_send(evidence, self.clock.now())
        evidence.polls += [Poll(answer, after) for answer in self.recorder.since(start)]


def _pause(polls: int) -> timedelta:
    doubled = _FIRST_POLL * 2 ** min(polls, 10)
    return timedelta(seconds=min(doubled, _LONGEST_PAUSE))


def _seconds_since_send(evidence: MessageEvidence, when: datetime) -> float:
    sent_at = evidence.sent_at or when
    return max(0.0, (when - sent_at).total_seconds())


def _callbacks(evidence: MessageEvidence) -> list[Callback]:
    if evidence.row is None:
        return []
    events = StatusEvent.objects.filter(message=evidence.row.pk, source=Source.CALLBACK)
    return [
        Callback(
            event.payload,
            event.raw_status,
            event.occurred_at,
            _seconds_since_send(evidence, event.recorded_at),
        )
        for event in events.order_by("pk")
    ]
