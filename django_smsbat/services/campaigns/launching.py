"""From a draft to messages: check, schedule, launch. Content and audience are frozen here."""

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
    """Refuse content that could be sent to nobody.

    Raises:
        InvalidMessage: naming the field of the campaign that is wrong.
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
    """Freeze content and audience into messages, and have them sent.

    One message for each phone, whatever the lists say. All or nothing: a failure leaves a draft.
    What is sent is what the database holds: changes that were not saved are lost. Where a preflight
    was made, the words and the audience must still be what it saw.

    Args:
        fingerprint: of the preflight that somebody looked at; without one, that of the last.

    Returns:
        How many messages were made, and who was left out and why.

    Raises:
        InvalidMessage: when the content cannot be sent.
        ActionNotAllowed: if the campaign was launched before, its audience is empty, or it is no
            longer what the preflight saw; the sentence says what has changed.
    """
    made = _launch(campaign, "launch", Q(), now or timezone.now(), fingerprint)
    transaction.on_commit(runners.wake)
    return made


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
            campaign.refresh_from_db()  # its row is locked now: nobody changes it behind our back
            made = audience.create_messages(campaign, now)
            preflight.hold_to(campaign, made, fingerprint, people_may_change=people_may_change)
            if people_may_change:
                approval.hold_due_to(campaign, made)
            if not made.recipients:
                raise ActionNotAllowed(_why_nobody(made))
            canary.hold_after_first(campaign)
    except Exception:
        campaign.refresh_from_db(fields=["status", "started_at"])
        raise
    return made


@private_frames
def schedule(
    campaign: Campaign, now: datetime | None = None, *, fingerprint: str | None = None
) -> None:
    """Let the workers launch it at its `scheduled_at`.

    Args:
        fingerprint: of the preflight that somebody looked at: the words must still be the same.

    Raises:
        InvalidMessage: when the content cannot be sent.
        ActionNotAllowed: if it is not a draft, differs from what the preflight saw, or its time
            is not set or is over.
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
    """Launch what was scheduled for by now. One that cannot be launched becomes paused.

    For a worker, which goes on with what it finds queued: nobody else is woken.

    Who joined or left the lists since it was scheduled is expected: only the words must be the
    same that the preflight saw, and an approval holds (see `approval.hold_due_to`).

    Returns:
        Those that could not be launched, with the reason on them.
    """
    failed = []
    is_due = Q(scheduled_at__lte=now)  # asked again at each launch: it may be put off meanwhile
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


def _why_nobody(made: AudienceSummary) -> str:
    if not made.total_excluded:
        return "The campaign's lists are empty."
    reasons = ", ".join(f"{count} {reason.value}" for reason, count in made.excluded.items())
    return f"No recipient would get it: {reasons}."
