"""Claim messages for a worker: commit them as `sending`, count the attempt and set a lease.

Only messages that may be sent now are claimed: their campaign is `sending`, no back-off or quiet
hours apply, and the recipient has not opted out.
"""

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, TextField
from django.db.models.functions import Cast
from django.views.decorators.debug import sensitive_variables

from django_smsbat import conf
from django_smsbat.db.set_based import keys_in
from django_smsbat.gateway.dialects import Outgoing
from django_smsbat.gateway.message_types import MessageType, is_promotional
from django_smsbat.gateway.messages import Content
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Backoff, Campaign, CampaignStatus, Message, Recipient, Suppression
from django_smsbat.models.message import MessageQuerySet, customer_message_id
from django_smsbat.services.campaigns import budget, quiet_hours
from django_smsbat.services.campaigns.quiet_hours import QuietHours
from django_smsbat.services.consent import suppression
from django_smsbat.services.sending import backoff
from django_smsbat.services.tracking import recorder

_OWN: Final = (
    *("pk", "to", "nonce", "attempts", "resent_after", "time_zone"),
    *("unwelcome", "anybody_erased", "has_budget"),
)
_ANYBODY_ERASED: Final = _OWN.index("anybody_erased")
_HAS_BUDGET: Final = _OWN.index("has_budget")
_CONTENT: Final = ("type", "sender", "text", "data", "ttl", "fallback_text")
PROMOTIONAL_ALONE: Final = [
    kind.value for kind in MessageType if is_promotional(kind, transactional_campaign=None)
]


@dataclass(slots=True, repr=False)
class Claimed(Outgoing):
    """A claimed message, ready to send. Not a model: a campaign creates one per message."""

    pk: int
    attempts: int
    resent_after: int
    time_zone: str


class _Rows(list[tuple[Any, ...]]):
    """Database rows. The repr hides them, because error reports show local variables."""

    def __repr__(self) -> str:
        return f"<{len(self)} rows>"


@dataclass
class Batch:
    """Messages that a worker has claimed, and the end of its lease."""

    claim: uuid.UUID
    messages: Sequence[Claimed]
    lease_until: datetime
    campaign_id: int | None
    account: str

    def __len__(self) -> int:
        return len(self.messages)

    @property
    def is_first_attempt(self) -> bool:
        """Whether no message in the batch was sent before."""
        return all(message.attempts == 1 for message in self.messages)

    @property
    def last_id(self) -> int:
        return self.messages[-1].pk


def lease_from(now: datetime) -> datetime:
    return now + timedelta(seconds=conf.current().lease)


def singles(now: datetime, account: str | None = None) -> MessageQuerySet:
    """Return the queued single messages that may be sent now, for one account or for all."""
    queued = Message.objects.filter(campaign=None).queued()
    if account is not None:
        queued = queued.filter(account=account)
    if quiet_hours.in_quiet_hours(now):
        return queued.exclude(type__in=PROMOTIONAL_ALONE)
    return queued


def claim_singles(
    size: int, now: datetime, account: str, keys: Sequence[int] | None = None
) -> Batch | None:
    """Claim single messages of an account; if `keys` is set, only those messages."""
    wanted = singles(now, account)
    if keys is not None:
        wanted = wanted.filter(pk__in=keys_in(Message, keys))
    hours = quiet_hours.at(now)
    return _claim(wanted, size, now, account=account, campaign=None, hours=hours)


def claim_campaign(campaign: Campaign, size: int, now: datetime, after: int = 0) -> Batch | None:
    """Claim queued messages of a campaign with keys greater than `after`.

    The claim itself checks that the campaign is `sending`, so a pause stops the next claim.
    """
    still = Campaign.objects.filter(pk=campaign.pk, status=CampaignStatus.SENDING)
    wanted = Message.objects.filter(
        _within_canary(campaign), campaign=campaign, campaign__in=still.values("pk"), pk__gt=after
    ).queued()
    hours = quiet_hours.at(now) if campaign.is_promotional else None
    if hours:
        wanted = wanted.filter(hours.awake())
    return _claim(wanted, size, now, account=campaign.account, campaign=campaign, hours=hours)


def _within_canary(campaign: Campaign) -> Q:
    last = campaign.canary_last_id
    return Q() if last is None else Q(pk__lte=last)


