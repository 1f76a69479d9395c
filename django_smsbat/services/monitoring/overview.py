"""The summary of the current day on the admin's index page."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count

from django_smsbat.db.key_search import keys_around
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Campaign, CampaignStatus, InboundMessage, Message, PurgedMessages
from django_smsbat.services.campaigns.statistics import Progress
from django_smsbat.services.inbound import inbox
from django_smsbat.services.monitoring import health
from django_smsbat.services.monitoring.health import Health

_CAMPAIGNS_MAX: Final = 20
_RUNNING: Final = (CampaignStatus.SENDING, CampaignStatus.PAUSED, CampaignStatus.SCHEDULED)


@dataclass(frozen=True)
class Overview:
    """The data of the dashboard.

    Attributes:
        today: messages created since midnight, by status.
        replies: incoming messages since midnight.
        unread: unread incoming messages.
        probable_opt_outs: incoming messages that may ask to opt out and wait for a decision.
        campaigns: sending, paused and scheduled campaigns, the latest first.
        is_new: whether the site has never created a message.
    """

    today: Progress
    replies: int
    unread: int
    probable_opt_outs: int
    health: Health
    campaigns: list[Campaign]
    is_new: bool


def look(midnight: datetime, now: datetime) -> Overview:
    """Return the summary of the day.

    Args:
        midnight: the beginning of the day in the user's time zone.
    """
    [(low, _high)] = keys_around(Message.objects.all(), "created_at", [midnight])
    today = Message.objects.filter(pk__gte=low, created_at__gte=midnight).order_by()
    counted = today.values_list("status").annotate(n=Count("pk"))
    running = Campaign.objects.filter(status__in=_RUNNING).order_by("-pk")
    return Overview(
        today=Progress(Counter({Status(status): n for status, n in counted})),
        replies=InboundMessage.objects.filter(received_at__gte=midnight).count(),
        unread=inbox.unread_count(),
        probable_opt_outs=inbox.probable_opt_out_count(),
        health=health.look(now),
        campaigns=list(running[:_CAMPAIGNS_MAX]),
        is_new=not (Message.objects.exists() or PurgedMessages.objects.exists()),
    )
