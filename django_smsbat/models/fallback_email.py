"""The e-mail sent after no channel delivered a message: at most one for each message."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_smsbat.db.primary import PrimaryModel
from django_smsbat.models.message import Message


class EmailState(models.TextChoices):
    """The state of the e-mail."""

    QUEUED = "queued", _("queued")
    SENDING = "sending", _("sending")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")
    UNNEEDED = "unneeded", _("not needed")
    UNCONFIRMED = "unconfirmed", _("unconfirmed")


class FallbackEmail(PrimaryModel):
    """One e-mail, from the failure that triggers it until its outcome. No address is stored.

    Attributes:
        due_at: earliest time to send it; until then, a report of the SMS fallback may still arrive.
        lease_until: when the lease of the sending worker expires.
        error: why it failed, as reported by the mail server.
    """

    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, related_name="fallback_email", primary_key=True
    )
    state = models.CharField(
        _("e-mail"), max_length=16, choices=EmailState.choices, default=EmailState.QUEUED
    )
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta(PrimaryModel.Meta):
        verbose_name = "fallback e-mail"
        indexes = [models.Index(fields=["state", "due_at"], name="smsbat_email_due")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.get_state_display()}"
