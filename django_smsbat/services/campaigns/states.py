"""The states of a campaign and what leads from one to another: one table, one conditional UPDATE.

Two people, or a person and a worker, cannot both win: whoever comes second is refused.
"""

from typing import Final

from django.db.models import Q

from django_smsbat.models import Campaign, CampaignStatus
from django_smsbat.services.exceptions import ActionNotAllowed

FROM: Final[dict[str, tuple[CampaignStatus, ...]]] = {
    "schedule": (CampaignStatus.DRAFT,),
    "unschedule": (CampaignStatus.SCHEDULED,),
    "launch": (CampaignStatus.DRAFT, CampaignStatus.SCHEDULED),
    "launch when due": (CampaignStatus.SCHEDULED,),
    "pause": (CampaignStatus.SENDING,),
    "resume": (CampaignStatus.PAUSED,),
    "hold": (CampaignStatus.PAUSED,),  # one that would go on by itself
    "cancel": (CampaignStatus.SCHEDULED, CampaignStatus.SENDING, CampaignStatus.PAUSED),
    "finish": (CampaignStatus.SENDING,),
    "send again": (CampaignStatus.SENDING, CampaignStatus.PAUSED, CampaignStatus.SENT),
}
EDITABLE: Final = (CampaignStatus.DRAFT,)


def may(campaign: Campaign, action: str) -> bool:
    """Whether the campaign's status allows the action."""
    return campaign.status in FROM[action]


def move(
    campaign: Campaign,
    action: str,
    status: CampaignStatus,
    provided: Q = Q(),  # noqa: B008 - never changed
    **fields: object,
) -> None:
    """
    Raises:
        ActionNotAllowed: when its status, or what is provided, does not allow it.
    """
    if not try_move(campaign, action, status, provided, **fields):
        raise refusal(campaign, action)


def try_move(
    campaign: Campaign, action: str, status: CampaignStatus, provided: Q, **fields: object
) -> bool:
    """The same, saying False instead of refusing."""
    allowed = Campaign.objects.filter(provided, pk=campaign.pk, status__in=FROM[action])
    if not allowed.update(status=status, **fields):
        return False
    for name, value in {"status": status, **fields}.items():
        setattr(campaign, name, value)
    return True


def refusal(campaign: Campaign, action: str) -> ActionNotAllowed:
    """Why the action is impossible, by what the database says now."""
    campaign.refresh_from_db(fields=["status"])
    return ActionNotAllowed(f"A campaign that is {campaign.get_status_display()} cannot {action}.")
