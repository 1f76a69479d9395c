"""The life of a campaign: check, schedule, launch, pause, resume, cancel, finish.

Every change of status is one conditional UPDATE from the states that the table below allows, so
that two people, or a person and a worker, cannot both win.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from django_smsbat import runners, signals
from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.gateway.statuses import UNSENT, Status
from django_smsbat.models import Campaign, CampaignStatus, Message
from django_smsbat.services import announcing, tracking
from django_smsbat.services.audience import Addressee, Preview, addressees, content_of

_CHUNK: Final = 2_000

_FROM: Final[dict[str, tuple[CampaignStatus, ...]]] = {
    "schedule": (CampaignStatus.DRAFT,),
    "unschedule": (CampaignStatus.SCHEDULED,),
    "launch": (CampaignStatus.DRAFT, CampaignStatus.SCHEDULED),
    "launch when due": (CampaignStatus.SCHEDULED,),
    "pause": (CampaignStatus.SENDING,),
    "resume": (CampaignStatus.PAUSED,),
    "cancel": (CampaignStatus.SCHEDULED, CampaignStatus.SENDING, CampaignStatus.PAUSED),
    "finish": (CampaignStatus.SENDING,),
}
EDITABLE: Final = (CampaignStatus.DRAFT,)


class Refused(Exception):
    """Something that cannot be done with a campaign now; the text is one sentence for people."""


def may(campaign: Campaign, action: str) -> bool:
    """Whether the campaign's status allows the action."""
    return campaign.status in _FROM[action]


def check(campaign: Campaign) -> None:
    """Refuse content that could be sent to nobody.

    Raises:
        InvalidMessage: naming the field of the campaign that is wrong.
    """
    content_of(campaign)
    if campaign.is_transactional and campaign.is_promotional:
        raise InvalidMessage("is_transactional", "this type is always promotional")


def launch(campaign: Campaign, now: datetime | None = None) -> Preview:
    """Freeze content and audience into messages, and have them sent.

    One message for each phone, whatever the lists say. All or nothing: a failure leaves a draft.
    What is sent is what the database holds: changes that were not saved are lost.

    Returns:
        How many messages were made, and who was left out and why.

    Raises:
        InvalidMessage: when the content cannot be sent.
        Refused: when the campaign was launched before, or nobody would get it.
    """
    return _launch(campaign, "launch", Q(), now or timezone.now())


def _launch(campaign: Campaign, transition: str, provided: Q, now: datetime) -> Preview:
    try:
        with transaction.atomic():
            _move(campaign, transition, CampaignStatus.SENDING, provided, started_at=now)
            campaign.refresh_from_db()  # its row is locked now: nobody changes it behind our back
            made = Preview()
            for chunk in _chunks(addressees(campaign)):
                _create_messages(campaign, chunk, made)
            if not made.recipients:
                raise Refused(_why_nobody(made))
            transaction.on_commit(runners.wake)
    except Exception:
        campaign.refresh_from_db(fields=["status", "started_at"])
        raise
    return made


def schedule(campaign: Campaign, now: datetime | None = None) -> None:
    """Let the workers launch it at its `scheduled_at`.

    Raises:
        InvalidMessage: when the content cannot be sent.
        Refused: when it is no draft, or the time is not set or is over.
    """
    if campaign.scheduled_at is None or campaign.scheduled_at <= (now or timezone.now()):
        raise Refused("Set a time in the future to schedule for.")
    check(campaign)
    _move(campaign, "schedule", CampaignStatus.SCHEDULED)


def unschedule(campaign: Campaign) -> None:
    """Make a scheduled campaign a draft again."""
    _move(campaign, "unschedule", CampaignStatus.DRAFT)


def launch_due(now: datetime) -> list[Campaign]:
    """Launch what was scheduled for by now. One that cannot be launched becomes paused.

    Returns:
        Those that could not be launched, with the reason on them.
    """
    failed = []
    is_due = Q(scheduled_at__lte=now)  # asked again at each launch: it may be put off meanwhile
    due = Campaign.objects.filter(is_due, status=CampaignStatus.SCHEDULED)
    for campaign in due.order_by("scheduled_at"):
        try:
            _launch(campaign, "launch when due", is_due, now)
        except (InvalidMessage, Refused) as error:
            reason = f"Not launched: {error}"
            if _try_move(
                campaign, "launch when due", CampaignStatus.PAUSED, is_due, pause_reason=reason
            ):
                failed.append(campaign)
    return failed


