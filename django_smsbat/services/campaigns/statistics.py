"""Counts of what became of messages, read from the database for people and programs to look at."""

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
    """How far a campaign has come: messages by status."""

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
        """Those that reached the phone, read or not."""
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
    """Also of messages whose rows were purged."""
    rows = Message.objects.filter(campaign=campaign).order_by().values_list("status")
    counted = Counter({Status(status): n for status, n in rows.annotate(n=Count("pk"))})
    for status, n in _purged(campaign).values_list("status", "messages"):
        counted[Status(status)] += n
    return Progress(counted)


_FORESEEN: Final = timedelta(days=30)


def estimated_end(campaign: Campaign, told: Progress, now: datetime) -> datetime | None:
    """When the last message will have left, at the speed so far; None where that cannot be said."""
    done = told.total - told.unsent
    if campaign.status != CampaignStatus.SENDING or not (done and told.unsent):
        return None
    if campaign.started_at is None or now <= campaign.started_at:
        return None
    left = (now - campaign.started_at).total_seconds() * told.unsent / done
    return now + timedelta(seconds=left) if left < _FORESEEN.total_seconds() else None


@dataclass(frozen=True)
class OverTime:
    """Deliveries by time: so many slots of that length, the empty ones left out of the counts."""

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
    """None while nothing is delivered. What came later than the chart is long is left out."""
    reached = Message.objects.filter(campaign=campaign, status__in=_REACHED).order_by()
    ends = reached.aggregate(first=Min("final_at"), last=Max("final_at"))
    first, last = ends["first"], ends["last"]
    if first is None:
        return None
    span = last - first
    slot, truncate = next((s for s in _SLOTS if span / s[0] < _SLOTS_MAX - 1), _SLOTS[-1])
    # In UTC: databases without tables of time zones can do it too.
    counted = reached.values_list(truncate("final_at", tzinfo=UTC)).annotate(n=Count("pk"))
    counts = {at: n for at, n in counted if at is not None}
    begin = min(counts)
    slots = min(_SLOTS_MAX, (max(counts) - begin) // slot + 1)
    return OverTime(begin, slot, slots, counts)


@dataclass(frozen=True)
class Failure:
    """Why messages of a campaign did not arrive, and how many.

    Attributes:
        code: SMSBAT's, or our own word; empty where none was told.
        example: what was told with one of them, in words.
    """

    status: Status
    code: str
    messages: int
    example: str

    @property
    def words(self) -> str:
        """For people: the status in their language, and the code."""
        return " · ".join(filter(None, [str(STATUS_LABELS[self.status]), self.code]))


def reasons_of_failure(campaign_id: int, among: int) -> list[Failure]:
    """The reasons of so many of its failed messages, not counted further: for who only chooses."""
    failed = Message.objects.filter(campaign=campaign_id, status__in=_FAILURES).order_by()
    found = Counter(failed.values_list("status", "error_code")[:among])
    return [Failure(Status(status), code, n, "") for (status, code), n in found.most_common()]


def failures(campaign_id: int) -> list[Failure]:
    """The reasons, the most frequent first."""
    failed = Message.objects.filter(campaign=campaign_id, status__in=_FAILURES).order_by()
    counted = failed.values_list("status", "error_code").annotate(n=Count("pk"))
    told = counted.annotate(example=Max("error_message")).order_by("-n", "status", "error_code")
    return [Failure(Status(status), code, n, example) for status, code, n, example in told]


@dataclass(frozen=True)
class Costs:
    """What SMSBAT has told of costs, in one currency; empty where it never named one.

    Attributes:
        amount: the sum over messages and attempts.
        priced: of how many messages a cost was told.
        parts: billed parts of these.
        delivered: how many of all messages arrived; 0 where costs are in several currencies.
    """

    currency: str
    amount: Decimal
    priced: int
    parts: int
    delivered: int

    @property
    def per_delivered(self) -> Decimal | None:
        """Cost for each message that arrived; None where that cannot be said."""
        return self.amount / self.delivered if self.delivered else None


@dataclass(frozen=True)
class Results:
    """What a campaign came to.

    Attributes:
        by_channel: how many each channel delivered; those of which no report named it under "".
        by_fallback: how many the SMS fallback reached.
        costs: by currency.
        replies: incoming messages that answer one of its messages.
        requests: HTTP requests for it: those that sent, and those that asked for a status.
        duration: from its launch to the last message that became final; None before that.
    """

    progress: Progress
    by_channel: Counter[str]
    by_fallback: int
    costs: list[Costs]
    replies: int
    requests: int
    duration: timedelta | None


def results(campaign: Campaign) -> Results:
    """Everything is read from the database; nothing is remembered from the sending."""
    messages = Message.objects.filter(campaign=campaign)
    told = messages.aggregate(
        sends=Count("messagelist_id", distinct=True, filter=~Q(messagelist_id="")),
        polls=Sum("polls"),
        last=Max("final_at"),
    )
    replies = messages.aggregate(n=Count("replies"))["n"]
    purged = _purged(campaign).aggregate(
        replies=Sum("replies"), requests=Sum("requests"), last=Max("last_final_at")
    )
    reached = by_channel(campaign)
    last = max(filter(None, [told["last"], purged["last"]]), default=None)
    by_sms = 0 if campaign.type == MessageType.SMS else reached[_SMS]
    return Results(
        progress=progress(campaign),
        by_channel=reached,
        by_fallback=by_sms,
        costs=costs(campaign, reached.total()),
        replies=replies + (purged["replies"] or 0),
        requests=told["sends"] + (told["polls"] or 0) + (purged["requests"] or 0),
        duration=last - campaign.started_at if last and campaign.started_at else None,
    )


def _purged(campaign: Campaign) -> QuerySet[PurgedMessages]:
    return PurgedMessages.objects.filter(campaign=campaign)


def by_channel(campaign: Campaign) -> Counter[str]:
    """How many each channel delivered; those of which no report named it under ""."""
    reached = Message.objects.filter(campaign=campaign, status__in=_REACHED).order_by()
    counted = reached.values_list("delivered_by").annotate(n=Count("pk"))
    found = Counter(dict(counted))
    kept = _purged(campaign).filter(status__in=_REACHED).values_list("delivered_by", "messages")
    for channel, n in kept:
        found[channel] += n
    return found


def costs(campaign: Campaign, delivered: int) -> list[Costs]:
    """What was told of costs, by currency; `delivered` is how many messages arrived."""
    priced = Message.objects.filter(campaign=campaign).exclude(cost=None).order_by()
    live = priced.values_list("currency").annotate(Sum("cost"), Count("pk"), Sum("parts"))
    kept = _purged(campaign).exclude(priced=0).values_list("currency").order_by()
    sums: dict[str, tuple[Decimal, int, int]] = {}
    counted = (*live, *kept.annotate(Sum("cost"), Sum("priced"), Sum("parts")))
    for currency, amount, count, parts in counted:
        before = sums.get(currency, (Decimal(), 0, 0))
        sums[currency] = (before[0] + exact(amount), before[1] + count, before[2] + (parts or 0))
    named = [currency for currency in sums if currency]
    if len(named) == 1 and "" in sums:  # callbacks name no currency
        bare, own = sums.pop(""), sums[named[0]]
        sums[named[0]] = (bare[0] + own[0], bare[1] + own[1], bare[2] + own[2])
    arrived = delivered if len(sums) == 1 else 0
    return [Costs(currency, *told, arrived) for currency, told in sorted(sums.items())]
