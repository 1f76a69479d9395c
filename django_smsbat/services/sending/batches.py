"""Choose a worker's next batch: single messages first, then one campaign after another."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from django_smsbat.models import Campaign, CampaignStatus
from django_smsbat.services.campaigns import budget, lifecycle
from django_smsbat.services.sending import claiming
from django_smsbat.services.sending.claiming import Batch

_SINGLES_EVERY: Final = timedelta(seconds=1)  # while a campaign is being sent


class Source:
    """The batches of one thread: single messages first, then one campaign after another."""

    def __init__(self, account: str, campaign_id: int | None, paused: list[str]) -> None:
        self._account = account
        self._campaign_id = campaign_id
        self._paused = paused
        self._campaigns: list[Campaign] = []
        self._after = 0  # key of the last message claimed from the first campaign
        self._singles_seen: datetime | None = None

    def next_batch(self, size: int, now: datetime) -> Batch | None:
        """Return the next batch; None if no queued message may be sent now."""
        if batch := self._single_messages(size, now):
            return batch
        if batch := self._of_campaigns(size, now):
            return batch
        # Check once more: a campaign may have been launched or resumed since the last query.
        self._campaigns = list(sending(self._account, self._campaign_id))
        self._singles_seen = None
        return self._single_messages(size, now) or self._of_campaigns(size, now)

    def _single_messages(self, size: int, now: datetime) -> Batch | None:
        if self._campaign_id is not None:
            return None
        if self._singles_seen is not None and now - self._singles_seen < _SINGLES_EVERY:
            return None
        batch = claiming.claim_singles(size, now, self._account)
        # While there are single messages, query for more before each batch.
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
                self._paused.append(describe_pause(over))
            else:
                lifecycle.finish_if_done(over.pk, now)
            self._after = 0
        return None

    def _of_campaign(self, campaign: Campaign, size: int, now: datetime) -> Batch | None:
        batch = claiming.claim_campaign(campaign, size, now, self._after)
        if batch is None and self._after:  # requeued or skipped messages have lower keys
            batch = claiming.claim_campaign(campaign, size, now)
        return batch


def sending(account: str, campaign_id: int | None) -> QuerySet[Campaign]:
    campaigns = Campaign.objects.filter(status=CampaignStatus.SENDING, account=account)
    campaigns = campaigns.order_by("started_at", "pk")
    return campaigns if campaign_id is None else campaigns.filter(pk=campaign_id)


def describe_pause(campaign: Campaign) -> str:
    """Describe a paused campaign and its reason."""
    return f"campaign {campaign.pk} is paused: {campaign.pause_reason}"
