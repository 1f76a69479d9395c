"""The canary: the first messages of a campaign, sent before the rest.

The rest waits for a person, or for a share of the canary to be delivered. The launch fixes the
canary by message key, so that any number of workers can send it without counting.
"""

from typing import Final

from django.db.models import Count, Q

from django_smsbat.gateway.statuses import FINAL, REACHED, UNSENT, Status
from django_smsbat.models import Campaign, CampaignStatus, Message
from django_smsbat.models.message import MessageQuerySet
from django_smsbat.services.campaigns import states

_REACHED: Final = [status.value for status in REACHED]
_PERCENT: Final = 100


def hold_after_first(campaign: Campaign) -> None:
    """Limit a campaign that was just launched to its first `canary_size` messages."""
    if not campaign.canary_size:
        return
    keys = Message.objects.filter(campaign=campaign).order_by("pk").values_list("pk", flat=True)
    first = list(keys[campaign.canary_size - 1 : campaign.canary_size + 1])
    # Without further messages, there is nothing to wait for.
    campaign.canary_last_id = first[0] if len(first) > 1 else None
    campaign.save(update_fields=["canary_last_id"])


def pause_when_out(campaign: Campaign) -> bool:
    """Pause a campaign after its canary was sent; return whether it did."""
    if campaign.canary_last_id is None:
        return False
    unsent = _first(campaign).filter(status__in=[status.value for status in UNSENT])
    if unsent.exists():
        return False
    reason = (
        f"The first {campaign.canary_size} were sent; look at what became of them, then resume."
    )
    if campaign.canary_share:
        reason += f" The rest follows by itself when {campaign.canary_share} % were delivered."
    still = Q(canary_last_id=campaign.canary_last_id)  # a person may have released the rest
    return states.try_move(
        campaign, "pause", CampaignStatus.PAUSED, still, pause_reason=reason, canary_is_out=True
    )


def is_out(campaign: Campaign) -> bool:
    """Whether the canary was sent and the rest waits."""
    if campaign.canary_last_id is None:
        return False
    return not _first(campaign).filter(status=Status.QUEUED.value).exists()


def release_due() -> None:
    """Resume the campaigns with a sufficient share of the canary delivered.

    Campaigns that a person paused stay paused. Called by a worker, which then sends the rest.
    """
    for campaign in Campaign.objects.filter(waits_for_a_share()):
        _release_or_explain(campaign)


def hold(campaign: Campaign) -> None:
    """Make the rest wait for a person instead of a delivery share.

    Raises:
        ActionNotAllowed: if the campaign does not wait for a share.
    """
    states.move(
        campaign,
        "hold",
        CampaignStatus.PAUSED,
        waits_for_a_share(),
        pause_reason="Held: the rest waits until you resume.",
        canary_is_out=False,
    )


def waits_for_a_share() -> Q:
    """Return the filter for campaigns that wait for a share of the canary to be delivered."""
    return Q(status=CampaignStatus.PAUSED, canary_is_out=True, canary_share__isnull=False)


def _release_or_explain(campaign: Campaign) -> None:
    counts = _first(campaign).aggregate(
        all=Count("pk"),
        reached=Count("pk", filter=Q(status__in=_REACHED)),
        over=Count("pk", filter=Q(status__in=[status.value for status in FINAL])),
    )
    share = campaign.canary_share or 0
    if counts["reached"] * _PERCENT >= counts["all"] * share:
        states.try_move(
            campaign,
            "resume",
            CampaignStatus.SENDING,
            waits_for_a_share(),
            pause_reason="",
            canary_last_id=None,
            canary_is_out=False,
        )
    elif counts["over"] == counts["all"]:
        reached = counts["reached"] * _PERCENT // counts["all"]
        reason = f"Of the first {counts['all']} only {reached} % were delivered, not {share} %."
        same = Campaign.objects.filter(waits_for_a_share(), pk=campaign.pk)
        same.exclude(pause_reason=reason).update(pause_reason=reason)


def _first(campaign: Campaign) -> MessageQuerySet:
    return Message.objects.filter(campaign=campaign, pk__lte=campaign.canary_last_id)
