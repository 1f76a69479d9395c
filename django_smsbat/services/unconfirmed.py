"""Messages of which nobody knows whether SMSBAT took them: a person settles them here.

The software never sends such a message again on its own. A later report may still settle it.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from django_smsbat import runners
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Campaign, CampaignStatus, Message
from django_smsbat.services import tracking


def resend(message_ids: Iterable[int]) -> int:
    """Send unconfirmed messages again: whoever did get the first one gets it twice.

    Only reports of the new attempt will count. A campaign that was finished is sending again.

    Returns:
        How many were queued; those that are no longer unconfirmed, or whose campaign was
        cancelled, are left alone.
    """
    keys = list(message_ids)
    with transaction.atomic():
        campaigns = _lock_campaigns(keys)
        over = [c.pk for c in campaigns if c.status == CampaignStatus.CANCELLED]
        finished = [c.pk for c in campaigns if c.status == CampaignStatus.SENT]
        queued = _queue_again(keys, over)
        again = Message.objects.filter(pk__in=keys, campaign__in=finished).queued()
        Campaign.objects.filter(pk__in=list(again.values_list("campaign", flat=True))).update(
            status=CampaignStatus.SENDING, finished_at=None
        )
        transaction.on_commit(runners.wake)
    return queued


def give_up(message_ids: Iterable[int], now: datetime | None = None) -> int:
    """Take unconfirmed messages for failed; a later report of their delivery still counts.

    Returns:
        How many were settled; those that are no longer unconfirmed are left alone.
    """
    with transaction.atomic():
        found = Message.objects.filter(
            pk__in=list(message_ids), status=Status.UNCONFIRMED.value
        ).locked()
        reports = [tracking.local(m, Status.FAILED, "given_up", "given up by hand") for m in found]
        return len(tracking.record(reports, now or timezone.now()))


def _lock_campaigns(message_ids: list[int]) -> list[Campaign]:
    """The campaigns concerned, locked: none can be finished or cancelled while we queue again."""
    ids = Message.objects.filter(pk__in=message_ids).values("campaign")
    return list(Campaign.objects.filter(pk__in=ids).order_by("pk").select_for_update())


def _queue_again(message_ids: list[int], cancelled_campaigns: list[int]) -> int:
    found = Message.objects.filter(pk__in=message_ids, status=Status.UNCONFIRMED.value)
    if cancelled_campaigns:
        found = found.exclude(campaign__in=cancelled_campaigns)
    return found.update(
        status=Status.QUEUED.value,
        resent_after=F("attempts"),
        smsbat_id="",
        messagelist_id="",
        submitted_at=None,
        final_at=None,
        next_poll_at=None,
        claim=None,
        lease_until=None,
        polls=0,
    )
