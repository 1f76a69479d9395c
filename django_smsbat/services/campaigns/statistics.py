"""Campaign statistics, counted from the database."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDay, TruncHour, TruncMinute

from django_smsbat.gateway.message_types import TYPES, MessageType
from django_smsbat.gateway.statuses import FAILURES, IN_DELIVERY, REACHED, UNSENT, Status
from django_smsbat.models import Campaign, CampaignStatus, Message, PurgedMessages
from django_smsbat.models.choices import STATUS_LABELS
from django_smsbat.services.money import exact

_REACHED: Final = [status.value for status in REACHED]
_FAILURES: Final = [status.value for status in FAILURES]
_SMS: Final = TYPES[MessageType.SMS].channel


@dataclass(frozen=True)
class Progress:
    """The progress of a campaign: messages by status."""

    by_status: Counter[Status] = field(default_factory=Counter)

    def count(self, *statuses: Status) -> int:
        return sum(self.by_status[status] for status in statuses)

    @property
    def total(self) -> int:
        return self.by_status.total()

    @property
    def unsent(self) -> int:
        return self.count(*UNSENT)

    @property
    def in_delivery(self) -> int:
        return self.count(*IN_DELIVERY)

    @property
    def delivered(self) -> int:
        """Messages that reached the phone, read or not."""
        return self.count(*REACHED)

    @property
    def read(self) -> int:
        return self.count(Status.READ)

    @property
    def failed(self) -> int:
        return self.count(*FAILURES)

    @property
    def cancelled(self) -> int:
        return self.count(Status.CANCELLED)

    @property
    def unconfirmed(self) -> int:
        return self.count(Status.UNCONFIRMED)


def progress(campaign: Campaign) -> Progress:
    """Count the campaign's messages by status, including purged rows."""
    rows = Message.objects.filter(campaign=campaign).order_by().values_list("status")
    counted = Counter({Status(status): n for status, n in rows.annotate(n=Count("pk"))})
    for status, n in _purged(campaign).values_list("status", "messages"):
        counted[Status(status)] += n
    return Progress(counted)


_FORESEEN: Final = timedelta(days=30)


def estimated_end(campaign: Campaign, counted: Progress, now: datetime) -> datetime | None:
    """Estimate when the last message is sent, at the speed so far; None if unknown."""
    done = counted.total - counted.unsent
    if campaign.status != CampaignStatus.SENDING or not (done and counted.unsent):
        return None
    if campaign.started_at is None or now <= campaign.started_at:
        return None
    left = (now - campaign.started_at).total_seconds() * counted.unsent / done
    return now + timedelta(seconds=left) if left < _FORESEEN.total_seconds() else None


@dataclass(frozen=True)
class OverTime:
    """Deliveries by time slot.

    Attributes:
        since: when the first slot begins.
        slot: the length of a slot.
        slots: the number of slots.
        counts: deliveries by the start of their slot; slots without deliveries are omitted.
    """

    since: datetime
    slot: timedelta
    slots: int
    counts: Mapping[datetime, int]


_SLOTS: Final = (
    (timedelta(minutes=1), TruncMinute),
    (timedelta(hours=1), TruncHour),
    (timedelta(days=1), TruncDay),
)
_SLOTS_MAX: Final = 120


