"""Where messages are sent: claimed with a lease, handed to SMSBAT, their answer recorded.

A message is committed as `sending` before its request leaves, and its answer is committed before
the next batch is claimed. So a worker may die at any moment: what it held becomes `unconfirmed`
when the lease runs out, and the software never sends such a message again on its own.
"""

import logging
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from django_smsbat import conf
from django_smsbat.gateway.client import Client
from django_smsbat.gateway.message_types import MessageType, is_promotional
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Campaign, CampaignStatus, Message, Recipient
from django_smsbat.models.message import MessageQuerySet
from django_smsbat.services import campaigns, connection, delivery, holdback, tracking
from django_smsbat.services.clock import Clock, SystemClock
from django_smsbat.services.delivery import Batch, Outcome

logger = logging.getLogger("django_smsbat")

_SETTLE_CHUNK: Final = 1_000
_PROMOTIONAL_ALONE: Final = [
    kind.value for kind in MessageType if is_promotional(kind, transactional_campaign=None)
]


@dataclass
class Summary:
    """What one run did. Counts are messages; `requests` are HTTP requests.

    Attributes:
        failure: why the run stopped before its work was done, empty when it did not.
        paused: campaigns that paused themselves, with their reasons.
    """

    taken: int = 0
    rejected: int = 0
    unconfirmed: int = 0
    requests: int = 0
    failure: str = ""
    paused: list[str] = field(default_factory=list)

    @property
    def settled(self) -> int:
        return self.taken + self.rejected + self.unconfirmed

    def add(self, outcome: Outcome) -> None:
        self.taken += outcome.taken
        self.rejected += outcome.rejected
        self.unconfirmed += outcome.unconfirmed
        self.requests += outcome.requests


def submit_queued(
    *,
    campaign_id: int | None = None,
    limit: int | None = None,
    client: Client | None = None,
    clock: Clock | None = None,
    on_progress: Callable[[int], object] = lambda settled: None,
) -> Summary:
    """Start what is due, and send what is queued until there is nothing left to send.

    Args:
        campaign_id: only this campaign's messages; all campaigns and single messages otherwise.
        limit: at most so many messages.
        on_progress: called after each batch with the number of messages that it settled.

    Raises:
        ImproperlyConfigured: when the settings do not say how to reach SMSBAT.
    """
    client, clock = client or connection.client(), clock or SystemClock()
    summary = Summary(paused=[_told(c) for c in campaigns.launch_due(clock.now())])
    campaigns.cancel_leftovers(clock.now())
    refusals = 0
    while not clock.stopping and not summary.failure:
        settle_lost(clock.now())
        if delay := holdback.remaining(holdback.SEND, clock.now()):
            summary.failure = holdback.wait(delay, clock)
            continue
        batch = _next_batch(campaign_id, _room(limit, summary), clock.now())
        if batch is None:
            break
        outcome = delivery.deliver(batch, client, clock)
        summary.add(outcome)
        on_progress(outcome.settled)
        _after_setback(batch.campaign_id, outcome, summary, clock.now())
        refusals = refusals + 1 if outcome.held_back else 0
        if refusals == holdback.REFUSALS_MAX:
            summary.failure = f"gave up after {refusals} failures in a row: {outcome.error}"
        if limit is not None and batch.campaign_id is not None:
            campaigns.finish_if_done(batch.campaign_id, clock.now())
    return summary


def submit_now(
    message_ids: Sequence[int], *, client: Client | None = None, clock: Clock | None = None
) -> None:
    """Send these single messages at once, in batches.

    What SMSBAT does not take now stays queued for the workers.
    """
    client, clock = client or connection.client(), clock or SystemClock()
    size = conf.current().batch_size
    for start in range(0, len(message_ids), size):
        if delay := holdback.remaining(holdback.SEND, clock.now()):
            words = f"SMSBAT asked to be left alone for {delay:.0f} more seconds"
            _explain(message_ids[start:], "held_back", words)
            return
        wanted = _singles(clock.now()).filter(pk__in=message_ids[start : start + size])
        batch = _claim(wanted, size, clock.now(), None)
        error = delivery.deliver(batch, client, clock).error if batch else None
        if error:
            _explain(message_ids[start:], error.kind.name.lower(), error.explanation)
            return
    if in_quiet_hours(clock.now()):
        _explain(message_ids, "quiet_hours", "nothing promotional is sent now")


def _explain(message_ids: Sequence[int], code: str, words: str) -> None:
    """Say on messages that wait why they do."""
    waiting = Message.objects.filter(pk__in=message_ids).queued()
    waiting.update(error_code=code, error_message=words)


def settle_lost(now: datetime) -> int:
    """Make `unconfirmed` what a worker held longer than its lease; returns how many."""
    settled = 0
    while True:
        with transaction.atomic():
            lost = list(
                Message.objects.lease_over(now).order_by("pk").locked(skip=True)[:_SETTLE_CHUNK]
            )
            words = "the worker that sent it fell silent"
            reports = [tracking.local(m, Status.UNCONFIRMED, "lease_over", words) for m in lost]
            moved = len(tracking.record(reports, now))
        if not moved:
            return settled
        logger.warning("%d messages became unconfirmed: their worker fell silent", moved)
        settled += moved
        for campaign_id in {m.campaign_id for m in lost if m.campaign_id is not None}:
            campaigns.finish_if_done(campaign_id, now)


