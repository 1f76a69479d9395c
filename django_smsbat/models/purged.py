"""Aggregate counts of purged messages."""

from django.db import models

from django_smsbat.db.primary import PrimaryModel
from django_smsbat.gateway.statuses import Status
from django_smsbat.models.campaign import Campaign


class PurgedMessages(PrimaryModel):
    """The number of purged messages of a campaign, by outcome, and their cost.

    Attributes:
        campaign: null for single messages.
        cost: the sum, in `currency`.
        replies: incoming messages that answered them.
        requests: HTTP requests for them: send requests and status requests.
        last_final_at: when the last of them became final.
    """

    campaign = models.ForeignKey(
        Campaign, null=True, on_delete=models.CASCADE, related_name="purged_messages"
    )
    status = models.CharField(max_length=16)
    delivered_by = models.CharField(max_length=16, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    messages = models.PositiveIntegerField(default=0)
    priced = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=20, decimal_places=6, default=0)
    parts = models.PositiveIntegerField(default=0)
    replies = models.PositiveIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0)
    last_final_at = models.DateTimeField(null=True)

    class Meta(PrimaryModel.Meta):
        verbose_name = "purged messages"
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "status", "delivered_by", "currency"],
                name="smsbat_purged_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.messages} {Status(self.status)}"
