"""What was found out about a campaign before it was sent. Computed by `services.preflight`."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_smsbat.db.primary import PrimaryModel
from django_smsbat.models.campaign import Campaign


class Preflight(PrimaryModel):
    """The last look at who will get a campaign, who will not and why, and what it may cost.

    Attributes:
        words, audience: fingerprints of what is said and of whom it goes to; a launch is refused
            when they are no longer the same.
        excluded: how many get nothing, by reason; `examples` says for each what exactly is wrong.
        placeholders: for each field that placeholders name: how many recipients get the `default`,
            how many people of the audience have a value (`has_value`), and if none has, the field
            that was probably meant (`suggestion`).
        repeated: how many more places the same people have on the lists.
        parts: how many messages take how many SMS parts, by number of parts.
        worst_case_parts: billed at most: one for each message of another channel, and the parts of
            its SMS, or of the SMS that follows it.
        duration: seconds that submitting takes at the configured rate.
        approved_by: the login of who approved the campaign as it was looked at here; empty for
            nobody. The next look begins without it, unless it finds the same words and people.
        scheduled_by: the login of who scheduled it; empty where code did.
    """

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="preflight")
    made_at = models.DateTimeField(_("looked at"))
    words = models.CharField(max_length=32, editable=False)
    audience = models.CharField(max_length=64, editable=False)
    recipients = models.PositiveIntegerField(_("recipients"))
    excluded = models.JSONField(default=dict)
    examples = models.JSONField(default=dict)
    placeholders = models.JSONField(default=dict)
    repeated = models.PositiveIntegerField(default=0)
    parts = models.JSONField(default=dict)
    worst_case_parts = models.PositiveIntegerField(default=0)
    duration = models.FloatField(default=0)

    approved_by = models.CharField(max_length=150, blank=True)
    scheduled_by = models.CharField(max_length=150, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)

    class Meta(PrimaryModel.Meta):
        verbose_name = "preflight"

    def __str__(self) -> str:
        return f"{self.campaign}: {self.recipients}"

    @property
    def fingerprint(self) -> str:
        """What a launch is held to: the same words to the same people."""
        return f"{self.words}-{self.audience}"
