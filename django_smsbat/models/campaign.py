"""Campaigns: one text to many recipients. Only the services change a campaign's status."""

from decimal import Decimal
from typing import Any, Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from django_smsbat.db.primary import PrimaryModel
from django_smsbat.gateway.message_types import is_promotional
from django_smsbat.gateway.text import plain_texts
from django_smsbat.models.account import account_field
from django_smsbat.models.choices import type_choices
from django_smsbat.models.content import HasContent
from django_smsbat.models.recipient import RecipientList

_TEXTS: Final = ("text", "fallback_text", "message_data")


class CampaignStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    SCHEDULED = "scheduled", _("scheduled")
    SENDING = "sending", _("sending")
    PAUSED = "paused", _("paused")
    CANCELLED = "cancelled", _("cancelled")
    SENT = "sent", _("sent")


class Campaign(HasContent, PrimaryModel):
    """The content of a campaign, its lists, its schedule and its progress.

    In addition to the documented fields:

    Attributes:
        canary_size: number of messages sent first.
        canary_share: percentage of them that must be delivered before the rest is sent
            automatically.
        canary_last_id: key of the last message that may be sent now; null if all may be sent.
        canary_is_out: whether the campaign paused because the canary was sent, not because a user
            paused it.
        budget: maximum cost, in the currency that SMSBAT bills.
        budget_room: number of messages that may be sent before the cost is checked again.
        retry_approved_by: login of the user who approved that another user sends the failed
            messages again; empty if there is no approval.
        retry_approved_count: maximum number of messages covered by that approval.
    """

    name = models.CharField(_("title"), max_length=200)
    is_transactional = models.BooleanField(
        _("transactional"),
        default=False,
        help_text=_(
            "Only for SMS and RCS that people are waiting for: it then reaches those who opted out."
        ),
    )
    status = models.CharField(
        _("status"),
        max_length=16,
        choices=CampaignStatus.choices,
        default=CampaignStatus.DRAFT,
        editable=False,
        db_index=True,
    )
    pause_reason = models.TextField(_("why it paused"), blank=True, editable=False)
    account = account_field(help_text=_("Which of the site's accounts it is sent by."))
    type = models.CharField(_("type"), max_length=16, choices=type_choices)
    sender = models.CharField(
        _("sender"),
        max_length=64,
        blank=True,
        help_text=_("The alpha name that people see; empty for the one in the settings."),
    )
    text = models.TextField(
        _("text"),
        blank=True,
        help_text=_('May hold {{ name }}, {{ any_attribute }}, {{ city|default:"your city" }}.'),
    )
    message_data = models.JSONField(
        _("message data"),
        default=dict,
        blank=True,
        help_text=_("What the type needs besides text, as SMSBAT documents its messageData."),
    )
    ttl = models.PositiveIntegerField(
        _("time to live"),
        null=True,
        blank=True,
        help_text=_("Seconds after which it is no longer delivered."),
    )
    fallback_text = models.TextField(
        _("SMS fallback"),
        blank=True,
        help_text=_("Sent as SMS to those whom the first channel does not reach."),
    )
    lists = models.ManyToManyField(RecipientList, verbose_name=_("lists"), related_name="campaigns")
    scheduled_at = models.DateTimeField(_("scheduled for"), null=True, blank=True)
    canary_size = models.PositiveIntegerField(
        _("try with the first"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("So many go first; the rest waits until you resume. Empty: all go at once."),
    )
    canary_share = models.PositiveSmallIntegerField(
        _("go on when delivered, in percent"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("The rest follows by itself when so many of the first were delivered."),
    )
    canary_last_id = models.BigIntegerField(null=True, blank=True, editable=False)
    canary_is_out = models.BooleanField(default=False, editable=False)
    retry_approved_by = models.CharField(max_length=150, blank=True, editable=False)
    retry_approved_count = models.PositiveIntegerField(default=0, editable=False)
    budget = models.DecimalField(
        _("budget"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text=_(
            "What it may cost, in the currency that SMSBAT bills. A few go first, to learn the "
            "price; the campaign pauses when the rest might cost more. Empty: no limit."
        ),
    )
    budget_room = models.PositiveIntegerField(default=0, editable=False)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta(PrimaryModel.Meta):
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ("-id",)
        permissions = [
            ("send_campaign", "Can send, pause, resume and cancel campaigns"),
            ("approve_campaign", "Can approve campaigns that others send"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store texts with LF, as they are counted and sent. Browsers post CR LF."""
        for name in _TEXTS:
            setattr(self, name, plain_texts(getattr(self, name)))
        super().save(*args, **kwargs)

    @property
    def is_promotional(self) -> bool:
        """Whether opt-outs and quiet hours apply to its messages."""
        return is_promotional(self.type, transactional_campaign=self.is_transactional)