def delivered_over_time(campaign: Campaign) -> OverTime | None:
    """Count deliveries by time; None without deliveries. Later ones than `slots` are omitted."""
    reached = Message.objects.filter(campaign=campaign, status__in=_REACHED).order_by()
    ends = reached.aggregate(first=Min("final_at"), last=Max("final_at"))
    first, last = ends["first"], ends["last"]
    if first is None:
        return None
    span = last - first
    slot, truncate = next((s for s in _SLOTS if span / s[0] < _SLOTS_MAX - 1), _SLOTS[-1])
    # In UTC, which also works in databases without time zone tables.
    counted = reached.values_list(truncate("final_at", tzinfo=UTC)).annotate(n=Count("pk"))
    counts = {at: n for at, n in counted if at is not None}
    begin = min(counts)
    slots = min(_SLOTS_MAX, (max(counts) - begin) // slot + 1)
    return OverTime(begin, slot, slots, counts)


@dataclass(frozen=True)
class Failure:
    """A reason of failure, and how many messages of a campaign have it.

    Attributes:
        code: SMSBAT's error code, or our own; empty if there is none.
        example: the error message of one of these messages.
    """

    status: Status
    code: str
    messages: int
    example: str

    @property
    def words(self) -> str:
        """The reason as text: the status in the reader's language, and the code."""
        return " · ".join(filter(None, [str(STATUS_LABELS[self.status]), self.code]))


def reasons_of_failure(campaign_id: int, among: int) -> list[Failure]:
    """Return the reasons of at most `among` failed messages, for filter choices."""
    failed = Message.objects.filter(campaign=campaign_id, status__in=_FAILURES).order_by()
    counts = Counter(failed.values_list("status", "error_code")[:among])
    return [Failure(Status(status), code, n, "") for (status, code), n in counts.most_common()]


def failures(campaign_id: int) -> list[Failure]:
    """Return the reasons of failure, the most frequent first."""
    failed = Message.objects.filter(campaign=campaign_id, status__in=_FAILURES).order_by()
    counted = failed.values_list("status", "error_code").annotate(n=Count("pk"))
    rows = counted.annotate(example=Max("error_message")).order_by("-n", "status", "error_code")
    return [Failure(Status(status), code, n, example) for status, code, n, example in rows]


@dataclass(frozen=True)
class Costs:
    """The costs that SMSBAT reported, in one currency.

    Attributes:
        currency: the currency; empty if SMSBAT never named one.
        amount: the sum over messages and attempts.
        priced: the number of messages with a reported cost.
        parts: the billed parts of these messages.
        delivered: the number of delivered messages; 0 if costs are in several currencies.
    """

    currency: str
    amount: Decimal
    priced: int
    parts: int
    delivered: int

    @property
    def per_delivered(self) -> Decimal | None:
        """The cost for each delivered message; None if `delivered` is 0."""
        return self.amount / self.delivered if self.delivered else None


@dataclass(frozen=True)
class Results:
    """The results of a campaign.

    Attributes:
        by_channel: deliveries by channel; under "" if no report named the channel.
        by_fallback: the number of messages that the SMS fallback delivered.
        costs: by currency.
        replies: incoming messages that answer one of the campaign's messages.
        requests: HTTP requests, both sends and status requests.
        duration: from the launch to the last final message; None if no message is final.
    """

    progress: Progress
    by_channel: Counter[str]
    by_fallback: int
    costs: list[Costs]
    replies: int
    requests: int
    duration: timedelta | None


def results(campaign: Campaign) -> Results:
    """Read the results of a campaign from the database."""
    messages = Message.objects.filter(campaign=campaign)
    totals = messages.aggregate(
        sends=Count("messagelist_id", distinct=True, filter=~Q(messagelist_id="")),
        polls=Sum("polls"),
        last=Max("final_at"),
    )
    replies = messages.aggregate(n=Count("replies"))["n"]
    purged = _purged(campaign).aggregate(
        replies=Sum("replies"), requests=Sum("requests"), last=Max("last_final_at")
    )
    reached = by_channel(campaign)
    last = max(filter(None, [totals["last"], purged["last"]]), default=None)
    by_sms = 0 if campaign.type == MessageType.SMS else reached[_SMS]
    return Results(
        progress=progress(campaign),
        by_channel=reached,
        by_fallback=by_sms,
        costs=costs(campaign, reached.total()),
        replies=replies + (purged["replies"] or 0),
        requests=totals["sends"] + (totals["polls"] or 0) + (purged["requests"] or 0),
        duration=last - campaign.started_at if last and campaign.started_at else None,
    )


def _purged(campaign: Campaign) -> QuerySet[PurgedMessages]:
    return PurgedMessages.objects.filter(campaign=campaign)


def by_channel(campaign: Campaign) -> Counter[str]:
    """Count deliveries by channel; under "" if no report named the channel."""
    reached = Message.objects.filter(campaign=campaign, status__in=_REACHED).order_by()
    counted = reached.values_list("delivered_by").annotate(n=Count("pk"))
    counts = Counter(dict(counted))
    purged = _purged(campaign).filter(status__in=_REACHED).values_list("delivered_by", "messages")
    for channel, n in purged:
        counts[channel] += n
    return counts


def costs(campaign: Campaign, delivered: int) -> list[Costs]:
    """Return the reported costs by currency.

    Args:
        delivered: the number of delivered messages.
    """
    priced = Message.objects.filter(campaign=campaign).exclude(cost=None).order_by()
    live = priced.values_list("currency").annotate(Sum("cost"), Count("pk"), Sum("parts"))
    purged = _purged(campaign).exclude(priced=0).values_list("currency").order_by()
    sums: dict[str, tuple[Decimal, int, int]] = {}
    counted = (*live, *purged.annotate(Sum("cost"), Sum("priced"), Sum("parts")))
    for currency, amount, count, parts in counted:
        before = sums.get(currency, (Decimal(), 0, 0))
        sums[currency] = (before[0] + exact(amount), before[1] + count, before[2] + (parts or 0))
    named = [currency for currency in sums if currency]
    if len(named) == 1 and "" in sums:  # callbacks name no currency
        bare, own = sums.pop(""), sums[named[0]]
        sums[named[0]] = (bare[0] + own[0], bare[1] + own[1], bare[2] + own[2])
    arrived = delivered if len(sums) == 1 else 0
    return [Costs(currency, *totals, arrived) for currency, totals in sorted(sums.items())]
