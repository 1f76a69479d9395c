"""The state machine of a campaign: one table of transitions, one conditional UPDATE.

Of two concurrent actions, by people or workers, the second is refused.
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
    "hold": (CampaignStatus.PAUSED,),  # a campaign that would resume automatically
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
    """Move the campaign to another status.

    Args:
        provided: a further condition.
        fields: other columns to set.

    Raises:
        ActionNotAllowed: if the campaign's status or the condition does not allow the action.
    """
    if not try_move(campaign, action, status, provided, **fields):
        raise refusal(campaign, action)


def try_move(
    campaign: Campaign, action: str, status: CampaignStatus, provided: Q, **fields: object
) -> bool:
    """`move` that returns False instead of raising."""
    allowed = Campaign.objects.filter(provided, pk=campaign.pk, status__in=FROM[action])
    if not allowed.update(status=status, **fields):
        return False
    for name, value in {"status": status, **fields}.items():
        setattr(campaign, name, value)
    return True


def refusal(campaign: Campaign, action: str) -> ActionNotAllowed:
    """Return the exception that explains, from the stored status, why the action is refused."""
    campaign.refresh_from_db(fields=["status"])
    return ActionNotAllowed(f"A campaign that is {campaign.get_status_display()} cannot {action}.")
