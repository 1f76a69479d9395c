"""Messages from customers."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_smsbat.db.fields import WireJSONEncoder
from django_smsbat.db.primary import PrimaryModel
from django_smsbat.gateway import phones
from django_smsbat.models.account import account_field
from django_smsbat.models.message import Message
from django_smsbat.models.recipient import Recipient


class InboundMessage(PrimaryModel):
    """One incoming message, stored once even if SMSBAT delivers it several times.

    `id_uuid` is unique within its account: another SMSBAT account may use the same id.

    In addition to the documented fields:

    Attributes:
        account: the account that received it.
        in_reply_to: the last message sent to that phone.
        answer: the last message that answered this one.
        read_at: when a user of this site read it; null while it is unread.
        may_be_opt_out: whether a user has to decide if the sender wants to opt out.
    """

    id_uuid = models.CharField(_("SMSBAT's id"), max_length=64)
    account = account_field()
    alpha_name = models.CharField(_("written to"), max_length=64, blank=True)
    phone = models.CharField(_("phone"), max_length=32)
    text = models.TextField(_("text"), blank=True)
    received_at = models.DateTimeField(_("received at"))
    recipient = models.ForeignKey(
        Recipient,
        verbose_name=_("recipient"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="inbound",
    )
    in_reply_to = models.ForeignKey(
        Message,
        verbose_name=_("in reply to"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="replies",
    )
    answer = models.ForeignKey(
        Message,
        verbose_name=_("answer"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="answers_to",
    )
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    may_be_opt_out = models.BooleanField(_("may be an opt-out"), default=False, db_default=False)
    payload = models.JSONField(_("payload"), default=dict, encoder=WireJSONEncoder)

    class Meta(PrimaryModel.Meta):
        verbose_name = _("incoming message")
        verbose_name_plural = _("incoming messages")
        ordering = ("-received_at", "-id")
        permissions = [("reply_inboundmessage", "Can answer incoming messages")]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "id_uuid"], name="smsbat_inbound_stored_once"
            ),
        ]
        indexes = [
            models.Index(fields=["phone", "received_at"], name="smsbat_in_phone"),
            models.Index(fields=["received_at"], name="smsbat_in_received"),
            models.Index(fields=["read_at"], name="smsbat_in_read"),
            # Not a partial index: MariaDB does not support them and would read the whole table.
            models.Index(fields=["may_be_opt_out"], name="smsbat_in_opt_out"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {phones.mask(self.phone)}"
