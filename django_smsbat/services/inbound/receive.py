"""Receive incoming messages. Each is stored once and linked to its sender and the last message.

A message that begins with a keyword changes the sender's consent in the same transaction. A
message that may be a request to opt out is flagged for review in the admin.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Value
from django.utils import timezone

from django_smsbat import conf, signals
from django_smsbat.conf import DEFAULT_ACCOUNT
from django_smsbat.db.prepared import Prepared
from django_smsbat.db.set_based import insert_returning
from django_smsbat.gateway import phones
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.models import HeartbeatName, InboundMessage, Message, Recipient, Suppression
from django_smsbat.services import callback_limits, heartbeats, signal_dispatch
from django_smsbat.services.callback_limits import Effect, LimitReached
from django_smsbat.services.consent import changes, keywords, suppression
from django_smsbat.services.consent.keywords import Intent
from django_smsbat.services.inbound import replies

_OPT_OUT_BY_INTENT: Final = {Intent.OPT_OUT: True, Intent.OPT_IN: False}
_TRIES: Final = 3  # a concurrent callback may store the same message or the same new sender


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """An incoming message, as contained in the callback."""

    id_uuid: str
    alpha_name: str
    phone: str
    text: str
    received_at: datetime
    payload: Mapping[str, Any]
    account: str = DEFAULT_ACCOUNT

    def __repr__(self) -> str:
        return f"Incoming({self.id_uuid!r})"


@private_frames
def receive(incoming: Incoming, now: datetime | None = None) -> bool:
    """Store an incoming message and send its signal after the commit.

    Returns:
        False if it is already stored: SMSBAT may deliver the same message twice.

    Raises:
        LimitReached: if too many messages of unknown senders arrived within the hour.
    """
    phone = _readable(incoming.phone)
    now = now or timezone.now()
    for left in reversed(range(_TRIES)):
        try:
            with _savepoint():
                return _receive(incoming, phone, now)
        except LimitReached as reached:  # counted here, as the savepoint was rolled back
            callback_limits.count_refusal(reached, now)
            raise
        except IntegrityError:  # a concurrent callback stored the message or its sender
            if not left:
                raise
    return False


def _savepoint() -> AbstractContextManager[object]:
    """Return a savepoint, so that an integrity error does not break the caller's transaction."""
    inside = transaction.get_connection().in_atomic_block
    return transaction.atomic() if inside else nullcontext()


def _receive(incoming: Incoming, phone: str, now: datetime) -> bool:
    digests = suppression.digests(phone)
    named = {f"digest{place}": digest for place, digest in enumerate(digests)}
    asked_for = _known(len(digests))(
        phone=phone, account=incoming.account, id_uuid=incoming.id_uuid, **named
    )
    [(owner, is_opted_out, last_id, is_known, is_erased, only_wrote)] = asked_for
    if is_known:
        return False
    if last_id is None and (owner is None or only_wrote):
        callback_limits.consume(Effect.UNKNOWN_SENDERS, incoming.account, now)
    intent = keywords.intent_of(incoming.text)
    is_flagged = intent is Intent.MAY_BE_OPT_OUT and not (is_opted_out or is_erased or not phone)
    if owner is not None and intent not in _OPT_OUT_BY_INTENT:
        _announce(_create(incoming, phone, owner, last_id, may_be_opt_out=is_flagged), now)
        return True
    with transaction.atomic():
        if owner is None and phone:
            # Unknown senders become recipients. An erased person stays opted out.
            opted_out_at = suppression.since(phone) if is_erased else None
            recipient = Recipient.objects.create(
                phone=phone, opted_out_at=opted_out_at, created_by_callback=True
            )
            owner = recipient.pk
        key = _create(incoming, phone, owner, last_id, may_be_opt_out=is_flagged)
        _announce(key, now)
        if intent in _OPT_OUT_BY_INTENT:
            inbound = InboundMessage.objects.get(pk=key)
            _apply_keyword(inbound, now, is_opt_out=_OPT_OUT_BY_INTENT[intent])
    return True


@cache
def _known(digests: int) -> Prepared:
    """Return the prepared query for the stored facts about a sender and a message.

    Its columns: the sender, whether they opted out, the last message to them by this account,
    whether this message is stored, whether the sender was erased, and whether a callback created
    the sender, who is on no list.

    Args:
        digests: number of suppression digests, one per secret key.
    """

    def make(
        phone: str, account: str, id_uuid: str, **hashes: str
    ) -> tuple[QuerySet[Any, Any], ...]:
        sender = Recipient.objects.filter(phone=phone).order_by()
        return (
            sender.values_list("pk")[:1],
            sender.filter(opted_out_at__isnull=False).values_list(Value(1))[:1],
            Message.objects.filter(to=phone, account=account).order_by("-id").values_list("pk")[:1],
            InboundMessage.objects.filter(account=account, id_uuid=id_uuid)
            .order_by()
            .values_list("pk")[:1],
            Suppression.objects.filter(digest__in=list(hashes.values())).values_list(Value(1))[:1],
            sender.filter(created_by_callback=True, lists=None).values_list(Value(1))[:1],
        )

    hashes = {f"digest{place}": str for place in range(digests)}
    return Prepared(make, phone=str, account=str, id_uuid=str, **hashes)


_WRITTEN: Final = (
    "account",
    "id_uuid",
    "alpha_name",
    "phone",
    "text",
    "received_at",
    "recipient",
    "in_reply_to",
    "may_be_opt_out",
    "payload",
)


def _create(
    incoming: Incoming,
    phone: str,
    recipient_id: int | None,
    in_reply_to_id: int | None,
    *,
    may_be_opt_out: bool,
) -> int:
    """Store the message and return its key.

    Raises:
        IntegrityError: if it is already stored.
    """
    row = (
        incoming.account,
        incoming.id_uuid,
        incoming.alpha_name,
        phone or incoming.phone,
        incoming.text,
        incoming.received_at,
        recipient_id,
        in_reply_to_id,
        may_be_opt_out,
        dict(incoming.payload),
    )
    [key] = insert_returning(InboundMessage, _WRITTEN, [row], "id")
    return int(key)


def _announce(key: int, now: datetime) -> None:
    heartbeats.beat_after_commit(HeartbeatName.INBOUND, now)
    if signals.inbound_received.has_listeners(InboundMessage):
        occasion = {"inbound": InboundMessage.objects.get(pk=key)}
        signal_dispatch.after_commit(signals.inbound_received, [occasion], sender=InboundMessage)


def _apply_keyword(inbound: InboundMessage, now: datetime, *, is_opt_out: bool) -> None:
    change = changes.heed_keyword(inbound, now, is_opt_out=is_opt_out)
    settings = conf.current()
    text = settings.opt_out_confirmation if is_opt_out else settings.opt_in_confirmation
    if change is not None and text:
        replies.confirm(change, text, now)


def _readable(raw: str) -> str:
    """Return the number in E.164; empty if it is unreadable and is stored as received."""
    try:
        return phones.international(raw)
    except phones.InvalidPhone:
        return ""
