"""Messages with a code. Their text is never stored.

As for every message, the row is stored before the request. Its text is masked, so no worker can
send it from the database: the caller that has the text sends the message, or it is never sent.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django_smsbat.gateway import answers, messages
from django_smsbat.gateway.answers import MessageResult, SendAnswer
from django_smsbat.gateway.client import Client
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Message
from django_smsbat.services.clock import Clock
from django_smsbat.services.sending import backoff
from django_smsbat.services.sending.claiming import Batch, Claimed, lease_from
from django_smsbat.services.sending.delivery import Delivery
from django_smsbat.services.tracking import recorder


def store(masked: messages.Content, to: str, account: str, clock: Clock) -> Message:
    """Store a message row with masked text, claimed by the caller so that no worker claims it."""
    now = clock.now()
    row = Message.with_content(
        masked,
        to=to,
        account=account,
        status=Status.SENDING.value,
        attempts=1,
        claim=uuid.uuid4(),
        lease_until=lease_from(now),
        purged_at=now,
    )
    row.save(force_insert=True)
    return row


def leave(
    row: Message,
    message: messages.Message,
    *,
    hear: Callable[[MessageResult], object],
    client: Client,
    clock: Clock,
) -> None:
    """Send the text in one request and update the row.

    Args:
        hear: called with SMSBAT's result before the redacted result is recorded.

    Raises:
        ValueError: if the row is not claimed.
    """
    claimed = Claimed(
        row.customer_message_id, row.to, message.content(), row.pk, row.attempts, 0, ""
    )
    if row.claim is None or row.lease_until is None:
        raise ValueError("the row is held by nobody")
    batch = Batch(row.claim, [claimed], row.lease_until, None, row.account)
    outcome = _Delivery(batch, client, clock, hear=hear).run()
    if outcome.error is None:
        backoff.forget_after_success(backoff.of(backoff.SEND, row.account), clock.now())
    row.refresh_from_db()


@dataclass(kw_only=True)
class _Delivery(Delivery):
    """Delivery that redacts SMSBAT's answer and does not requeue, as no worker has the text."""

    hear: Callable[[MessageResult], object] = field(default=lambda result: None)

    def _fresh(self) -> None:
        """Return None, so that `recorder` reads the row: it contains more than a worker's claim."""

    def kept(self, payload: dict[str, Any]) -> dict[str, Any]:
        return answers.redact_payload(payload)

    def answered(self, part: Sequence[Claimed], answer: SendAnswer) -> None:
        for result in answer.results.values():
            self.hear(result)
        super().answered(part, answer)

    def put_back(self, part: Sequence[Claimed]) -> None:
        error = self.outcome.error
        reason = (error.kind.name.lower(), error.explanation) if error else ("not_sent", "")
        reports = [recorder.local(message, Status.FAILED, *reason) for message in part]
        recorder.record(reports, self.clock.now())
