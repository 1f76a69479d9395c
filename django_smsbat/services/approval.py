"""Four eyes: above a size that the site sets, somebody else approves what a person sends.

An approval is of what was looked at: other words, or other people, need another one. It binds
people; code that launches a campaign answers for itself.
"""

from datetime import datetime

from django.utils import timezone

from django_smsbat import conf
from django_smsbat.models import Campaign, Preflight
from django_smsbat.services.transitions import EDITABLE, Refused


def is_asked_for(recipients: int) -> bool:
    limit = conf.current().approve_above
    return limit is not None and recipients > limit


def may_approve(campaign: Campaign) -> bool:
    """Whether there is something to approve: a draft, on a site that asks for it."""
    return conf.current().approve_above is not None and campaign.status in EDITABLE


def approve(campaign: Campaign, fingerprint: str, login: str, now: datetime | None = None) -> None:
    """Approve the campaign as it was looked at.

    Args:
        fingerprint: of the preflight that this person saw.

    Raises:
        Refused: when it is no longer what they saw.
    """
    seen = Preflight.objects.filter(campaign=campaign).first()
    if seen is None or seen.fingerprint != fingerprint:
        raise Refused("Since it was looked at, it has changed: look again.")
    seen.approved_by, seen.approved_at = login, now or timezone.now()
    seen.save(update_fields=["approved_by", "approved_at"])


def hold_to(campaign: Campaign, login: str) -> None:
    """Refuse what needs an approval and has none by somebody else.

    Raises:
        Refused: saying what is needed.
    """
    seen = Preflight.objects.filter(campaign=campaign).first()
    if seen is None or not is_asked_for(seen.recipients):
        return
    if not seen.approved_by:
        raise Refused("So many recipients need somebody else's approval first.")
    if seen.approved_by == login:
        raise Refused("Who approved it cannot send it too: somebody else has to.")
