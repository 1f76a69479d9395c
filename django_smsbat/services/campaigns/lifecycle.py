"""The life of a campaign, for everybody who controls one: the functions that buttons call.

How it is launched stands in `launching`, which state leads to which in `transitions`.
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
# What may be tried once more. What was cancelled was cancelled by somebody's word.
_RETRIED: Final = [status.value for status in UNDELIVERED]


def pause(campaign: Campaign, reason: str = "") -> None:
    """Send no more of it after the batches in hand."""
    move(campaign, "pause", CampaignStatus.PAUSED, pause_reason=reason)


def resume(campaign: Campaign, *, fingerprint: str | None = None) -> None:
    """Go on where it was paused. One that never got to its launch is launched.

    Where the first few were sent ahead, the rest follows.

    Args:
        fingerprint: of the preflight that somebody looked at, where it is yet to be launched.
    """
    if campaign.started_at is None:
        with transaction.atomic():  # what cannot be launched stays paused, with its reason
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
    """Send no more of it, ever. What was handed to SMSBAT already can't be called back.

    Returns:
        How many messages became `cancelled`.
    """
    now = now or timezone.now()
    move(campaign, "cancel", CampaignStatus.CANCELLED, finished_at=now)
    return cancel_leftovers(now, campaign.pk)


def cancel_leftovers(now: datetime, campaign_id: int | None = None) -> int:
    """Cancel what is queued of cancelled campaigns; returns how many messages.

    Also what a worker put back to the queue afterwards, or what a process that died in the middle
    of cancelling left behind: every run of the workers begins with this.
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
    """Send again what SMSBAT rejected or could not deliver. A finished campaign is sending again.

    It is a new attempt: only its reports will count.

    Args:
        login: of the person who asks for it; an approval by somebody else may be needed then.

    Returns:
        How many messages were queued.

    Raises:
        ActionNotAllowed: if the campaign was not launched or was cancelled, or lacks approval.
    """
    with transaction.atomic():
        # Locked: it can be neither finished nor cancelled while we queue again.
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
    """A draft that says the same to the same lists."""
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
        made = Campaign.objects.create(
            name=campaign.name[: longest - len(ending)] + ending,
            **{name: getattr(campaign, name) for name in copied},
        )
        made.lists.set(campaign.lists.all())
    return made


def finish_if_done(campaign_id: int, now: datetime | None = None) -> bool:
    """Say `sent` when no message is queued or being sent any more; once, whoever asks.

    One whose first few have left, and whose rest waits for them, is paused instead.
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
        # Looked at again under the lock: whoever queues messages again holds it too.
        campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
        if unsent.exists() or not may(campaign, "finish"):
            return False
        move(campaign, "finish", CampaignStatus.SENT, finished_at=now or timezone.now())
        signal_dispatch.after_commit(
            signals.campaign_finished, [{"campaign": campaign}], sender=Campaign
        )
    return True


def lock_for_editing(campaign: Campaign) -> bool:
    """Whether its content may still be changed; nobody launches it before the transaction ends."""
    locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
    return locked.status in EDITABLE
