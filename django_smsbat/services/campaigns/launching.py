"""Check, schedule and launch a campaign. The launch freezes content and audience."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from django_smsbat import runners
from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.models import Campaign, CampaignStatus
from django_smsbat.services.campaigns import approval, audience, canary, preflight, states
from django_smsbat.services.campaigns.audience import AudienceSummary
from django_smsbat.services.exceptions import ActionNotAllowed


def check(campaign: Campaign) -> None:
    """Validate the campaign's content.

    Raises:
        InvalidMessage: naming the invalid field of the campaign.
    """
    audience.content_of(campaign)
    if campaign.is_transactional and campaign.is_promotional:
        raise InvalidMessage("is_transactional", "this type is always promotional")
    if campaign.canary_share and not campaign.canary_size:
        raise InvalidMessage("canary_size", "say how many go first")


@private_frames
def launch(
    campaign: Campaign, now: datetime | None = None, *, fingerprint: str | None = None
) -> AudienceSummary:
    """Create a message for each recipient, and notify the workers.

    Each phone gets one message, even if it is on several lists. The launch is all or nothing: after
    a failure the campaign is still a draft. The content comes from the database: unsaved changes
    are lost. If there is a preflight, text and audience must not have changed since.

    Args:
        fingerprint: the fingerprint of the preflight that the person saw; None for the last one.

    Returns:
        How many messages were created, and how many people were excluded and why.

    Raises:
        InvalidMessage: if the content is invalid.
        ActionNotAllowed: if the campaign was launched before, its audience is empty, or it has
            changed since the preflight; the text says what has changed.
    """
    summary = _launch(campaign, "launch", Q(), now or timezone.now(), fingerprint)
    transaction.on_commit(runners.wake)
    return summary


def _launch(
    campaign: Campaign,
    transition: str,
    provided: Q,
    now: datetime,
    fingerprint: str | None = None,
    *,
    people_may_change: bool = False,
) -> AudienceSummary:
    try:
        with transaction.atomic():
            states.move(campaign, transition, CampaignStatus.SENDING, provided, started_at=now)
            campaign.refresh_from_db()  # its row is locked now and cannot change
            summary = audience.create_messages(campaign, now)
            preflight.hold_to(campaign, summary, fingerprint, people_may_change=people_may_change)
            if people_may_change:
                approval.hold_due_to(campaign, summary)
            if not summary.recipients:
                raise ActionNotAllowed(_why_nobody(summary))
            canary.hold_after_first(campaign)
    except Exception:
        campaign.refresh_from_db(fields=["status", "started_at"])
        raise
    return summary


@private_frames
def schedule(
    campaign: Campaign, now: datetime | None = None, *, fingerprint: str | None = None
) -> None:
    """Schedule the campaign: a worker launches it at `scheduled_at`.

    Args:
        fingerprint: the fingerprint of the preflight that the person saw; the text must not have
            changed since.

    Raises:
        InvalidMessage: if the content is invalid.
        ActionNotAllowed: if the campaign is not a draft, its text has changed since the preflight,
            or `scheduled_at` is empty or in the past.
    """
    if campaign.scheduled_at is None or campaign.scheduled_at <= (now or timezone.now()):
        raise ActionNotAllowed("Set a time in the future to schedule for.")
    check(campaign)
    if fingerprint is not None:
        preflight.hold_words_to(campaign, fingerprint)
    states.move(campaign, "schedule", CampaignStatus.SCHEDULED)
    transaction.on_commit(runners.wake)


def unschedule(campaign: Campaign) -> None:
    """Make a scheduled campaign a draft again."""
    states.move(campaign, "unschedule", CampaignStatus.DRAFT)


@private_frames
def launch_due(now: datetime) -> list[Campaign]:
    """Launch the campaigns that are due. A campaign that cannot be launched is paused.

    Called by a worker, which then sends the messages, so other workers are not notified.

    The lists may have changed since the campaign was scheduled. Only the text must match the
    preflight, and an approval must still apply (see `approval.hold_due_to`).

    Returns:
        The campaigns that could not be launched, with the reason in `pause_reason`.
    """
    failed = []
    is_due = Q(scheduled_at__lte=now)  # checked again at each launch: it may be rescheduled
    due = Campaign.objects.filter(is_due, status=CampaignStatus.SCHEDULED)
    for campaign in due.order_by("scheduled_at"):
        try:
            _launch(campaign, "launch when due", is_due, now, people_may_change=True)
        except (InvalidMessage, ActionNotAllowed) as error:
            if states.try_move(
                campaign,
                "launch when due",
                CampaignStatus.PAUSED,
                is_due,
                pause_reason=f"Not launched: {error}",
            ):
                failed.append(campaign)
    return failed


def _why_nobody(summary: AudienceSummary) -> str:
    if not summary.total_excluded:
        return "The campaign's lists are empty."
    reasons = ", ".join(f"{count} {reason.value}" for reason, count in summary.excluded.items())
    return f"No recipient would get it: {reasons}."
