"""Messages: one row for each message to one phone, with its current state."""

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
    """Return the random part of `customer_message_id`: a restored database reuses primary keys."""
    return secrets.randbelow(NUMBER_MAX + 1)


def customer_message_id(key: int, nonce: int) -> str:
    """Return the id that this site sends to SMSBAT for the message with this primary key."""
    return f"{key}-{nonce:08x}"


class MessageQuerySet(models.QuerySet["Message"]):
    """Queries for the services that process messages."""

    def among(self, keys: Collection[int]) -> Self:
        """Return messages with these keys. The range helps planners, which cannot infer it."""
        if not keys:
            return self.none()
        return self.filter(pk__in=keys_in(Message, keys), pk__range=(min(keys), max(keys)))

    def queued(self) -> Self:
        return self.filter(status=Status.QUEUED.value)

    def lease_expired(self, now: datetime) -> Self:
        """Return messages with an expired lease: their worker has died or stalled."""
        return self.filter(status=Status.SENDING.value, lease_until__lt=now)

    def due_for_poll(self, now: datetime) -> Self:
        """Return messages that are due for a status request, in the order of their due time."""
        return self.filter(next_poll_at__lte=now).order_by("next_poll_at", "id")

    def locked(self, *, skip: bool = False) -> Self:
        """Lock the rows until the transaction ends, if the database supports row locks.

        Args:
            skip: skip rows that another worker has locked, instead of waiting for them.
        """
        if skip:
            return lock_unlocked_rows(self)
        return self.order_by("pk").select_for_update()  # a single lock order prevents deadlocks

    def of_campaign_by_key(self, campaign_id: int) -> Self:
        """Filter by campaign, for callers that read in the order of keys.

        A launch writes a campaign's messages consecutively: a scan between its first and its last
        key reads few other rows. With an index on the campaign, the database would sort them first.
        """
        # A range over one status, ordered by it: with an equality, PostgreSQL's planner may search
        # for the last key from the end of the table, past all newer rows.
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
        bounds = Campaign.objects.filter(pk=campaign_id).values_list(*ends)
        keys = [key for key in next(iter(bounds), ()) if key is not None]
        if not keys:
            return self.none()
        # The addition keeps planners from using that index.
        walked = self.alias(walked_campaign=models.F("campaign_id") + 0)
        return walked.filter(walked_campaign=campaign_id, pk__range=(min(keys), max(keys)))

    def batches_of_keys(self, size: int) -> Iterator[list[int]]:
        """Yield all keys in batches, each after the last key seen: unchanged rows appear once."""
        last = 0
        keys = self.order_by("pk").values_list("pk", flat=True)
        while batch := list(keys.filter(pk__gt=last)[:size]):
            yield batch
            last = batch[-1]

    def requeue(self) -> int:
        """Queue the messages for a new attempt; reports of earlier attempts no longer count.

        Purged messages are skipped: they have no content left to send.

        Returns:
            The number of rows updated.
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
        """Return the messages that a worker claimed with that claim and has not released."""
        return self.filter(claim=claim, status=Status.SENDING.value)


MessageManager = PrimaryManager.from_queryset(MessageQuerySet)


class Message(HasContent, PrimaryModel):
    """A message, from before its request until its last report.

    In addition to the documented fields:

    Attributes:
        account: the account that sends it.
        nonce: see `customer_message_id`.
        claim: the batch of the worker that claimed it.
        lease_until: when that worker's lease expires.
        resent_after: reports of attempts up to this number no longer count, because a user had the
            message sent again.
        time_zone: the recipient's time zone, used for quiet hours; empty for the site's.
        next_poll_at, polls: when to request its status next, and the number of requests so far.
        delivered_by: the channel that reached the phone.
        channels: the result of each channel used, if SMSBAT has reported it.
        purged_at: since when its content is not stored: it was purged, or never stored because it
            contained a code.
    """

    campaign = models.ForeignKey(
        Campaign,
        verbose_name=_("campaign"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="messages",
        db_index=False,  # the indexes below start with this column.
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
            # Includes the key: workers claim queued messages in that order, without sorting a
            # campaign.
            models.Index(fields=["campaign", "status", "id"], name="smsbat_msg_to_claim"),
            models.Index(fields=["status", "id"], name="smsbat_msg_status"),
            models.Index(fields=["to", "id"], name="smsbat_msg_to"),
            models.Index(fields=["next_poll_at", "id"], name="smsbat_msg_next_poll"),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} #{self.pk} {phones.mask(self.to)}"

    @property
    def is_final(self) -> bool:
        """Whether the status is final: no further report is expected."""
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
        """The id that this site sends to SMSBAT, unique across sites and restored databases."""
        return customer_message_id(self.pk, self.nonce)

    @classmethod
    def with_content(cls, content: Content, **fields: Any) -> "Message":
        """Return a new, unsaved row with this content."""
        return cls(**fields_of(content), **fields)

    def outgoing(self) -> Outgoing:
        return Outgoing(self.customer_message_id, self.to, self.content())
