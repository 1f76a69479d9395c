"""The first few of a campaign, sent ahead of the rest: somebody looks, or a share is waited for.

Which messages these are is fixed at the launch, by their keys, so that it holds for any number of
workers. Nothing is counted while sending.
"""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, Q

from django_smsbat import runners
from django_smsbat.gateway.statuses import FINAL, UNSENT, Status
from django_smsbat.models import Campaign, CampaignStatus, Message
from django_smsbat.models.message import MessageQuerySet
from django_smsbat.services import transitions

_REACHED: Final = [Status.DELIVERED.value, Status.READ.value]
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
    return transitions.try_move(campaign, "pause", CampaignStatus.PAUSED, Q(), pause_reason=told)


def is_out(campaign: Campaign) -> bool:
    """Whether the first messages have left and the rest waits for them."""
    if campaign.canary_last_id is None:
        return False
    return not _first(campaign).filter(status=Status.QUEUED.value).exists()


def release_due(now: datetime) -> None:
    """Go on with the campaigns of which enough of the first were delivered."""
    waiting = Campaign.objects.filter(
        status=CampaignStatus.PAUSED, canary_last_id__isnull=False, canary_share__isnull=False
    )
    for campaign in waiting:
        if is_out(campaign):
            _release_or_explain(campaign)


def _release_or_explain(campaign: Campaign) -> None:
    found = _first(campaign).aggregate(
        all=Count("pk"),
        reached=Count("pk", filter=Q(status__in=_REACHED)),
        over=Count("pk", filter=Q(status__in=[status.value for status in FINAL])),
    )
    share = campaign.canary_share or 0
    if found["reached"] * _PERCENT >= found["all"] * share:
        with transaction.atomic():
            if transitions.try_move(
                campaign,
                "resume",
                CampaignStatus.SENDING,
                Q(canary_last_id=campaign.canary_last_id),
                pause_reason="",
                canary_last_id=None,
            ):
                transaction.on_commit(runners.wake)
    elif found["over"] == found["all"]:
        reached = found["reached"] * _PERCENT // found["all"]
        reason = f"Of the first {found['all']} only {reached} % were delivered, not {share} %."
        Campaign.objects.filter(pk=campaign.pk, status=CampaignStatus.PAUSED).exclude(
            pause_reason=reason
        ).update(pause_reason=reason)


def _first(campaign: Campaign) -> MessageQuerySet:
    return Message.objects.filter(campaign=campaign, pk__lte=campaign.canary_last_id)
