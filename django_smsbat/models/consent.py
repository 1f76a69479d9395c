"""Who wants promotional messages: each change with its reason, and whom nobody may bring back."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_smsbat.conf.accounts import NAME_MAX
from django_smsbat.db.primary import PrimaryModel
from django_smsbat.models.inbound import InboundMessage
from django_smsbat.models.recipient import Recipient


class ConsentSource(models.TextChoices):
    """Where a change of consent came from."""

    KEYWORD = "keyword", _("keyword in a message")
    IMPORT = "import", _("imported file")
    PERSON = "person", _("a person on this site")
    CODE = "code", _("the site's own code")


class ConsentChange(PrimaryModel):
    """Somebody opted out or in. Rows are added, never changed; the latest one counts.

    Attributes:
        at: when they said so; `recorded_at` when it was learned of, which may be later.
        reason: their own word, or the words of whoever entered it.
        entered_by: the login of that person.
        account: for a keyword the account that it was sent to, else empty.
        confirmed: whether a message told them of it.
    """

    recipient = models.ForeignKey(
        Recipient,
        verbose_name=_("recipient"),
        on_delete=models.CASCADE,
        related_name="consent_changes",
        db_index=False,  # the index below begins with it
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
    """A person who was erased: nothing of them is kept but a keyed hash of the phone.

    An import that brings the same phone is refused by it. Who writes to us is known again.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField()

    class Meta(PrimaryModel.Meta):
        verbose_name = "suppression"

    def __str__(self) -> str:
        return self.digest[:8]
