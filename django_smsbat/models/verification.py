"""Verifications: proof that a person controls a phone. A row never contains the code."""

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
    """The channel that carries a code; each is a message type."""

    VIBER_OTP = MessageType.VIBER_OTP.value, _("Viber")
    SMS = MessageType.SMS.value, _("SMS")
    FLASH_CALL = MessageType.FLASH_CALL.value, _("call")


class VerificationStatus(models.TextChoices):
    """The status of a verification. It leaves `PENDING` once."""

    PENDING = "pending", _("waits for the code")
    VERIFIED = "verified", _("verified")
    EXPIRED = "expired", _("expired")
    EXHAUSTED = "exhausted", _("too many wrong codes")
    REPLACED = "replaced", _("another one was asked for")
    FAILED = "failed", _("the code could not be sent")


class VerificationQuerySet(models.QuerySet["Verification"]):
    """Queries for the services that process verifications."""

    def pending(self) -> Self:
        return self.filter(status=VerificationStatus.PENDING)

    def sent(self) -> Self:
        """Exclude verifications that failed together with their message: no code was sent."""
        failures = [status.value for status in FAILURES]
        unsent = models.Q(status=VerificationStatus.FAILED, message__status__in=failures)
        return self.exclude(unsent)

    def overdue(self, now: datetime) -> Self:
        """Return pending verifications past `expires_at`."""
        return self.pending().filter(expires_at__lte=now)


VerificationManager = PrimaryManager.from_queryset(VerificationQuerySet)


class Verification(PrimaryModel):
    """One code, or one flash call, for one phone.

    Attributes:
        number: sequential key, in the order of creation.
        id: random, so that only a client that received it can try a code.
        purpose: what the phone is verified for; a code is valid for one purpose only.
        code_hash: keyed hash of the digits to enter; empty until SMSBAT answers for a flash call,
            and once no code can be entered any more.
        code_shape: for a flash call, which digits of the caller's number are the code:
            ``***######``, SMSBAT's `pattern` without the digits.
        attempts: number of codes tried.
        address_hash: keyed hash of the network address that requested it; empty if there is none.
        prefix: the leading digits of the phone that the circuit breaker counts by.
        finished_at: when it left `PENDING`.
        proof_hash: hash of the proof returned for the right code; empty until then, and after the
            proof has been used.
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
        """The number of digits to enter; 0 until SMSBAT answers for a flash call."""
        return self.code_shape.count("#")

    @property
    def is_verified(self) -> bool:
        return self.status == VerificationStatus.VERIFIED


class VerificationCounter(PrimaryModel):
    """Codes requested in the hour, or failed attempts in the day, since `since`.

    Attributes:
        name: the kind of count and its subject: the site, or a keyed hash of a phone, of an
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
    """A phone prefix that receives no codes for a while: its codes were requested but not entered.

    Attributes:
        asked, entered: the numbers of codes that led to this.
        counted_from: codes from before this time no longer count.
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
