"""Four eyes: above a size that the site sets, somebody else approves what a person sends.

An approval is of what was looked at: other words, or other people, need another one, also where a
scheduled campaign's lists have grown meanwhile. It binds people; code that launches a campaign
answers for itself.
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
    """Whether there is something to approve: what was not launched, on a site that asks for it."""
    is_to_come = campaign.started_at is None and campaign.status in _TO_COME
    return conf.current().approve_above is not None and is_to_come


def approver_of(campaign: Campaign) -> str:
    """Who approved what is yet to be launched, as it was last looked at; empty for nobody."""
    if not campaign.pk or not may_approve(campaign):
        return ""
    seen = Preflight.objects.filter(campaign=campaign).values_list("approved_by", flat=True)
    return seen.first() or ""


def approve(campaign: Campaign, fingerprint: str, login: str, now: datetime | None = None) -> None:
    """Approve the campaign as it was looked at.

    Args:
        fingerprint: of the preflight that this person saw.

    Raises:
        ActionNotAllowed: when it is no longer what they saw, or they are who scheduled it.
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
    """Refuse what needs an approval and has none by somebody else.

    Raises:
        ActionNotAllowed: saying what is needed.
    """
    if not is_asked_for(seen.recipients):
        return
    if not seen.approved_by:
        raise ActionNotAllowed("So many recipients need another person's approval first.")
    if seen.approved_by == login:
        raise ActionNotAllowed("The person who approved it cannot send it: another person has to.")


def scheduled(campaign: Campaign, login: str) -> None:
    """A person scheduled it; an empty login where it is taken off the schedule."""
    Preflight.objects.filter(campaign=campaign).update(scheduled_by=login)


def hold_due_to(campaign: Campaign, made: AudienceSummary) -> None:
    """Refuse what a person scheduled, and that is larger now than may go unapproved.

    Who leaves the lists after an approval changes nothing; nor does one who takes another's place.

    Raises:
        ActionNotAllowed: saying so.
    """
    seen = Preflight.objects.filter(campaign=campaign).exclude(scheduled_by="").first()
    if seen is None or not is_asked_for(made.recipients):
        return
    is_approved = seen.approved_by and seen.approved_by != seen.scheduled_by
    if not is_approved or made.recipients > seen.recipients:
        raise ActionNotAllowed(f"{made.recipients} recipients were not approved by another person.")


def _undelivered(campaign: Campaign) -> int:
    """How many messages a retry would send."""
    failed = [status.value for status in UNDELIVERED]
    return Message.objects.filter(campaign=campaign, status__in=failed).count()


def may_approve_retry(campaign: Campaign) -> bool:
    """Whether so many messages would be sent again that it needs an approval."""
    return may(campaign, "send again") and is_asked_for(_undelivered(campaign))


def approve_retry(campaign: Campaign, login: str) -> int:
    """Approve that somebody else sends the failed messages again, once.

    Returns:
        How many messages are approved; if more have failed by then, it is approved again.

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
    """Refuse a retry that needs an approval and has none by somebody else; use the approval up.

    Args:
        campaign: locked, so that one approval is used once.

    Raises:
        ActionNotAllowed: saying what is needed.
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