def pause(campaign: Campaign, reason: str = "") -> None:
    """Send no more of it after the batches in hand."""
    _move(campaign, "pause", CampaignStatus.PAUSED, pause_reason=reason)


def resume(campaign: Campaign) -> None:
    """Go on where it was paused. One that never got to its launch is launched."""
    if campaign.started_at is None:
        with transaction.atomic():  # what cannot be launched stays paused, with its reason
            _move(campaign, "resume", CampaignStatus.DRAFT, pause_reason="")
            launch(campaign)
        return
    _move(campaign, "resume", CampaignStatus.SENDING, pause_reason="")
    finish_if_done(campaign.pk)
    transaction.on_commit(runners.wake)


def cancel(campaign: Campaign, now: datetime | None = None) -> int:
    """Send no more of it, ever. What was handed to SMSBAT already can't be called back.

    Returns:
        How many messages became `cancelled`.
    """
    now = now or timezone.now()
    _move(campaign, "cancel", CampaignStatus.CANCELLED, finished_at=now)
    return cancel_leftovers(now, campaign.pk)


def cancel_leftovers(now: datetime, campaign_id: int | None = None) -> int:
    """Cancel what is queued of cancelled campaigns; returns how many messages.

    Also what a worker put back to the queue afterwards, or what a process that died in the middle
    of cancelling left behind: every run of the workers begins with this.
    """
    queued = Message.objects.filter(campaign__status=CampaignStatus.CANCELLED).queued()
    if campaign_id is not None:
        queued = queued.filter(campaign=campaign_id)
    keys = list(queued.order_by("pk").values_list("pk", flat=True))
    cancelled = 0
    for start in range(0, len(keys), _CHUNK):
        with transaction.atomic():
            chunk = Message.objects.filter(pk__in=keys[start : start + _CHUNK]).queued().locked()
            reports = [tracking.local(m, Status.CANCELLED, "cancelled") for m in chunk]
            cancelled += len(tracking.record(reports, now))
    return cancelled


def finish_if_done(campaign_id: int, now: datetime | None = None) -> bool:
    """Say `sent` when no message is queued or being sent any more; once, whoever asks."""
    unsent = Message.objects.filter(
        campaign=campaign_id, status__in=[status.value for status in UNSENT]
    )
    if unsent.exists():
        return False
    with transaction.atomic():
        # Looked at again under the lock: whoever queues messages again holds it too.
        campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
        if unsent.exists() or not may(campaign, "finish"):
            return False
        _move(campaign, "finish", CampaignStatus.SENT, finished_at=now or timezone.now())
        announcing.after_commit(
            signals.campaign_finished, [{"campaign": campaign}], sender=Campaign
        )
    return True


def lock_for_editing(campaign: Campaign) -> bool:
    """Whether its content may still be changed; nobody launches it before the transaction ends."""
    locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
    return locked.status in EDITABLE


def _move(
    campaign: Campaign,
    action: str,
    status: CampaignStatus,
    provided: Q = Q(),  # noqa: B008 - never changed
    **fields: object,
) -> None:
    if not _try_move(campaign, action, status, provided, **fields):
        campaign.refresh_from_db(fields=["status"])
        raise Refused(f"A campaign that is {campaign.get_status_display()} cannot {action}.")


def _try_move(
    campaign: Campaign, action: str, status: CampaignStatus, provided: Q, **fields: object
) -> bool:
    allowed = Campaign.objects.filter(provided, pk=campaign.pk, status__in=_FROM[action])
    if not allowed.update(status=status, **fields):
        return False
    for name, value in {"status": status, **fields}.items():
        setattr(campaign, name, value)
    return True


def _chunks(people: Iterable[Addressee]) -> Iterator[list[Addressee]]:
    iterator = iter(people)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def _create_messages(campaign: Campaign, chunk: list[Addressee], made: Preview) -> None:
    messages = []
    for addressee in chunk:
        made.add(addressee)
        if addressee.content is not None:
            messages.append(
                Message.with_content(
                    addressee.content,
                    campaign=campaign,
                    recipient=addressee.recipient,
                    to=addressee.recipient.phone,
                )
            )
    Message.objects.bulk_create(messages)


def _why_nobody(made: Preview) -> str:
    if not made.total_excluded:
        return "Nobody is on the campaign's lists."
    reasons = ", ".join(f"{count} {reason.value}" for reason, count in made.excluded.items())
    return f"Nobody would get it: {reasons}."
