"""The e-mail that follows a message which no channel delivered: one a message, at most."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_smsbat.db.primary import PrimaryModel
from django_smsbat.models.message import Message


class EmailState(models.TextChoices):
    """What became of the e-mail."""

    QUEUED = "queued", _("queued")
    SENDING = "sending", _("sending")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")
    UNNEEDED = "unneeded", _("not needed")
    UNCONFIRMED = "unconfirmed", _("unconfirmed")


class FallbackEmail(PrimaryModel):
    """One e-mail, from the failure that calls for it until its outcome. No address is kept.

    Attributes:
        due_at: when it may leave: a report of the SMS fallback may still come before.
        lease_until: until when the worker that sends it may be silent.
        error: why it failed, in the mail server's words.
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
