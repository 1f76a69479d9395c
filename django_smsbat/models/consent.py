"""Consent to promotional messages: each change with its reason, and the suppression list."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_smsbat.conf.accounts import NAME_MAX
from django_smsbat.db.primary import PrimaryModel
from django_smsbat.models.inbound import InboundMessage
from django_smsbat.models.recipient import Recipient


class ConsentSource(models.TextChoices):
    """The origin of a change of consent."""

    KEYWORD = "keyword", _("keyword in a message")
    IMPORT = "import", _("imported file")
    PERSON = "person", _("a person on this site")
    CODE = "code", _("the site's own code")


class ConsentChange(PrimaryModel):
    """One opt-out or opt-in of a recipient. Rows are only added; the latest one applies.

    Attributes:
        at: when the recipient opted out or in; `recorded_at` is when the site learned of it, which
            may be later.
        reason: the keyword that the recipient sent, or the reason that a user entered.
        entered_by: login of that user.
        account: the account that received the keyword; empty for other sources.
        confirmed: whether a message confirmed the change to the recipient.
    """

    recipient = models.ForeignKey(
        Recipient,
        verbose_name=_("recipient"),
        on_delete=models.CASCADE,
        related_name="consent_changes",
        db_index=False,  # the index below starts with this column.
    )
    is_opt_out = models.BooleanField(_("opted out"))
    source = models.CharField(_("source"), max_length=8, choices=ConsentSource.choices)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    inbound = models.ForeignKey(
        InboundMessage,
        verbose_name=_("incoming message"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="consent_changes",
    )
    entered_by = models.CharField(_("entered by"), max_length=150, blank=True)
    account = models.CharField(
        _("account"), max_length=NAME_MAX, blank=True, default="", db_default="", editable=False
    )
    at = models.DateTimeField(_("at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    confirmed = models.BooleanField(_("confirmed"), default=False)

    class Meta(PrimaryModel.Meta):
        verbose_name = _("change of consent")
        verbose_name_plural = _("changes of consent")
        ordering = ("-at", "-id")
        indexes = [models.Index(fields=["recipient", "at"], name="smsbat_consent_latest")]

    def __str__(self) -> str:
        word = _("opted out") if self.is_opt_out else _("opted in")
        return f"#{self.pk} {word}"


class Suppression(PrimaryModel):
    """An erased person: only a keyed hash of the phone is stored.

    An import refuses rows with that phone. A person who sends a message is stored as a recipient
    again.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField()

    class Meta(PrimaryModel.Meta):
        verbose_name = "suppression"

    def __str__(self) -> str:
        return self.digest[:8]
