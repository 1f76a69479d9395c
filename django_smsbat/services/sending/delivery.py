"""Send one claimed batch and record SMSBAT's answer for each message.

A failed request has one of three outcomes. Not taken: the messages return to the queue. Perhaps
taken: they become `unconfirmed`. Refused: the batch is split until the invalid message is isolated.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypeVar

from django.db import OperationalError, transaction
from django.db.models import F

from django_smsbat import conf
from django_smsbat.db.set_based import keys_in
from django_smsbat.gateway import answers, phones
from django_smsbat.gateway.answers import MessageResult, SendAnswer
from django_smsbat.gateway.attempt import longest
from django_smsbat.gateway.client import Client
from django_smsbat.gateway.errors import ErrorKind, Fate, GatewayError
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Message, Source
from django_smsbat.services import database_connections
from django_smsbat.services.clock import Clock
from django_smsbat.services.sending import backoff
from django_smsbat.services.sending.claiming import Batch, Claimed, lease_from
from django_smsbat.services.tracking import recorder
from django_smsbat.services.tracking.events import Report
from django_smsbat.services.tracking.recorder import Fresh

logger = logging.getLogger("django_smsbat")

_ALIKE_MIN: Final = 10  # from this size on, one common reason is not a fault of each message
_RECORD_TRIES: Final = 4  # tries to record an answer
_RECORD_PAUSE: Final = 0.25  # seconds, doubled with each try
_RECORD_PAUSE_MAX: Final = 5.0
_RECORD_MARGIN: Final = timedelta(seconds=10)  # before the lease ends

_Written = TypeVar("_Written")


@dataclass
class Outcome:
    """The outcome of one batch.

    Attributes:
        is_new_setback: whether this request was the first of the concurrent ones to be refused.
        stop_reason: why further sending is pointless; empty if it is not.
    """

    taken: int = 0
    rejected: int = 0
    unconfirmed: int = 0
    put_back: int = 0
    requests: int = 0
    error: GatewayError | None = None
    is_new_setback: bool = False
    stop_reason: str = ""

    @property
    def settled(self) -> int:
        return self.taken + self.rejected + self.unconfirmed

    @property
    def held_back(self) -> bool:
        """Whether workers must back off: SMSBAT refuses, fails or cannot be reached."""
        return self.error is not None and not self.error.kind.for_everybody


class _LeaseLost(Exception):
    """The worker no longer owns part of the batch, so that part must not be sent."""


def deliver(batch: Batch, client: Client, clock: Clock) -> Outcome:
    """Send claimed messages to SMSBAT and record the result for each.

    A refused batch is halved until the invalid message is isolated: about ``2 log2(n)`` requests
    for each invalid message among `n`, and ``2 n - 1`` if every message is refused.
    """
    return Delivery(batch, client, clock).run()


@dataclass
class Delivery:
    """The state of one delivery: the parts still to send and the refusals so far.

    Messages whose text must not be stored use a subclass: see `verification.secret_message`.
    """

    batch: Batch
    client: Client
    clock: Clock
    outcome: Outcome = field(default_factory=Outcome)
    waiting: list[Sequence[Claimed]] = field(default_factory=list)
    refused: list[Report] = field(default_factory=list)

    def run(self) -> Outcome:
        self.waiting = [self.batch.messages]
        try:
            while self.waiting and self.outcome.error is None:
                self._post(self.waiting.pop())
        except BaseException as error:
            failed = GatewayError(ErrorKind.NOT_STARTED, type(error).__name__)
            self.outcome.error = self.outcome.error or failed
            raise
        finally:  # also if the database fails in between: unsent messages are not in doubt
            for part in self.waiting:
                self.put_back(part)
            self._settle_refusals()
        return self.outcome

    def kept(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Return the part of SMSBAT's result for one message to store: all of it."""
        return payload

    def _post(self, part: Sequence[Claimed]) -> None:
        try:
            answer = self._send(part)
        except _LeaseLost:
            self._keep_what_is_ours(part)
        except GatewayError as error:
            self.outcome.requests += 1
            self._failed(part, error)
        except BaseException as error:
            if not self._may_have_left(error):
                self.waiting.append(part)
            raise
        else:
            self.outcome.requests += 1
            self.answered(part, answer)

    def _send(self, part: Sequence[Claimed]) -> SendAnswer:
        """Send the request. The thread needs no database connection during it."""
        database_connections.release()
        begun = self.clock.now()
        try:
            return self.client.send(part, before_leaving=lambda: self._make_sure(part))
        finally:
            database_connections.waited((self.clock.now() - begun).total_seconds())

    def _may_have_left(self, error: BaseException) -> bool:
        """Whether sending had begun before the request was interrupted.

        A test client without `has_left` raises no `Exception` after the first byte.
        """
        return getattr(self.client, "has_left", not isinstance(error, Exception))

    def _make_sure(self, part: Sequence[Claimed]) -> None:
        """Renew the lease before a request if too little of it remains, e.g. after rate limiting.

        Raises:
            _LeaseLost: if another process has settled messages of this part.
        """
        now = self.clock.now()
        needed = timedelta(seconds=longest(conf.current().timeout))
        if self.batch.lease_until - now > needed:
            return
        self.batch.lease_until = lease_from(now)
        claimed = Message.objects.claimed_by(self.batch.claim)
        claimed.update(lease_until=self.batch.lease_until)
        if claimed.filter(pk__in=_keys(part)).count() < len(part):
            raise _LeaseLost
        database_connections.release()

    def _keep_what_is_ours(self, part: Sequence[Claimed]) -> None:
        ours = set(Message.objects.claimed_by(self.batch.claim).values_list("pk", flat=True))
        parts = [[m for m in rest if m.pk in ours] for rest in (*self.waiting, part)]
        logger.warning("a lease ran out: %d messages of the batch are left", len(ours))
        self.waiting = [rest for rest in parts if rest]

    def answered(self, part: Sequence[Claimed], answer: SendAnswer) -> None:
        if answer.unmatched_results:
            logger.warning(
                "an answer holds %d results of other messages", len(answer.unmatched_results)
            )
        recorded: list[Report] = []
        for message in part:
            result = answer.results.get(message.customer_message_id)
            reports = self._reports(message, result, answer.messagelist_id)
            if result is None or result.status is None:
                self.outcome.unconfirmed += 1
            elif result.status.is_failure:
                self.refused += reports
                continue
            else:
                self.outcome.taken += 1
            recorded += reports
        self._record(recorded)

    def _reports(
        self, message: Claimed, result: MessageResult | None, messagelist_id: str
    ) -> list[Report]:
        """Return the reports for a message: SMSBAT's, and `unconfirmed` if it is inconclusive."""
        if result is None:
            reason = "the answer does not mention it"
            return [recorder.local(message, Status.UNCONFIRMED, "unmentioned", reason)]
        report = Report(
            source=Source.SUBMIT,
            status=result.status,
            raw_status=result.raw_status,
            payload=self.kept({**result.payload, "messagelistId": messagelist_id}),
            smsbat_id=result.message_id,
            message_id=message.pk,
            attempt=message.attempts,
            account=self.batch.account,
        )
        if result.status is not None:
            return [report]
        reason = f"the answer says {result.raw_status!r}, which is unknown"
        return [report, recorder.local(message, Status.UNCONFIRMED, "unknown_status", reason)]

    def _failed(self, part: Sequence[Claimed], error: GatewayError) -> None:
        """Handle a request without a readable answer: settle its messages and start a back-off."""
        if error.kind.fate is Fate.REFUSED:
            self._split(part, error)
            return
        logger.warning("a request with %d messages failed: %s", len(part), error)
        self.outcome.error = error
        if error.kind.fate is Fate.PERHAPS_TAKEN:
            reason = (error.kind.name.lower(), error.explanation)
            self._record([recorder.local(m, Status.UNCONFIRMED, *reason) for m in part])
            self.outcome.unconfirmed += len(part)
        else:
            self.put_back(part)
        if error.kind.for_everybody:
            self.outcome.stop_reason = error.explanation
        else:
            name = backoff.of(backoff.SEND, self.batch.account)
            counted = backoff.refused(name, error.retry_after, self.clock.now())
            self.outcome.is_new_setback = counted

    def _split(self, part: Sequence[Claimed], error: GatewayError) -> None:
        if len(part) > 1:
            middle = len(part) // 2
            self.waiting += [part[middle:], part[:middle]]
            return
        payload = {"code": error.code, "message": error.detail, "status": error.status}
        self.refused.append(_refusal(part[0], self.kept(payload)))

    def _fresh(self) -> Fresh | None:
        """Return the messages of a first attempt, so that recording need not read their rows."""
        return Fresh(self.batch.claim, self.batch.messages) if self.batch.is_first_attempt else None

    def put_back(self, part: Sequence[Claimed]) -> None:
        """Requeue messages that SMSBAT certainly did not take, if this worker still owns them."""
        self.outcome.put_back += self._insist(partial(self._requeue, part))

    def _requeue(self, part: Sequence[Claimed]) -> int:
        error = self.outcome.error
        claimed = Message.objects.claimed_by(self.batch.claim).filter(pk__in=_keys(part))
        return claimed.update(
            status=Status.QUEUED.value,
            claim=None,
            lease_until=None,
            error_code=error.kind.name.lower() if error else "",
            error_message=error.explanation if error else "",
        )

    def _settle_refusals(self) -> None:
        """Record the rejections, unless the whole batch was rejected for the same reason.

        A common reason is not about the recipients. SMSBAT documents no code for an empty balance,
        so this is how to detect one. Single messages have no campaign to pause.
        """
        alike = len(self.refused) == len(self.batch) >= _ALIKE_MIN
        reasons = {_reason(report) for report in self.refused}
        if alike and len(reasons) == 1 and self.batch.campaign_id is not None:
            self.outcome.put_back += self._insist(self._keep_but_do_not_count)
            reason = reasons.pop() or "no reason given"
            self.outcome.stop_reason = (
                f"every message of a batch was rejected for the same reason: {reason}"
            )
            return
        self._record(self.refused)
        self.outcome.rejected += len(self.refused)

    def _keep_but_do_not_count(self) -> int:
        """Store the rejections as reports and requeue the messages for another attempt."""
        with transaction.atomic():
            claimed = Message.objects.claimed_by(self.batch.claim)
            claimed.update(resent_after=F("attempts"))
            recorder.record(self.refused, self.clock.now())
            return self._requeue(self.batch.messages)

    def _record(self, reports: Sequence[Report]) -> None:
        self._insist(lambda: recorder.record(reports, self.clock.now(), self._fresh()))

    def _insist(self, write: Callable[[], _Written]) -> _Written:
        """Run `write`, and retry after a deadlock or while the database is unavailable.

        A thread of this package retries until shortly before the lease ends: until then no other
        worker marks these messages as unconfirmed. A thread of the site gives up sooner.
        """
        tries = 0
        while True:
            try:
                return write()
            except OperationalError:
                tries += 1
                if tries >= _RECORD_TRIES and not self._may_try_longer():
                    raise
                self.clock.sleep(min(_RECORD_PAUSE * 2 ** min(tries - 1, 5), _RECORD_PAUSE_MAX))
                database_connections.discard_broken()

    def _may_try_longer(self) -> bool:
        patient = database_connections.is_own_thread() and not self.clock.stopping
        return patient and self.clock.now() + _RECORD_MARGIN < self.batch.lease_until


def _keys(part: Sequence[Claimed]) -> Any:
    return keys_in(Message, [message.pk for message in part])


def _refusal(message: Claimed, payload: dict[str, Any]) -> Report:
    return Report(
        source=Source.SUBMIT,
        status=Status.REJECTED,
        raw_status=Status.REJECTED.value,
        payload=payload,
        message_id=message.pk,
        attempt=message.attempts,
    )


def _reason(report: Report) -> str:
    """Return the reason of the rejection, without any phone number that SMSBAT quotes."""
    code, text = answers.read_error(report.payload)
    return ", ".join(filter(None, [code, phones.redact(text)]))
