"""Recipients and recipient lists."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, models
from django.utils.translation import gettext_lazy as _

from django_smsbat.db.fields import PhoneField
from django_smsbat.db.primary import PrimaryModel
from django_smsbat.gateway import phones


class Recipient(PrimaryModel):
    """A phone, the data about its owner, and the owner's consent to promotional messages."""

    phone = PhoneField(
        _("phone"), unique=True, help_text=_("International, such as +380671112233.")
    )
    name = models.CharField(_("name"), max_length=200, blank=True, db_index=True)
    email = models.EmailField(_("e-mail"), blank=True)
    attributes = models.JSONField(
        _("attributes"),
        default=dict,
        blank=True,
        help_text=_("Values for placeholders: an attribute “city” fills {{ city }} in a text."),
    )
    opted_out_at = models.DateTimeField(
        _("opted out at"),
        null=True,
        blank=True,
        help_text=_("While set, nothing promotional is sent to this phone."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    # An unknown person who sent a message to the site; purged with their messages.
    created_by_callback = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta(PrimaryModel.Meta):
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        ordering = ("-id",)
        indexes = [models.Index(fields=["email"], name="smsbat_person_email")]
        permissions = [("erase_recipient", "Can erase a person and all messages to and from them")]

    def __str__(self) -> str:
        return self.name or phones.mask(self.phone)


class RecipientList(PrimaryModel):
    """A named set of recipients. A recipient may be on several lists."""

    name = models.CharField(_("title"), max_length=200, unique=True)
    recipients = models.ManyToManyField(
        Recipient, verbose_name=_("recipients"), related_name="lists", blank=True
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta(PrimaryModel.Meta):
        verbose_name = _("list of recipients")
        verbose_name_plural = _("lists of recipients")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


def memberships() -> "models.QuerySet[Any]":
    """Return the rows that link recipients to lists, read from the primary database."""
    return RecipientList.recipients.through._base_manager.using(DEFAULT_DB_ALIAS)
