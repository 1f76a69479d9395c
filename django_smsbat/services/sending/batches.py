"""Where a worker's next batch comes from: single messages first, then campaign after campaign."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from django_smsbat.models import Campaign, CampaignStatus
from django_smsbat.services.campaigns import budget, lifecycle
from django_smsbat.services.sending import claiming
from django_smsbat.services.sending.claiming import Batch

_SINGLES_EVERY: Final = timedelta(seconds=1)  # while a campaign is being sent


class Source:
    """Where one thread's batches come from: single messages first, then campaign after campaign."""

    def __init__(self, account: str, campaign_id: int | None, paused: list[str]) -> None:
        self._account = account
        self._campaign_id = campaign_id
        self._paused = paused
        self._campaigns: list[Campaign] = []
        self._after = 0  # the key of the last message claimed of the first of them
        self._singles_seen: datetime | None = None

    def next_batch(self, size: int, now: datetime) -> Batch | None:
        """The next batch, None when nothing that is queued may leave now."""
        if batch := self._single_messages(size, now):
            return batch
        if batch := self._of_campaigns(size, now):
            return batch
        # A campaign that was launched, or resumed, since we looked; then nothing is left.
        self._campaigns = list(sending(self._account, self._campaign_id))
        self._singles_seen = None
        return self._single_messages(size, now) or self._of_campaigns(size, now)

    def _single_messages(self, size: int, now: datetime) -> Batch | None:
        if self._campaign_id is not None:
            return None
        if self._singles_seen is not None and now - self._singles_seen < _SINGLES_EVERY:
            return None
        batch = claiming.claim_singles(size, now, self._account)
        # While there are some, they are looked for each time.
        self._singles_seen = None if batch else now
        return batch

    def _of_campaigns(self, size: int, now: datetime) -> Batch | None:
        while self._campaigns:
            batch = self._of_campaign(self._campaigns[0], size, now)
            if batch:
                self._after = batch.last_id
                return batch
            over = self._campaigns.pop(0)
            if budget.pause_when_used_up(over):
                self._paused.append(told(over))
            else:
                lifecycle.finish_if_done(over.pk, now)
            self._after = 0
        return None

    def _of_campaign(self, campaign: Campaign, size: int, now: datetime) -> Batch | None:
        batch = claiming.claim_campaign(campaign, size, now, self._after)
        if batch is None and self._after:  # what was put back, or left out, lies behind
            batch = claiming.claim_campaign(campaign, size, now)
        return batch


def sending(account: str, campaign_id: int | None) -> QuerySet[Campaign]:
    found = Campaign.objects.filter(status=CampaignStatus.SENDING, account=account)
    found = found.order_by("started_at", "pk")
    return found if campaign_id is None else found.filter(pk=campaign_id)


def told(campaign: Campaign) -> str:
    """A campaign that paused, with its reason."""
    return f"campaign {campaign.pk} is paused: {campaign.pause_reason}"
