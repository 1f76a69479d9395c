"""The timeline of a phone: why it did or did not get messages."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.db.models import Q

from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.models import (
    Campaign,
    ConsentChange,
    InboundMessage,
    Message,
    PurgedMessages,
    Recipient,
)

_EACH_MAX: Final = 200  # the latest of each kind


class Kind(StrEnum):
    """The kind of an event."""

    SENT = "sent"  # also if sending failed
    RECEIVED = "received"
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"
    LEFT_OUT = "left_out"  # a campaign to a list of theirs excluded them


@dataclass(frozen=True)
class Happening:
    """An event on the timeline.

    Attributes:
        status: status of a sent message; empty for other events.
        words: the text, or the reason.
        campaign: the campaign of the event.
        why: the error of a failed message; for an exclusion, whether they had opted out.
        key: of the message or the incoming message; 0 for other events.
    """

    at: datetime
    kind: Kind
    status: str = ""
    words: str = field(default="", repr=False)
    campaign: Campaign | None = None
    why: str = ""
    key: int = 0


@private_frames
def history_of(phone: str, recipient: Recipient | None) -> list[Happening]:
    """Return the events of a phone, the latest first.

    Args:
        phone: in E.164.
        recipient: the owner of the phone, if known.
    """
    events = [*_sent(phone), *_received(phone)]
    if recipient is not None:
        changes = _changes(recipient)
        events += changes + _left_out(recipient, changes)
    return sorted(events, key=lambda event: event.at, reverse=True)[:_EACH_MAX]


def _sent(phone: str) -> list[Happening]:
    rows = Message.objects.filter(to=phone).select_related("campaign").order_by("-pk")
    return [
        Happening(
            row.created_at,
            Kind.SENT,
            row.status,
            row.text,
            row.campaign,
            ": ".join(filter(None, [row.error_code, row.error_message])),
            row.pk,
        )
        for row in rows[:_EACH_MAX]
    ]


def _received(phone: str) -> list[Happening]:
    rows = InboundMessage.objects.filter(phone=phone).order_by("-pk")[:_EACH_MAX]
    return [Happening(row.received_at, Kind.RECEIVED, words=row.text, key=row.pk) for row in rows]


def _changes(recipient: Recipient) -> list[Happening]:
    rows = ConsentChange.objects.filter(recipient=recipient).order_by("-at")[:_EACH_MAX]
    return [
        Happening(row.at, Kind.OPTED_OUT if row.is_opt_out else Kind.OPTED_IN, words=row.reason)
        for row in rows
    ]


def _left_out(recipient: Recipient, changes: list[Happening]) -> list[Happening]:
    """Return the campaigns to the recipient's current lists that excluded the recipient."""
    since = recipient.created_at
    went = Campaign.objects.filter(lists__in=recipient.lists.all(), started_at__gte=since)
    own = Message.objects.filter(Q(to=recipient.phone) | Q(recipient=recipient))
    got = own.exclude(campaign=None).values("campaign")
    # Campaigns with purged messages are skipped: their recipients are no longer known.
    purged = PurgedMessages.objects.exclude(campaign=None).values("campaign")
    rows = (
        went.exclude(pk__in=got)
        .exclude(pk__in=purged)
        .distinct()
        .order_by("-started_at")[:_EACH_MAX]
    )
    return [
        Happening(row.started_at, Kind.LEFT_OUT, campaign=row, why=_was_out(row, changes))
        for row in rows
        if row.started_at is not None
    ]


def _was_out(campaign: Campaign, changes: list[Happening]) -> str:
    """Return `OPTED_OUT` if an opt-out applied when the campaign was launched, else nothing."""
    before = [event for event in changes if campaign.started_at and event.at <= campaign.started_at]
    latest = max(before, key=lambda event: event.at, default=None)
    is_out = latest is not None and latest.kind is Kind.OPTED_OUT and campaign.is_promotional
    return Kind.OPTED_OUT.value if is_out else ""
