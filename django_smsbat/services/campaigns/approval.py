"""Four-eyes approval: above `approve_above` recipients, a second person must approve a campaign.

An approval applies to one preflight. A changed text or audience needs a new approval, also if the
lists of a scheduled campaign have grown meanwhile. Only people need approval; code that launches a
campaign does not.
"""

from datetime import datetime
from typing import Final

from django.utils import timezone

from django_smsbat import conf
from django_smsbat.gateway.statuses import UNDELIVERED
from django_smsbat.models import Campaign, CampaignStatus, Message, Preflight
from django_smsbat.services.campaigns.audience import AudienceSummary
from django_smsbat.services.campaigns.states import may
from django_smsbat.services.exceptions import ActionNotAllowed

_TO_COME: Final = (CampaignStatus.DRAFT, CampaignStatus.SCHEDULED, CampaignStatus.PAUSED)


def is_asked_for(recipients: int) -> bool:
    limit = conf.current().approve_above
    return limit is not None and recipients > limit


def may_approve(campaign: Campaign) -> bool:
    """Whether the site requires approvals and the campaign has not been launched."""
    is_to_come = campaign.started_at is None and campaign.status in _TO_COME
    return conf.current().approve_above is not None and is_to_come


def approver_of(campaign: Campaign) -> str:
    """Return the login that approved the last preflight; empty if none, or after the launch."""
    if not campaign.pk or not may_approve(campaign):
        return ""
    seen = Preflight.objects.filter(campaign=campaign).values_list("approved_by", flat=True)
    return seen.first() or ""


def approve(campaign: Campaign, fingerprint: str, login: str, now: datetime | None = None) -> None:
    """Approve the campaign as the preflight showed it.

    Args:
        fingerprint: the fingerprint of the preflight that the approver saw.

    Raises:
        ActionNotAllowed: if the preflight has changed, or the approver scheduled the campaign.
    """
    words, _, audience = fingerprint.partition("-")
    seen = Preflight.objects.filter(campaign=campaign, words=words, audience=audience)
    if login in seen.values_list("scheduled_by", flat=True):
        raise ActionNotAllowed(
            "The person who scheduled it cannot approve it: another person has to."
        )
    if not seen.update(approved_by=login, approved_at=now or timezone.now()):
        raise ActionNotAllowed("Since it was looked at, it has changed: look again.")


def hold_to(seen: Preflight, login: str) -> None:
    """Require an approval by another person, if the audience is large enough to need one.

    Raises:
        ActionNotAllowed: if the approval is missing, or `login` gave it.
    """
    if not is_asked_for(seen.recipients):
        return
    if not seen.approved_by:
        raise ActionNotAllowed("So many recipients need another person's approval first.")
    if seen.approved_by == login:
        raise ActionNotAllowed("The person who approved it cannot send it: another person has to.")


def scheduled(campaign: Campaign, login: str) -> None:
    """Store who scheduled the campaign; an empty login means that it was unscheduled."""
    Preflight.objects.filter(campaign=campaign).update(scheduled_by=login)


def hold_due_to(campaign: Campaign, made: AudienceSummary) -> None:
    """Require an approval for a due campaign that a person scheduled, if it is large enough.

    The approval stays valid if recipients left the lists or were replaced, but not if the audience
    has grown.

    Raises:
        ActionNotAllowed: if there is no valid approval.
    """
    seen = Preflight.objects.filter(campaign=campaign).exclude(scheduled_by="").first()
    if seen is None or not is_asked_for(made.recipients):
        return
    is_approved = seen.approved_by and seen.approved_by != seen.scheduled_by
    if not is_approved or made.recipients > seen.recipients:
        raise ActionNotAllowed(f"{made.recipients} recipients were not approved by another person.")


def _undelivered(campaign: Campaign) -> int:
    """Return how many messages a retry would send."""
    failed = [status.value for status in UNDELIVERED]
    return Message.objects.filter(campaign=campaign, status__in=failed).count()


def may_approve_retry(campaign: Campaign) -> bool:
    """Whether a retry is possible and would send enough messages to need an approval."""
    return may(campaign, "send again") and is_asked_for(_undelivered(campaign))


def approve_retry(campaign: Campaign, login: str) -> int:
    """Approve one retry of the failed messages by another person.

    Returns:
        How many messages are approved. If more have failed by then, a new approval is needed.

    Raises:
        ActionNotAllowed: if the campaign cannot be sent again.
    """
    if not may_approve_retry(campaign):
        raise ActionNotAllowed("There is nothing to approve: so few messages need no approval.")
    count = _undelivered(campaign)
    approved = {"retry_approved_by": login, "retry_approved_count": count}
    Campaign.objects.filter(pk=campaign.pk).update(**approved)
    return count


def take_retry_approval(campaign: Campaign, login: str) -> None:
    """Require an approval by another person for a large retry, and consume it.

    Args:
        campaign: locked, so that an approval is used only once.

    Raises:
        ActionNotAllowed: if the approval is missing, or `login` gave it.
    """
    count = _undelivered(campaign)
    if not is_asked_for(count):
        return
    if not campaign.retry_approved_by or count > campaign.retry_approved_count:
        raise ActionNotAllowed("So many recipients need another person's approval first.")
    if campaign.retry_approved_by == login:
        raise ActionNotAllowed("The person who approved it cannot send it: another person has to.")
    unused = {"retry_approved_by": "", "retry_approved_count": 0}
    Campaign.objects.filter(pk=campaign.pk).update(**unused)
