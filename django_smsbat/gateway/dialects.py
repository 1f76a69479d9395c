"""How a message is written on the wire, in the two ways that SMSBAT's documents show.

Only field names differ; both dialects carry the same message.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django_smsbat.gateway import phones
from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.messages.base import Content, Message


class Dialect(StrEnum):
    """`MESSAGELIST` is the help centre's, `OVERVIEW` that of the document "SMSBAT API"."""

    MESSAGELIST = "messagelist"
    OVERVIEW = "overview"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message of a request.

    Attributes:
        customer_message_id: our own id, echoed in the answer.
        to: E.164 with the plus.
    """

    customer_message_id: str
    to: str
    content: Content

    @classmethod
    def of(cls, message: Message, customer_message_id: str) -> "Outgoing":
        return cls(customer_message_id, message.to, message.content())

    def __repr__(self) -> str:
        return f"Outgoing({self.customer_message_id!r}, to={phones.mask(self.to)!r})"


_RECIPIENT_KEY: Final = {Dialect.MESSAGELIST: "to", Dialect.OVERVIEW: "recipient"}
_OVERVIEW_TYPES: Final = {
    MessageType.VIBER_PROMO.value: "viber",
    MessageType.VIBER_TRANSACTIONAL.value: "viber",
}


def encode(outgoing: Outgoing, dialect: Dialect) -> dict[str, Any]:
    """The message as an object of the request's `messages`."""
    content = outgoing.content
    kind = content.type
    if dialect is Dialect.OVERVIEW:
        kind = _OVERVIEW_TYPES.get(kind, kind)
    wire: dict[str, Any] = {_RECIPIENT_KEY[dialect]: outgoing.to, "type": kind}
    if content.sender:
        wire["from"] = content.sender
    if content.text:
        wire["text"] = content.text
    wire["customerMessageId"] = outgoing.customer_message_id
    if content.ttl is not None:
        wire["ttl"] = content.ttl
    if content.message_data:
        wire["messageData"] = content.message_data
    if content.fallback_text:
        wire["fallback"] = {"type": "sms", "text": content.fallback_text}
    return wire


def encode_request(messages: Iterable[Outgoing], dialect: Dialect) -> bytes:
    """The request's body in UTF-8: escapes would double what Cyrillic takes."""
    body = {"messages": [encode(outgoing, dialect) for outgoing in messages]}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
