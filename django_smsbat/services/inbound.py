"""What customers write: stored once, linked to who wrote it and to what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from django_smsbat import conf, signals
from django_smsbat.gateway import phones
from django_smsbat.models import InboundMessage, Message, Recipient
from django_smsbat.services import announcing


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """An incoming message as the callback tells it."""

    id_uuid: str
    alpha_name: str
    phone: str
    text: str
    received_at: datetime
    payload: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Incoming({self.id_uuid!r})"


def receive(incoming: Incoming) -> bool:
    """Store an incoming message and announce it after the commit.

    Returns:
        False when it was known already: SMSBAT may deliver the same one twice.
    """
    phone = _readable(incoming.phone)
    with transaction.atomic():
        if InboundMessage.objects.filter(id_uuid=incoming.id_uuid).exists():
            return False
        inbound, created = InboundMessage.objects.get_or_create(
            id_uuid=incoming.id_uuid,
            defaults={
                "alpha_name": incoming.alpha_name,
                "phone": phone or incoming.phone,
                "text": incoming.text,
                "received_at": incoming.received_at,
                "recipient": Recipient.objects.get_or_create(phone=phone)[0] if phone else None,
                "in_reply_to": _last_message_to(phone),
                "payload": dict(incoming.payload),
            },
        )
        if created:
            announcing.after_commit(
                signals.inbound_received, [{"inbound": inbound}], sender=InboundMessage
            )
    return created


def _readable(raw: str) -> str:
    """The phone in E.164, empty where it is none: then it is kept as it came."""
    try:
        return phones.normalise(raw, conf.current().default_region)
    except phones.InvalidPhone:
        return ""


def _last_message_to(phone: str) -> Message | None:
    return Message.objects.filter(to=phone).order_by("-id").first() if phone else None
