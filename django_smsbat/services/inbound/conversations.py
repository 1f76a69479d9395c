"""Conversations: the sent and the incoming messages of a phone in one thread."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import CharField, Value

from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.models import InboundMessage, Message


@dataclass(frozen=True)
class Entry:
    """One message of a conversation.

    Attributes:
        is_incoming: whether the recipient wrote it.
        status: delivery status of a sent message; empty for an incoming message.
        pk: the key of the `Message`, or of the `InboundMessage`.
    """

    at: datetime
    is_incoming: bool
    text: str = field(repr=False)
    type: str
    status: str
    pk: int


@private_frames
def conversation(phone: str, limit: int = 200) -> list[Entry]:
    """Return the last messages to and from a phone, oldest first, in one query.

    Args:
        phone: in E.164.
    """
    nothing = Value("", output_field=CharField())
    sent = Message.objects.filter(to=phone).order_by()
    received = InboundMessage.objects.filter(phone=phone).order_by()
    both = sent.values_list("created_at", Value(0), "text", "type", "status", "pk").union(
        received.values_list("received_at", Value(1), "text", nothing, nothing, "pk"), all=True
    )
    latest = both.order_by("-created_at", "-pk")[:limit]
    entries = [
        Entry(at, bool(incoming), text, kind, status, key)
        for at, incoming, text, kind, status, key in latest
    ]
    return entries[::-1]
