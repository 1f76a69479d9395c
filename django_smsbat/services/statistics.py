"""Counts of what became of messages, read from the database for people and programs to look at."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Count, Max, Q, Sum

from django_smsbat.gateway.statuses import FAILURES, IN_DELIVERY, UNSENT, Status
from django_smsbat.models import Campaign, Message


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
        return self.count(Status.DELIVERED, Status.READ)

    @property
    def read(self) -> int:
        return self.count(Status.READ)

    @property
    def failed(self) -> int:
        return self.count(*FAILURES)

    @property
    def unconfirmed(self) -> int:
        return self.count(Status.UNCONFIRMED)


def progress(campaign: Campaign) -> Progress:
    rows = Message.objects.filter(campaign=campaign).order_by().values_list("status")
    return Progress(Counter({Status(status): n for status, n in rows.annotate(n=Count("pk"))}))


@dataclass(frozen=True)
class Results:
    """What a campaign came to.

    Attributes:
        by_fallback: how many the SMS fallback reached.
        replies: incoming messages that answer one of its messages.
        requests: HTTP requests for it: those that sent, and those that asked for a status.
        duration: from its launch to the last message that became final; None before that.
    """

    progress: Progress
    by_fallback: int
    replies: int
    requests: int
    duration: timedelta | None


def results(campaign: Campaign) -> Results:
    """Everything is read from the database; nothing is remembered from the sending."""
    messages = Message.objects.filter(campaign=campaign)
    told = messages.aggregate(
        by_fallback=Count("pk", filter=Q(delivered_by="sms") & ~Q(type="sms")),
        sends=Count("messagelist_id", distinct=True, filter=~Q(messagelist_id="")),
        polls=Sum("polls"),
        last=Max("final_at"),
    )
    replies = messages.aggregate(n=Count("replies"))["n"]
    started = campaign.started_at
    return Results(
        progress=progress(campaign),
        by_fallback=told["by_fallback"],
        replies=replies,
        requests=told["sends"] + (told["polls"] or 0),
        duration=told["last"] - started if told["last"] and started else None,
    )
