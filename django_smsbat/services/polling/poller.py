"""Poll SMSBAT for message statuses, as a fallback for missing callbacks.

Each message is polled after 5, 10, 20 ... seconds, with pauses of up to a few hours, until its TTL
and a grace period end. Then it becomes `expired` by a local report, which a later report from
SMSBAT may correct.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import RLock
from typing import Final

from django.db import transaction
from django.db.models import Exists, F

from django_smsbat import conf
from django_smsbat.db.set_based import update_rows
from django_smsbat.gateway.answers import StatusReport
from django_smsbat.gateway.client import Client
from django_smsbat.gateway.errors import ErrorKind, GatewayError
from django_smsbat.gateway.message_types import TYPES, MessageType
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.gateway.statuses import FINAL, Status
from django_smsbat.models import Backoff, HeartbeatName, Message
from django_smsbat.services import email_fallback
from django_smsbat.services.accounts import registry
from django_smsbat.services.clock import Clock, SystemClock
from django_smsbat.services.polling.requests import Asked, Asker, Reply
from django_smsbat.services.sending import account_runs, backoff
from django_smsbat.services.sending.account_runs import AccountRun
from django_smsbat.services.sending.threads import WorkerPool
from django_smsbat.services.tracking import orphans, recorder
from django_smsbat.services.tracking.derive import FIRST_POLL_AFTER
from django_smsbat.services.verification import finishing

logger = logging.getLogger("django_smsbat")

_BATCH: Final = 200  # the minimum number of messages in progress
_AHEAD: Final = 6  # messages in progress for each connection
_LONGEST_PAUSE: Final = timedelta(hours=4)
_GRACE: Final = timedelta(hours=1)  # after the TTL, for late reports
_FINAL: Final = frozenset(status.value for status in FINAL)
_READ: Final = tuple(Asked.__dataclass_fields__)


@dataclass
class Summary:
    """The result of one run.

    Attributes:
        requests: the number of status requests.
        changed: the number of messages with a changed status.
        matched: the number of messages matched with orphans.
        emails: the number of fallback e-mails sent for undelivered messages.
        failure: why the run stopped before its work was done; empty if it did not.
    """

    requests: int = 0
    changed: int = 0
    matched: int = 0
    emails: int = 0
    failure: str = ""


@private_frames
def sync(
    *,
    campaign_id: int | None = None,
    limit: int | None = None,
    client: Client | None = None,
    clock: Clock | None = None,
    on_progress: Callable[[int], object] = lambda asked: None,
) -> Summary:
    """Poll every message that is due once, and record the answers.

    Also match orphans, delete old ones, expire overdue verifications, and send the fallback e-mails
    that are due.

    Args:
        campaign_id: poll only this campaign's messages.
        limit: the maximum number of requests.
        client: a client that replaces those of all accounts.
        on_progress: called after each batch of answers with their number.

    Raises:
        ImproperlyConfigured: if the settings do not say how to reach SMSBAT.
    """
    clock = clock or SystemClock()
    account_runs.begin(HeartbeatName.SYNC, client, clock)
    summary = Summary(matched=orphans.match(clock.now()))
    orphans.forget_old(clock.now())
    finishing.expire_overdue(clock.now())
    summary.failure = account_runs.work(
        lambda name: _Run(
            account=name,
            given=client,
            campaign_id=campaign_id,
            limit=limit,
            clock=clock,
            on_progress=on_progress,
            summary=summary,
        )
    )
    summary.emails = email_fallback.send_due(clock)
    return summary


@dataclass(kw_only=True)
class _Run(AccountRun):
    """One account's part: take the messages that are due, poll them, record the answers."""

    kind = backoff.STATUS

    summary: Summary  # of all accounts; changed under the pool's lock
    capacity: int = field(default_factory=lambda: max(_BATCH, _AHEAD * conf.current().concurrency))
    asker: Asker = field(init=False)
    lock: RLock = field(init=False)

    def work(self, crew: WorkerPool) -> None:
        self.lock = crew.lock
        client = self.client()
        if client is None:
            return
        threads = max(1, conf.current().concurrency // len(registry.names()))
        with Asker(client, threads) as self.asker:
            self._work()

    def _work(self) -> None:
        while not self.clock.stopping and not self.failure:
            taken = self._take()
            self.asker.ask(taken)
            if not self.asker and not self._waited():
                break
            self._write(self.asker.answers(self.capacity // 2, self.clock))
        self._withdraw()

    def _take(self) -> list[Asked]:
        """Take enough messages to keep the threads busy, within the limit."""
        room = self.capacity - len(self.asker)
        if self.limit is not None:
            room = min(room, self.limit - self.summary.requests - len(self.asker))
        too_few = room < self.capacity // 2 and len(self.asker) > 0
        if room <= 0 or too_few:
            return []
        taken, changed = _take(self.account, self.campaign_id, room, self.clock.now())
        with self.lock:
            self.summary.changed += changed
        return taken

    def _waited(self) -> bool:
        """Wait until a back-off ends; return False if there is none or the limit is reached."""
        if self.limit is not None and self.summary.requests >= self.limit:
            return False
        delay = backoff.remaining(self.name, self.clock.now())
        if delay:
            self.failure = backoff.wait(delay, self.clock)
        return bool(delay)

    def _withdraw(self) -> None:
        """Send no more requests; make messages without an answer due again."""
        unasked, answered = self.asker.withdraw()
        failed = self._record(answered)
        refused = [message for message, error in failed if error.kind.refuses_polling]
        _put_off([*unasked, *refused], self.clock.now())

    def _write(self, answered: Sequence[tuple[Asked, Reply]]) -> None:
        """Record all answers at once, then handle the failures."""
        if answered:
            failed = self._record(answered)
            self._handle_failures(failed, got_answers=len(failed) < len(answered))

    def _record(self, answered: Sequence[tuple[Asked, Reply]]) -> list[tuple[Asked, GatewayError]]:
        """Record the answers; return the messages without one and their errors."""
        reports = [
            recorder.polled(m, self.account, reply)
            for m, reply in answered
            if isinstance(reply, StatusReport)
        ]
        failed = [(m, reply) for m, reply in answered if isinstance(reply, GatewayError)]
        changed = len(recorder.record(reports, self.clock.now()))
        with self.lock:
            self.summary.requests += len(answered)
            self.summary.changed += changed
            self.on_progress(len(answered))
        if failed:
            logger.warning("%d status requests failed: %s", len(failed), failed[0][1])
        return failed

    def _handle_failures(
        self, failed: Sequence[tuple[Asked, GatewayError]], *, got_answers: bool
    ) -> None:
        """Start a back-off if SMSBAT refuses requests, or if there is no readable answer at all.

        An id that SMSBAT does not know yet counts as polled: the message waits for its next poll.
        The same applies to time-outs and failures of SMSBAT, if other requests were answered.
        """
        refused = [pair for pair in failed if pair[1].kind.refuses_polling]
        errors = [error for _, error in failed if error.kind is not ErrorKind.NOT_FOUND]
        if refused:
            _put_off([message for message, _ in refused], self.clock.now())
            self._hold_back([error for _, error in refused])
        elif got_answers:
            self._succeeded()
        elif errors:
            self._hold_back(errors)

    def _succeeded(self) -> None:
        self.refusals = 0
        if self.was_refused:
            backoff.succeeded(self.name, self.clock.now())
            self.was_refused = False

    def _hold_back(self, errors: Sequence[GatewayError]) -> None:
        """End the run if an error affects all requests; otherwise make all workers back off."""
        self.was_refused = True
        for error in errors:
            if error.kind.for_everybody:
                self.failure = error.explanation
                return
        requested = [error.retry_after for error in errors if error.retry_after is not None]
        now = self.clock.now()
        self.refusals += backoff.refused(self.name, max(requested, default=None), now)
        if self.refusals >= backoff.REFUSALS_MAX:
            self.failure = f"gave up after {self.refusals} refusals in a row: {errors[0]}"
        self._withdraw()


def _take(
    account: str, campaign_id: int | None, size: int, now: datetime
) -> tuple[list[Asked], int]:
    """Take messages to poll now. Their next poll is scheduled before the request is sent.

    Returns:
        The messages to poll, and how many messages became `expired` instead.
    """
    name = backoff.of(backoff.STATUS, account)
    held_back = Backoff.objects.filter(name=name, not_before__gt=now)
    due = Message.objects.due_for_poll(now).filter(~Exists(held_back), account=account)
    expired = 0
    if campaign_id is not None:
        due = due.filter(campaign=campaign_id)
    while True:
        with transaction.atomic():
            rows = due.locked(skip=True).values_list(*_READ)[:size]
            messages = [Asked(*values) for values in rows]
            late = [m for m in messages if _is_given_up(m, now) and m.status not in _FINAL]
            reports = [recorder.local(m, Status.EXPIRED, "ttl") for m in late]
            expired += len(recorder.record(reports, now))
            gone = {message.pk for message in late}
            rest = [message for message in messages if message.pk not in gone]
            for message in rest:
                message.next_poll_at = _next_turn(message, now)
                message.polls += bool(message.smsbat_id)
            columns = [(message.pk, message.next_poll_at, message.polls) for message in rest]
            update_rows(Message, ("next_poll_at", "polls"), columns)
        asked = [message for message in rest if message.smsbat_id and message.next_poll_at]
        if asked or not messages:
            return asked, expired


def _next_turn(message: Asked, now: datetime) -> datetime | None:
    """Return the time of the next poll; a message without an id only waits until it expires."""
    if _is_given_up(message, now):
        return None
    return now + _pause(message.polls) if message.smsbat_id else _poll_until(message, now)


def _pause(polls: int) -> timedelta:
    """Return the pause after a poll that follows `polls` earlier ones."""
    doubled: int = 2 ** min(polls + 1, 20)
    return min(FIRST_POLL_AFTER * doubled, _LONGEST_PAUSE)


def _is_given_up(message: Asked, now: datetime) -> bool:
    """Whether polling has ended. Each message is polled at least once, however late."""
    was_asked = message.polls or not message.smsbat_id
    return bool(was_asked) and now >= _poll_until(message, now)


def _poll_until(message: Asked, now: datetime) -> datetime:
    """Return when polling ends. Without a TTL, SMSBAT's longest advised TTL for the type counts."""
    longest_advised = TYPES[MessageType(message.type)].ttl_advice[1]
    lifetime = timedelta(seconds=message.ttl or longest_advised)
    return (message.submitted_at or now) + lifetime + _GRACE


def _put_off(messages: Sequence[Asked], now: datetime) -> None:
    """Make messages that were not polled due again.

    A message that became final, was sent again, or was postponed by a callback does not change: its
    `next_poll_at` is no longer the one set here.
    """
    if messages:
        turns = {message.next_poll_at for message in messages}
        same = Message.objects.among([m.pk for m in messages]).filter(next_poll_at__in=turns)
        same.update(next_poll_at=now, polls=F("polls") - 1)
