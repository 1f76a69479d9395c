"""Phones that prove to be somebody's. A row tells the whole story, and never the code."""

import uuid
from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_smsbat.db.primary import PrimaryManager, PrimaryModel
from django_smsbat.gateway import phones
from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.statuses import FAILURES
from django_smsbat.models.message import Message

PURPOSE_MAX = 32  # characters
PREFIX_MAX = 12


class Channel(models.TextChoices):
    """How a code travels: each is a message type."""

    VIBER_OTP = MessageType.VIBER_OTP.value, _("Viber")
    SMS = MessageType.SMS.value, _("SMS")
    FLASH_CALL = MessageType.FLASH_CALL.value, _("call")


class VerificationStatus(models.TextChoices):
    """What became of a verification; it leaves `PENDING` once."""

    PENDING = "pending", _("waits for the code")
    VERIFIED = "verified", _("verified")
    EXPIRED = "expired", _("expired")
    EXHAUSTED = "exhausted", _("too many wrong codes")
    REPLACED = "replaced", _("another one was asked for")
    FAILED = "failed", _("the code could not be sent")


class VerificationQuerySet(models.QuerySet["Verification"]):
    """How verifications are looked for by those who work on them."""

    def pending(self) -> Self:
        return self.filter(status=VerificationStatus.PENDING)

    def sent(self) -> Self:
        """Those whose code left, or may have left: not those whose message has failed with them."""
        failures = [status.value for status in FAILURES]
        unsent = models.Q(status=VerificationStatus.FAILED, message__status__in=failures)
        return self.exclude(unsent)

    def overdue(self, now: datetime) -> Self:
        """Those whose code is good no longer, and that nobody has said so of."""
        return self.pending().filter(expires_at__lte=now)


VerificationManager = PrimaryManager.from_queryset(VerificationQuerySet)


class Verification(PrimaryModel):
    """One code, or one flash call, for one phone.

    Attributes:
        number: our own, in the order in which they were started.
        id: random, so that only who was given it can try a code on it.
        purpose: what the phone is verified for; a code for one purpose is good for no other.
        code_hash: keyed, of the digits that are to be entered; empty until a flash call is
            answered for, and once nothing can be entered any more.
        code_shape: of a flash call, which digits of the caller's number are the code: ``***######``
            as SMSBAT's `pattern` with the digits taken out.
        attempts: codes that were tried.
        address_hash: keyed, of the network address that asked for it; empty for none.
        prefix: the beginning of the phone by which the breaker counts.
        finished_at: when it left `PENDING`.
        proof_hash: a hash of the proof that the right code was answered with; empty until then, and
            once the proof has been used.
        taken_at: when the proof was used.
    """

    number = models.BigAutoField(primary_key=True)
    id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    phone = models.CharField(_("phone"), max_length=20)
    channel = models.CharField(_("channel"), max_length=16, choices=Channel.choices)
    purpose = models.CharField(_("purpose"), max_length=PURPOSE_MAX, blank=True)
    status = models.CharField(
        _("status"),
        max_length=16,
        choices=VerificationStatus.choices,
        default=VerificationStatus.PENDING.value,
    )
    message = models.ForeignKey(
        Message,
        verbose_name=_("message"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="verifications",
    )
    code_hash = models.CharField(max_length=64, blank=True, editable=False)
    code_shape = models.CharField(max_length=32, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("codes tried"), default=0)
    address_hash = models.CharField(max_length=64, blank=True, editable=False)
    prefix = models.CharField(_("prefix"), max_length=PREFIX_MAX)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("good until"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    proof_hash = models.CharField(
        max_length=64, blank=True, default="", db_default="", editable=False
    )
    taken_at = models.DateTimeField(_("proof used at"), null=True, blank=True)

    objects: ClassVar[VerificationManager["Verification"]] = VerificationManager()  # type: ignore[assignment]

    class Meta(PrimaryModel.Meta):
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")
        ordering = ("-number",)
        indexes = [
            models.Index(fields=["phone", "created_at"], name="smsbat_verify_phone"),
            models.Index(fields=["prefix", "created_at"], name="smsbat_verify_prefix"),
            models.Index(fields=["status", "expires_at"], name="smsbat_verify_overdue"),
            models.Index(fields=["created_at"], name="smsbat_verify_created"),
            models.Index(fields=["proof_hash"], name="smsbat_verify_proof"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {phones.mask(self.phone)}"

    @property
    def code_length(self) -> int:
        """Digits that are to be entered; 0 while a flash call has not been answered for."""
        return self.code_shape.count("#")

    @property
    def is_verified(self) -> bool:
        return self.status == VerificationStatus.VERIFIED


class VerificationCounter(PrimaryModel):
    """Codes that were requested in the hour, or failed attempts in the day, since `since`.

    Attributes:
        name: what is counted and for whom: for the site, or for a keyed hash of a phone, of an
            address, or of both.
    """

    name = models.CharField(max_length=80, primary_key=True)
    since = models.DateTimeField()
    used = models.PositiveIntegerField(default=0)

    class Meta(PrimaryModel.Meta):
        verbose_name = "verification counter"
        indexes = [models.Index(fields=["since"], name="smsbat_verify_since")]

    def __str__(self) -> str:
        return self.name


class ClosedPrefix(PrimaryModel):
    """Phones to which no codes go for a while: they were asked for, and not entered.

    Attributes:
        asked, entered: codes by which that was decided.
        counted_from: codes of before are not counted any more.
    """

    prefix = models.CharField(_("prefix"), max_length=PREFIX_MAX, primary_key=True)
    asked = models.PositiveIntegerField(_("codes asked for"), default=0)
    entered = models.PositiveIntegerField(_("codes entered"), default=0)
    closed_at = models.DateTimeField(_("closed at"))
    closed_until = models.DateTimeField(_("closed until"))
    counted_from = models.DateTimeField(editable=False)

    class Meta(PrimaryModel.Meta):
        verbose_name = _("closed prefix")
        verbose_name_plural = _("closed prefixes")
        ordering = ("-closed_at",)
        permissions = [("open_closedprefix", "Can open closed prefixes again")]

    def __str__(self) -> str:
        return self.prefix
