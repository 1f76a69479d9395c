"""The result of checking a campaign before it is sent. Computed by `services.preflight`."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_smsbat.db.primary import PrimaryModel
from django_smsbat.models.campaign import Campaign


class Preflight(PrimaryModel):
    """The last preflight check: a campaign's recipients, exclusions with reasons, and cost.

    Attributes:
        words, audience: fingerprints of the content and of the recipients. A launch is refused if
            they have changed.
        excluded: number of excluded recipients by reason; `examples` has the exact problem for each
            reason.
        placeholders: for each placeholder field: how many recipients get the `default`, how many of
            the audience have a value (`has_value`), and if none has, the field that was probably
            meant (`suggestion`).
        repeated: number of duplicate list memberships.
        parts: number of messages by number of SMS parts.
        worst_case_parts: maximum billed parts: one for each message of another channel, plus the
            parts of its SMS or of its SMS fallback.
        duration: seconds to submit all messages at the configured rate.
        approved_by: login of the user who approved the campaign in this state; empty if not
            approved. The next check keeps the approval only if content and recipients are
            unchanged.
        scheduled_by: login of the user who scheduled it; empty if code did.
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
        """The fingerprint that a launch must match: same content, same recipients."""
        return f"{self.words}-{self.audience}"