def _claim(
    wanted: MessageQuerySet,
    size: int,
    now: datetime,
    *,
    account: str,
    campaign: Campaign | None,
    hours: QuietHours | None,
) -> Batch | None:
    """Claim up to `size` messages in a durable transaction.

    Inside a caller's transaction the claim would not be committed, and a rollback would undo it.
    If all recipients in a batch have opted out, their messages are cancelled and the next batch
    is tried.
    """
    name = backoff.of(backoff.SEND, account)
    held_back = Backoff.objects.filter(name=name, not_before__gt=now)
    wanted = _readable(wanted.filter(~Exists(held_back)), campaign)
    is_bound = who_is_bound(campaign)
    last = 0
    while True:
        with transaction.atomic(durable=True):
            is_limited = campaign is not None and campaign.budget is not None
            allowed = budget.allowance(campaign, size) if campaign and is_limited else size
            rows = wanted.filter(pk__gt=last).order_by("pk").locked(skip=True)
            found = _Rows(rows.values_list(*_OWN, *_CONTENT)[:allowed] if allowed else ())
            if campaign and not is_limited and found and found[0][_HAS_BUDGET]:
                campaign.refresh_from_db(fields=["budget"])  # the budget was set meanwhile
                continue
            welcome, refused = _read(found, is_bound)
            _cancel_opted_out(refused, now)
            claim = uuid.uuid4()
            key = campaign.pk if campaign else None
            batch = Batch(claim, welcome, lease_from(now), key, account)
            if hours:
                _shorten([message for message in welcome if is_bound(message.content.type)], hours)
            _hold(batch)
            if campaign:
                budget.draw(campaign, len(welcome))
        if welcome:
            return batch
        if not found:
            return None
        last = found[-1][0]


def _readable(wanted: MessageQuerySet, campaign: Campaign | None) -> MessageQuerySet:
    opted_out = Recipient.objects.filter(phone=OuterRef("to"), opted_out_at__isnull=False)
    key = campaign.pk if campaign else 0
    return wanted.annotate(
        data=Cast("message_data", TextField()),
        unwelcome=Exists(opted_out),
        anybody_erased=Exists(Suppression.objects.all()),
        has_budget=Exists(Campaign.objects.filter(pk=key, budget__isnull=False)),
    )


def who_is_bound(campaign: Campaign | None) -> Callable[[str], bool]:
    """Return a function that checks whether a message type requires consent."""
    if campaign is None:
        return lambda kind: kind in PROMOTIONAL_ALONE
    bound = campaign.is_promotional
    return lambda kind: bound


@sensitive_variables()
def _read(
    rows: Sequence[Sequence[Any]], is_bound: Callable[[str], bool]
) -> tuple[list[Claimed], list[Claimed]]:
    """Split rows into messages to send and messages to recipients who opted out since the launch.

    Messages with equal content share one `Content`, so that it is built and serialised once.
    """
    contents: dict[tuple[Any, ...], Content] = {}
    parsed: dict[str, Any] = {}
    welcome: list[Claimed] = []
    refused: list[Claimed] = []
    width = len(_OWN)
    erased = (
        suppression.among({row[1] for row in rows}) if rows and rows[0][_ANYBODY_ERASED] else ()
    )
    for row in rows:
        content_key = tuple(row[width:])
        content = contents.get(content_key)
        if content is None:
            kind, sender, text, data, ttl, fallback_text = content_key
            if data not in parsed:
                parsed[data] = json.loads(data)
            content = contents[content_key] = Content(
                type=kind,
                sender=sender,
                text=text,
                message_data=parsed[data],
                ttl=ttl,
                fallback_text=fallback_text,
            )
        key, to, nonce, attempts, resent_after, zone, unwelcome, *_ = row[:width]
        no_more = unwelcome or to in erased
        side = refused if no_more and is_bound(content.type) else welcome
        own_id = customer_message_id(key, nonce)
        side.append(Claimed(own_id, to, content, key, attempts, resent_after, zone))
    return welcome, refused


def _cancel_opted_out(refused: Sequence[Claimed], now: datetime) -> None:
    reason = "the recipient opted out"
    recorder.record(
        [recorder.local(m, Status.CANCELLED, "opted_out", reason) for m in refused], now
    )


def _shorten(messages: Sequence[Claimed], hours: QuietHours) -> None:
    """Limit the TTL so that it ends before quiet hours begin in the recipient's time zone.

    Only the request is changed: an attempt on another day has the full TTL again.
    """
    ends = {zone: hours.seconds_left(zone) for zone in {m.time_zone for m in messages}}
    # Keyed by `id`. The original is stored too, so that its id cannot be reused.
    known: dict[tuple[int, int], tuple[Content, Content]] = {}
    for message in messages:
        content, seconds = message.content, ends[message.time_zone]
        if content.ttl is None or content.ttl > seconds:
            pair = known.setdefault(
                (id(content), seconds), (content, replace(content, ttl=seconds))
            )
            message.content = pair[1]


def _hold(batch: Batch) -> None:
    if not batch.messages:
        return
    keys = [message.pk for message in batch.messages]
    Message.objects.queued().among(keys).update(
        attempts=F("attempts") + 1,
        status=Status.SENDING.value,
        error_code="",
        error_message="",
        claim=batch.claim,
        lease_until=batch.lease_until,
    )
    for message in batch.messages:
        message.attempts += 1
