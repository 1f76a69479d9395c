"""One message to one phone: the row that tells the truth about what became of it."""

import secrets
import uuid
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_smsbat.db.expressions import NUMBER_MAX
from django_smsbat.db.fields import WireJSONEncoder
from django_smsbat.db.locking import lock_unlocked_rows
from django_smsbat.db.primary import PrimaryManager, PrimaryModel
from django_smsbat.db.set_based import keys_in
from django_smsbat.gateway import phones
from django_smsbat.gateway.dialects import Outgoing
from django_smsbat.gateway.messages import Content
from django_smsbat.gateway.statuses import Status
from django_smsbat.models.account import account_field
from django_smsbat.models.campaign import Campaign
from django_smsbat.models.choices import status_choices, type_choices
from django_smsbat.models.content import HasContent, fields_of
from django_smsbat.models.recipient import Recipient


def new_nonce() -> int:
    """A random part of `customer_message_id`: a restored database counts its keys again."""
    return secrets.randbelow(NUMBER_MAX + 1)


def customer_message_id(key: int, nonce: int) -> str:
    """Our own id on the wire, of a message with this primary key."""
    return f"{key}-{nonce:08x}"


class MessageQuerySet(models.QuerySet["Message"]):
    """How messages are looked for by those who work on them."""

    def among(self, keys: Collection[int]) -> Self:
        """Those with these keys; with their bounds, which no planner can guess."""
        if not keys:
            return self.none()
        return self.filter(pk__in=keys_in(Message, keys), pk__range=(min(keys), max(keys)))

    def queued(self) -> Self:
        return self.filter(status=Status.QUEUED.value)

    def lease_expired(self, now: datetime) -> Self:
        """Messages whose worker has died, or has been silent for too long."""
        return self.filter(status=Status.SENDING.value, lease_until__lt=now)

    def due_for_poll(self, now: datetime) -> Self:
        """Messages whose fate SMSBAT may know more of by now, least recently due first."""
        return self.filter(next_poll_at__lte=now).order_by("next_poll_at", "id")

    def locked(self, *, skip: bool = False) -> Self:
        """The rows locked until the transaction ends, where the database can lock rows.

        Args:
            skip: leave out what another worker has locked, instead of waiting for it.
        """
        if skip:
            return lock_unlocked_rows(self)
        return self.order_by("pk").select_for_update()  # one order for all, so that none deadlock

    def of_campaign_by_key(self, campaign_id: int) -> Self:
        """The same as filtering by the campaign, for who reads in the order of keys.

        A launch writes a campaign's messages one after the other: a walk between its first key and
        its last meets little else, where an index on the campaign would have them sorted first.
        """
        # A range of one status, ordered by it: an equality would let PostgreSQL's planner look for
        # the last key from the table's end, past everything that is younger.
        own = Message.objects.filter(campaign=campaign_id)
        ends = [
            models.Subquery(
                own.filter(status__gte=status.value, status__lte=status.value)
                .order_by(*order)
                .values("pk")[:1]
            )
            for status in Status
            for order in (("status", "pk"), ("-status", "-pk"))
        ]
        asked = Campaign.objects.filter(pk=campaign_id).values_list(*ends)
        keys = [key for key in next(iter(asked), ()) if key is not None]
        if not keys:
            return self.none()
        # The addition keeps planners from that index.
        walked = self.alias(walked_campaign=models.F("campaign_id") + 0)
        return walked.filter(walked_campaign=campaign_id, pk__range=(min(keys), max(keys)))

    def batches_of_keys(self, size: int) -> Iterator[list[int]]:
        """All keys, beyond the last one seen each time: what is left alone is seen once."""
        last = 0
        keys = self.order_by("pk").values_list("pk", flat=True)
        while batch := list(keys.filter(pk__gt=last)[:size]):
            yield batch
            last = batch[-1]

    def requeue(self) -> int:
        """Let a new attempt begin, of which alone the reports will count; how many rows.

        Not where the words were purged: there is nothing left to send.
        """
        return self.filter(purged_at=None).update(
            status=Status.QUEUED.value,
            resent_after=models.F("attempts"),
            smsbat_id="",
            messagelist_id="",
            parts=None,
            delivered_by="",
            channels={},
            error_code="",
            error_message="",
            submitted_at=None,
            final_at=None,
            next_poll_at=None,
            claim=None,
            lease_until=None,
            polls=0,
        )

    def claimed_by(self, claim: uuid.UUID) -> Self:
        """What a worker took with that claim and still holds."""
        return self.filter(claim=claim, status=Status.SENDING.value)


