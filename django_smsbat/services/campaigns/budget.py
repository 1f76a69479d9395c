"""Campaign budgets: how many messages may be sent before costs are checked again.

SMSBAT publishes no prices in advance. So a few messages are sent first, and no more until half of
them have a price. The highest cost so far is the assumed price of all others. The spent amount is
the sum of reported costs, plus this price for each message in progress or delivered without a cost.
Messages that cost nothing do not set a price. The campaign pauses if one more message might exceed
the budget.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import Count, Max, Q, Sum

from django_smsbat.gateway.statuses import IN_DELIVERY, REACHED, Status
from django_smsbat.models import Campaign, CampaignStatus, Message, PurgedMessages
from django_smsbat.services.campaigns import states
from django_smsbat.services.money import exact

PROBE: Final = 100  # messages sent first, to learn the price
_NO_LIMIT: Final = 2**31 - 1
_REPORT_EXPECTED: Final = [status.value for status in (Status.SENDING, *sorted(IN_DELIVERY))]
_UNDER_WAY: Final = [*_REPORT_EXPECTED, Status.UNCONFIRMED.value]  # which may never get a report
_REACHED: Final = [status.value for status in REACHED]


@dataclass(frozen=True)
class Outlook:
    """The remaining budget.

    Attributes:
        room: how many more messages the budget covers.
        why_none: why there is no room and no pending report can create any; empty otherwise.
    """

    room: int
    why_none: str = ""


def outlook(campaign: Campaign) -> Outlook:
    """Calculate the remaining budget from reported costs, in one pass over the messages."""
    # The cost of a message that was sent again covers only its earlier attempts.
    unpriced = Q(cost=None) | Q(resent_after__gt=0)
    counts = Message.objects.filter(campaign=campaign).aggregate(
        spent=Sum("cost"),
        dearest=Max("cost", filter=Q(cost__gt=0)),
        priced=Count("pk", filter=Q(cost__gt=0)),
        open=Count("pk", filter=unpriced & Q(status__in=_UNDER_WAY)),
        coming=Count("pk", filter=unpriced & Q(status__in=_REPORT_EXPECTED)),
        silent=Count("pk", filter=Q(cost=None, status__in=_REACHED)),
    )
    purged = PurgedMessages.objects.filter(campaign=campaign).aggregate(spent=Sum("cost"))
    spent = exact(counts["spent"]) + exact(purged["spent"])
    budget, price = campaign.budget or Decimal(), counts["dearest"]
    unknown = counts["open"] + counts["silent"]
    room = PROBE - unknown if counts["priced"] < PROBE // 2 else _NO_LIMIT
    reason = (
        f"SMSBAT reported no cost for the first {PROBE} messages, so the budget cannot be checked."
    )
    if price is not None:
        room = min(room, int((budget - spent - price * unknown) // price))
        reason = f"The budget of {budget} is used up: {spent.normalize():f} spent."
    room = max(0, room)
    return Outlook(room, "" if room or counts["coming"] else reason)


def allowance(campaign: Campaign, size: int) -> int:
    """Return how many of `size` messages may be claimed now. Call in the claim's transaction.

    The row of a campaign with a budget is locked, because workers share its room.
    """
    with_budget = Campaign.objects.filter(pk=campaign.pk, budget__isnull=False)
    locked = with_budget.select_for_update().first()
    if locked is None:
        campaign.budget = None
        return size
    campaign.budget, campaign.budget_room = locked.budget, locked.budget_room
    if not campaign.budget_room:
        campaign.budget_room = outlook(campaign).room
    return min(size, campaign.budget_room)


def draw(campaign: Campaign, count: int) -> None:
    """Subtract claimed messages from the room."""
    if campaign.budget is not None:
        campaign.budget_room = max(0, campaign.budget_room - count)
        Campaign.objects.filter(pk=campaign.pk).update(budget_room=campaign.budget_room)


def pause_when_used_up(campaign: Campaign) -> bool:
    """Pause a campaign with queued messages but no budget left; return whether it did."""
    campaign.refresh_from_db(fields=["budget", "budget_room"])
    if campaign.budget is None or campaign.budget_room:
        return False
    if not Message.objects.filter(campaign=campaign).queued().exists():
        return False
    reason = outlook(campaign).why_none
    unchanged = Q(budget=campaign.budget)
    return bool(reason) and states.try_move(
        campaign, "pause", CampaignStatus.PAUSED, unchanged, pause_reason=reason
    )


def change(campaign: Campaign, budget: Decimal | None) -> None:
    """Set another budget, valid from the next claim on."""
    campaign.budget, campaign.budget_room = budget, 0
    campaign.save(update_fields=["budget", "budget_room"])
