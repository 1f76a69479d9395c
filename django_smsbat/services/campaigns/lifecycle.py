"""Control a campaign: the functions behind the buttons of the admin.

`launching` launches campaigns; `states` defines the allowed transitions.
"""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from django_smsbat import runners, signals
from django_smsbat.gateway.statuses import UNDELIVERED, UNSENT, Status
from django_smsbat.models import Campaign, CampaignStatus, Message
from django_smsbat.models.content import CONTENT_FIELDS
from django_smsbat.services import signal_dispatch
from django_smsbat.services.campaigns import approval, canary, states
from django_smsbat.services.campaigns.canary import hold
from django_smsbat.services.campaigns.launching import (
    check,
    launch,
    launch_due,
    schedule,
    unschedule,
)
from django_smsbat.services.campaigns.states import EDITABLE, may, move
from django_smsbat.services.exceptions import ActionNotAllowed
from django_smsbat.services.tracking import recorder

__all__ = [
    "EDITABLE",
    "ActionNotAllowed",
    "cancel",
    "check",
    "duplicate",
    "finish_if_done",
    "hold",
    "launch",
    "launch_due",
    "may",
    "pause",
    "resume",
    "retry_failed",
    "schedule",
    "unschedule",
]

_CHUNK: Final = 2_000
# Statuses that a retry sends again. Not `cancelled`, which was a decision.
_RETRIED: Final = [status.value for status in UNDELIVERED]


def pause(campaign: Campaign, reason: str = "") -> None:
    """Pause the campaign. Batches that are already claimed are still sent."""
    move(campaign, "pause", CampaignStatus.PAUSED, pause_reason=reason)


def resume(campaign: Campaign, *, fingerprint: str | None = None) -> None:
    """Continue a paused campaign; launch it if it was never launched.

    If the canary was sent, the rest follows.

    Args:
        fingerprint: the fingerprint of the preflight that the person saw, if this launches it.
    """
    if campaign.started_at is None:
        with transaction.atomic():  # after a failed launch it stays paused, with its reason
            move(campaign, "resume", CampaignStatus.DRAFT, pause_reason="")
            launch(campaign, fingerprint=fingerprint)
        return
    last = None if canary.is_out(campaign) else campaign.canary_last_id
    move(
        campaign,
        "resume",
        CampaignStatus.SENDING,
        pause_reason="",
        canary_last_id=last,
        canary_is_out=False,
    )
    finish_if_done(campaign.pk)
    transaction.on_commit(runners.wake)


def cancel(campaign: Campaign, now: datetime | None = None) -> int:
    """Cancel the campaign for good. Messages that SMSBAT already has cannot be recalled.

    Returns:
        How many messages became `cancelled`.
    """
    now = now or timezone.now()
    move(campaign, "cancel", CampaignStatus.CANCELLED, finished_at=now)
    return cancel_leftovers(now, campaign.pk)


def cancel_leftovers(now: datetime, campaign_id: int | None = None) -> int:
    """Cancel the queued messages of cancelled campaigns; return how many.

    Every run of a worker starts with this: another worker may have requeued messages after the
    cancellation, or a process may have died during it.
    """
    cancelled = Campaign.objects.filter(status=CampaignStatus.CANCELLED)
    if campaign_id is not None:
        cancelled = cancelled.filter(pk=campaign_id)
    queued = Message.objects.filter(campaign__in=cancelled.values("pk")).queued()
    count = 0
    while True:
        with transaction.atomic():
            chunk = list(queued.order_by("pk").locked()[:_CHUNK])
            reports = [recorder.local(m, Status.CANCELLED, "cancelled") for m in chunk]
            moved = len(recorder.record(reports, now))
        count += moved
        if not moved:
            return count


def retry_failed(campaign: Campaign, *, login: str = "") -> int:
    """Requeue the messages that SMSBAT rejected or could not deliver.

    A finished campaign becomes `sending` again. Only reports of the new attempt count.

    Args:
        login: the person who requests the retry, which may need an approval by another person;
            empty for code, which needs none.

    Returns:
        How many messages were queued.

    Raises:
        ActionNotAllowed: if the campaign was not launched or was cancelled, or lacks approval.
    """
    with transaction.atomic():
        # Locked, so that the campaign is not finished or cancelled during the requeue.
        locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if not may(locked, "send again"):
            raise states.refusal(campaign, "send again")
        if login:
            approval.take_retry_approval(locked, login)
        failed = Message.objects.filter(campaign=campaign, status__in=_RETRIED)
        count = failed.requeue()
        if count and locked.status == CampaignStatus.SENT:
            move(campaign, "send again", CampaignStatus.SENDING, finished_at=None)
        transaction.on_commit(runners.wake)
    campaign.refresh_from_db(fields=["status", "finished_at"])
    return count


def duplicate(campaign: Campaign) -> Campaign:
    """Create a draft with the same content and the same lists."""
    copied = (
        *CONTENT_FIELDS,
        "account",
        "is_transactional",
        "canary_size",
        "canary_share",
        "budget",
    )
    longest = Campaign._meta.get_field("name").max_length or 0
    ending = " (2)"
    with transaction.atomic():
        copy = Campaign.objects.create(
            name=campaign.name[: longest - len(ending)] + ending,
            **{name: getattr(campaign, name) for name in copied},
        )
        copy.lists.set(campaign.lists.all())
    return copy


def finish_if_done(campaign_id: int, now: datetime | None = None) -> bool:
    """Mark the campaign as `sent` if no message is queued or being sent; return whether it did.

    Concurrent calls mark it once. If the canary was sent and the rest waits, pause the campaign
    instead.
    """
    unsent = Message.objects.filter(
        campaign=campaign_id, status__in=[status.value for status in UNSENT]
    )
    if unsent.exists():
        campaign = Campaign.objects.get(pk=campaign_id)
        if may(campaign, "pause"):
            canary.pause_when_out(campaign)
        return False
    with transaction.atomic():
        # Checked again under the lock, which a requeue takes too.
        campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
        if unsent.exists() or not may(campaign, "finish"):
            return False
        move(campaign, "finish", CampaignStatus.SENT, finished_at=now or timezone.now())
        signal_dispatch.after_commit(
            signals.campaign_finished, [{"campaign": campaign}], sender=Campaign
        )
    return True


def lock_for_editing(campaign: Campaign) -> bool:
    """Lock the campaign against a launch; return whether its content may still be changed."""
    locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
    return locked.status in EDITABLE