MessageManager = PrimaryManager.from_queryset(MessageQuerySet)


class Message(HasContent, PrimaryModel):
    """A message from before its request until its last report.

    Besides the promised fields: `account` (by which it is sent), `nonce` (see
    `customer_message_id`), `claim` (which worker's batch holds it), `lease_until` (until when that
    worker may be silent), `resent_after` (reports of attempts up to that one no longer count,
    because a person had it sent again), `time_zone` (the recipient's, by which quiet hours are
    kept; empty for the site's), `next_poll_at` and `polls` (when to ask for its status, how often
    that was done), `delivered_by` (the channel that reached the phone), `channels` (what each
    channel that was used came to, where SMSBAT has said so), `purged_at` (since when its words are
    not here: purged, or never kept because they held a code).
    """

    campaign = models.ForeignKey(
        Campaign,
        verbose_name=_("campaign"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="messages",
        db_index=False,  # the indexes below begin with it
    )
    recipient = models.ForeignKey(
        Recipient,
        verbose_name=_("recipient"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="messages",
    )
    account = account_field()
    to = models.CharField(_("to"), max_length=20)
    type = models.CharField(_("type"), max_length=16, choices=type_choices)
    sender = models.CharField(_("sender"), max_length=64, blank=True)
    text = models.TextField(_("text"), blank=True)
    message_data = models.JSONField(
        _("message data"), default=dict, blank=True, encoder=WireJSONEncoder
    )
    ttl = models.PositiveIntegerField(_("time to live"), null=True, blank=True)
    fallback_text = models.TextField(_("SMS fallback"), blank=True)

    status = models.CharField(
        _("status"), max_length=16, choices=status_choices, default=Status.QUEUED.value
    )
    smsbat_id = models.CharField(_("SMSBAT's id"), max_length=64, blank=True)
    messagelist_id = models.CharField(_("SMSBAT's list id"), max_length=32, blank=True)
    parts = models.PositiveSmallIntegerField(_("parts"), null=True, blank=True)
    cost = models.DecimalField(_("cost"), max_digits=14, decimal_places=6, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    delivered_by = models.CharField(_("delivered by"), max_length=16, blank=True)
    channels = models.JSONField(_("channels"), default=dict, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error_code = models.CharField(_("error code"), max_length=64, blank=True)
    error_message = models.TextField(_("error message"), blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    final_at = models.DateTimeField(_("final at"), null=True, blank=True)

    nonce = models.PositiveIntegerField(default=new_nonce, editable=False)
    claim = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    resent_after = models.PositiveSmallIntegerField(default=0, editable=False)
    time_zone = models.CharField(max_length=64, blank=True, editable=False)
    next_poll_at = models.DateTimeField(null=True, blank=True, editable=False)
    polls = models.PositiveSmallIntegerField(_("status requests"), default=0, editable=False)
    purged_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[MessageManager["Message"]] = MessageManager()  # type: ignore[assignment]

    class Meta(PrimaryModel.Meta):
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ("-id",)
        permissions = [("settle_message", "Can settle unconfirmed messages")]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "to"], name="smsbat_one_per_phone"),
        ]
        indexes = [
            # With the key: what is queued is claimed in that order, without sorting a campaign.
            models.Index(fields=["campaign", "status", "id"], name="smsbat_msg_to_claim"),
            models.Index(fields=["status", "id"], name="smsbat_msg_status"),
            models.Index(fields=["to", "id"], name="smsbat_msg_to"),
            models.Index(fields=["next_poll_at", "id"], name="smsbat_msg_next_poll"),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} #{self.pk} {phones.mask(self.to)}"

    @property
    def is_final(self) -> bool:
        """Whether the status is one after which nothing is expected."""
        return Status(self.status).is_final

    @property
    def is_delivered(self) -> bool:
        """Whether a channel delivered the message, read or not."""
        return self.status in (Status.DELIVERED, Status.READ)

    @property
    def is_failed(self) -> bool:
        """Whether the message ended without delivery."""
        return Status(self.status).is_failure

    @property
    def customer_message_id(self) -> str:
        """Our own id on the wire; no other site, and no restored database, gives the same."""
        return customer_message_id(self.pk, self.nonce)

    @classmethod
    def with_content(cls, content: Content, **fields: Any) -> "Message":
        """A new row, not saved, that says this."""
        return cls(**fields_of(content), **fields)

    def outgoing(self) -> Outgoing:
        return Outgoing(self.customer_message_id, self.to, self.content())
