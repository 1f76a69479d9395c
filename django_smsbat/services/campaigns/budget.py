"""What a campaign may cost: how many messages may leave before costs are looked at again.

SMSBAT names no prices in advance, so a few messages go first, and no more until half of them have
their price; what the dearest cost is what the others are taken to cost. Costs that were told count,
and for messages under way the price. What cost nothing names no price. The campaign pauses when one
more message might cost more than is left.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db.models import Count, Max, Q, Sum

from django_smsbat.gateway.statuses import IN_DELIVERY, REACHED, Status
from django_smsbat.models import Campaign, CampaignStatus, Message, PurgedMessages
from django_smsbat.services.campaigns import states
from django_smsbat.services.money import exact

PROBE: Final = 100  # messages that go first, to learn the price
_NO_LIMIT: Final = 2**31 - 1
_TO_BE_TOLD: Final = [status.value for status in (Status.SENDING, *sorted(IN_DELIVERY))]
_UNDER_WAY: Final = [*_TO_BE_TOLD, Status.UNCONFIRMED.value]  # of which nothing may ever be told
_REACHED: Final = [status.value for status in REACHED]


@dataclass(frozen=True)
class Outlook:
    """What is left of a budget.

    Attributes:
        room: how many messages more it covers.
        why_none: why there is no room, and will be none by itself; empty where there is or may be.
    """

    room: int
    why_none: str = ""


def outlook(campaign: Campaign) -> Outlook:
    """Look at what was told of costs; one pass over the campaign's messages."""
    # What is sent again has the cost of its earlier attempts only.
    unpriced = Q(cost=None) | Q(resent_after__gt=0)
    told = Message.objects.filter(campaign=campaign).aggregate(
        spent=Sum("cost"),
        dearest=Max("cost", filter=Q(cost__gt=0)),
        priced=Count("pk", filter=Q(cost__gt=0)),
        open=Count("pk", filter=unpriced & Q(status__in=_UNDER_WAY)),
        coming=Count("pk", filter=unpriced & Q(status__in=_TO_BE_TOLD)),
        silent=Count("pk", filter=Q(cost=None, status__in=_REACHED)),
    )
    purged = PurgedMessages.objects.filter(campaign=campaign).aggregate(spent=Sum("cost"))
    spent = exact(told["spent"]) + exact(purged["spent"])
    budget, price = campaign.budget or Decimal(), told["dearest"]
    unknown = told["open"] + told["silent"]
    room = PROBE - unknown if told["priced"] < PROBE // 2 else _NO_LIMIT
    why = (
        f"SMSBAT reported no cost for the first {PROBE} messages, so the budget cannot be checked."
    )
    if price is not None:
        room = min(room, int((budget - spent - price * unknown) // price))
        why = f"The budget of {budget} is used up: {spent.normalize():f} spent."
    room = max(0, room)
    return Outlook(room, "" if room or told["coming"] else why)


def allowance(campaign: Campaign, size: int) -> int:
    """How many of so many messages may be claimed now; within the claim's transaction.

    Workers draw on the same room: the row of a campaign that has a budget is locked.
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
    """So many were claimed."""
    if campaign.budget is not None:
        campaign.budget_room = max(0, campaign.budget_room - count)
        Campaign.objects.filter(pk=campaign.pk).update(budget_room=campaign.budget_room)


def pause_when_used_up(campaign: Campaign) -> bool:
    """Pause a campaign with messages left that its budget will not cover; whether it was so."""
    campaign.refresh_from_db(fields=["budget", "budget_room"])
    if campaign.budget is None or campaign.budget_room:
        return False
    if not Message.objects.filter(campaign=campaign).queued().exists():
        return False
    why = outlook(campaign).why_none
    unchanged = Q(budget=campaign.budget)
    return bool(why) and states.try_move(
        campaign, "pause", CampaignStatus.PAUSED, unchanged, pause_reason=why
    )


def change(campaign: Campaign, budget: Decimal | None) -> None:
    """Set another budget; it holds from the next claim on."""
    campaign.budget, campaign.budget_room = budget, 0
    campaign.save(update_fields=["budget", "budget_room"])
