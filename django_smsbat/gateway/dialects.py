"""The JSON of a message in the two dialects of SMSBAT's documents.

The dialects differ in field names only.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from json.encoder import encode_basestring as _quoted
from typing import Any, Final

from django_smsbat.gateway import phones
from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.messages.base import Content, Message


class Dialect(StrEnum):
    """`MESSAGELIST` is used in the help centre, `OVERVIEW` in the document "SMSBAT API"."""

    MESSAGELIST = "messagelist"
    OVERVIEW = "overview"


@dataclass(slots=True)  # not frozen, which takes three times as long: there is one for each message
class Outgoing:
    """One message of a request.

    Attributes:
        customer_message_id: this site's id, echoed in the response.
        to: E.164 with the plus.
    """

    customer_message_id: str
    to: str
    content: Content

    @classmethod
    def of(cls, message: Message, customer_message_id: str) -> "Outgoing":
        return cls(customer_message_id, message.phone, message.content())

    def __repr__(self) -> str:
        return f"Outgoing({self.customer_message_id!r}, to={phones.mask(self.to)!r})"


_RECIPIENT_KEY: Final = {Dialect.MESSAGELIST: "to", Dialect.OVERVIEW: "recipient"}
_OVERVIEW_TYPES: Final = {
    MessageType.VIBER_PROMO.value: "viber",
    MessageType.VIBER_TRANSACTIONAL.value: "viber",
}


def encode(outgoing: Outgoing, dialect: Dialect) -> dict[str, Any]:
    """Return the message as an object of the request's `messages`."""
    wire: dict[str, Any] = {
        _RECIPIENT_KEY[dialect]: outgoing.to,
        "customerMessageId": outgoing.customer_message_id,
    }
    if outgoing.content.text:
        wire["text"] = outgoing.content.text
    return wire | _shared(outgoing.content, dialect)


def _shared(content: Content, dialect: Dialect) -> dict[str, Any]:
    """Return the fields that do not depend on the recipient; the text may be personal."""
    kind = content.type
    if dialect is Dialect.OVERVIEW:
        kind = _OVERVIEW_TYPES.get(kind, kind)
    wire: dict[str, Any] = {"type": kind}
    if content.sender:
        wire["from"] = content.sender
    if content.ttl is not None:
        wire["ttl"] = content.ttl
    if content.message_data:
        wire["messageData"] = content.message_data
    if content.fallback_text:
        wire["fallback"] = {"type": "sms", "text": content.fallback_text}
    return wire


def encode_request(messages: Sequence[Outgoing], dialect: Dialect) -> bytes:
    """Return the request's body in UTF-8: escapes would double the size of Cyrillic text.

    The result equals `encode` of each message, but fields shared by several messages are encoded
    once.
    """
    key = _RECIPIENT_KEY[dialect]
    encoded: dict[tuple[Any, ...], str] = {}
    items = []
    for outgoing in messages:
        content = outgoing.content
        shape = (
            content.type,
            content.sender,
            content.ttl,
            id(content.message_data),
            content.fallback_text,
        )
        shared = encoded.get(shape)
        if shared is None:
            shared = encoded[shape] = _json(_shared(content, dialect))[1:]
        to, own_id = _quoted(outgoing.to), _quoted(outgoing.customer_message_id)
        text = f'"text":{_quoted(content.text)},' if content.text else ""
        items.append(f'{{"{key}":{to},"customerMessageId":{own_id},{text}{shared}')
    return f'{{"messages":[{",".join(items)}]}}'.encode()


_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