def in_quiet_hours(now: datetime) -> bool:
    """Whether nothing promotional may leave now, by the clock of this site's time zone."""
    hours = conf.current().quiet_hours
    if hours is None:
        return False
    start, end = hours
    moment = timezone.localtime(now, timezone.get_default_timezone()).time()
    if start < end:
        return start <= moment < end
    return moment >= start or moment < end  # over midnight


def _room(limit: int | None, summary: Summary) -> int:
    size = conf.current().batch_size
    return size if limit is None else max(0, min(size, limit - summary.settled))


def _next_batch(campaign_id: int | None, size: int, now: datetime) -> Batch | None:
    """Claim from the single messages, else from the first campaign that has something to send."""
    if not size:
        return None
    if campaign_id is None and (batch := _claim(_singles(now), size, now, None)):
        return batch
    for campaign in _sending(campaign_id):
        if campaign.is_promotional and in_quiet_hours(now):
            continue
        # Asked within the claim: after a pause nothing more is claimed.
        still = Campaign.objects.filter(pk=campaign.pk, status=CampaignStatus.SENDING)
        queued = Message.objects.filter(campaign=campaign, campaign__in=still.values("pk")).queued()
        if batch := _claim(queued, size, now, campaign):
            return batch
        campaigns.finish_if_done(campaign.pk, now)
    return None


def _singles(now: datetime) -> MessageQuerySet:
    singles = Message.objects.filter(campaign=None).queued()
    return singles.exclude(type__in=_PROMOTIONAL_ALONE) if in_quiet_hours(now) else singles


def _sending(campaign_id: int | None) -> Iterable[Campaign]:
    sending = Campaign.objects.filter(status=CampaignStatus.SENDING).order_by("started_at", "pk")
    return sending if campaign_id is None else sending.filter(pk=campaign_id)


def _claim(
    wanted: MessageQuerySet, size: int, now: datetime, campaign: Campaign | None
) -> Batch | None:
    """Take messages for ourselves: committed as `sending`, the attempt counted, with a lease.

    Durable: inside somebody's transaction it would be no commit, and a rollback would forget it.
    """
    last = 0
    while True:
        with transaction.atomic(durable=True):
            rows = wanted.filter(pk__gt=last).order_by("pk").locked(skip=True)
            found = list(rows[:size])
            messages = _without_opted_out(found, now, campaign)
            batch = Batch(
                claim=uuid.uuid4(),
                messages=messages,
                lease_until=delivery.lease_from(now),
                campaign_id=campaign.pk if campaign else None,
            )
            _hold(batch)
        if messages:
            return batch
        if not found:
            return None
        last = found[-1].pk


def _hold(batch: Batch) -> None:
    held = {
        "status": Status.SENDING.value,
        "claim": batch.claim,
        "lease_until": batch.lease_until,
    }
    keys = [message.pk for message in batch.messages]
    Message.objects.filter(pk__in=keys).update(attempts=F("attempts") + 1, **held)
    for message in batch.messages:
        message.attempts += 1
        message.__dict__.update(held)


def _without_opted_out(
    messages: Sequence[Message], now: datetime, campaign: Campaign | None
) -> list[Message]:
    """Consent is asked again at the last moment: who opted out since the launch gets nothing."""
    said = campaign.is_transactional if campaign else None
    bound = {m.pk: m.to for m in messages if is_promotional(m.type, transactional_campaign=said)}
    if not bound:
        return [*messages]
    opted_out = Recipient.objects.filter(phone__in=bound.values(), opted_out_at__isnull=False)
    unwelcome = set(opted_out.values_list("phone", flat=True))
    refused = [message for message in messages if bound.get(message.pk) in unwelcome]
    words = "the recipient opted out"
    tracking.record([tracking.local(m, Status.CANCELLED, "opted_out", words) for m in refused], now)
    return [message for message in messages if bound.get(message.pk) not in unwelcome]


def _after_setback(
    campaign_id: int | None, outcome: Outcome, summary: Summary, now: datetime
) -> None:
    """What is wrong for everybody pauses the campaign, or ends the run of single messages."""
    if outcome.put_back and campaign_id is not None:
        campaigns.cancel_leftovers(now, campaign_id)
    if not outcome.stop_reason:
        return
    if campaign_id is None:
        summary.failure = outcome.stop_reason
        return
    campaign = Campaign.objects.get(pk=campaign_id)
    try:
        campaigns.pause(campaign, outcome.stop_reason)
    except campaigns.Refused:
        return  # a person paused or cancelled it meanwhile
    summary.paused.append(_told(campaign))


def _told(campaign: Campaign) -> str:
    return f"campaign {campaign.pk} is paused: {campaign.pause_reason}"
