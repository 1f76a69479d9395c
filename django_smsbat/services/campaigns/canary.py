"""The first few of a campaign, sent ahead of the rest: somebody looks, or a share is waited for.

Which messages these are is fixed at the launch, by their keys, so that it holds for any number of
workers. Nothing is counted while sending.
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
    """Let only the first `canary_size` messages of a campaign leave that was just launched."""
    if not campaign.canary_size:
        return
    keys = Message.objects.filter(campaign=campaign).order_by("pk").values_list("pk", flat=True)
    first = list(keys[campaign.canary_size - 1 : campaign.canary_size + 1])
    # Where nobody is left beyond them there is nothing to hold.
    campaign.canary_last_id = first[0] if len(first) > 1 else None
    campaign.save(update_fields=["canary_last_id"])


def pause_when_out(campaign: Campaign) -> bool:
    """Pause a campaign whose first messages have all left; whether it was so."""
    if campaign.canary_last_id is None:
        return False
    unsent = _first(campaign).filter(status__in=[status.value for status in UNSENT])
    if unsent.exists():
        return False
    told = f"The first {campaign.canary_size} were sent; look at what became of them, then resume."
    if campaign.canary_share:
        told += f" The rest follows by itself when {campaign.canary_share} % were delivered."
    still = Q(canary_last_id=campaign.canary_last_id)  # somebody may have let the rest go
    return states.try_move(
        campaign, "pause", CampaignStatus.PAUSED, still, pause_reason=told, canary_is_out=True
    )


def is_out(campaign: Campaign) -> bool:
    """Whether the first messages have left and the rest waits for them."""
    if campaign.canary_last_id is None:
        return False
    return not _first(campaign).filter(status=Status.QUEUED.value).exists()


def release_due() -> None:
    """Go on with the campaigns of which enough of the first were delivered.

    Not with what a person has paused. For a worker, which goes on with what it finds queued.
    """
    for campaign in Campaign.objects.filter(waits_for_a_share()):
        _release_or_explain(campaign)


def hold(campaign: Campaign) -> None:
    """Let the rest wait for a person's word, and no longer for a share.

    Raises:
        ActionNotAllowed: when it does not wait for one.
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
    """Campaigns that go on by themselves when enough of the first were delivered."""
    return Q(status=CampaignStatus.PAUSED, canary_is_out=True, canary_share__isnull=False)


def _release_or_explain(campaign: Campaign) -> None:
    found = _first(campaign).aggregate(
        all=Count("pk"),
        reached=Count("pk", filter=Q(status__in=_REACHED)),
        over=Count("pk", filter=Q(status__in=[status.value for status in FINAL])),
    )
    share = campaign.canary_share or 0
    if found["reached"] * _PERCENT >= found["all"] * share:
        states.try_move(
            campaign,
            "resume",
            CampaignStatus.SENDING,
            waits_for_a_share(),
            pause_reason="",
            canary_last_id=None,
            canary_is_out=False,
        )
    elif found["over"] == found["all"]:
        reached = found["reached"] * _PERCENT // found["all"]
        reason = f"Of the first {found['all']} only {reached} % were delivered, not {share} %."
        same = Campaign.objects.filter(waits_for_a_share(), pk=campaign.pk)
        same.exclude(pause_reason=reason).update(pause_reason=reason)


def _first(campaign: Campaign) -> MessageQuerySet:
    return Message.objects.filter(campaign=campaign, pk__lte=campaign.canary_last_id)
