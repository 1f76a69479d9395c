"""How a message is written on the wire, in the two ways that SMSBAT's documents show.

Only field names differ; both dialects carry the same message.
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
    """`MESSAGELIST` is the help centre's, `OVERVIEW` that of the document "SMSBAT API"."""

    MESSAGELIST = "messagelist"
    OVERVIEW = "overview"


@dataclass(slots=True)  # not frozen, which takes thrice as long: there is one for each message
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
        return cls(customer_message_id, message.phone, message.content())

    def __repr__(self) -> str:
        return f"Outgoing({self.customer_message_id!r}, to={phones.mask(self.to)!r})"


_RECIPIENT_KEY: Final = {Dialect.MESSAGELIST: "to", Dialect.OVERVIEW: "recipient"}
_OVERVIEW_TYPES: Final = {
    MessageType.VIBER_PROMO.value: "viber",
    MessageType.VIBER_TRANSACTIONAL.value: "viber",
}


def encode(outgoing: Outgoing, dialect: Dialect) -> dict[str, Any]:
    """The message as an object of the request's `messages`."""
    wire: dict[str, Any] = {
        _RECIPIENT_KEY[dialect]: outgoing.to,
        "customerMessageId": outgoing.customer_message_id,
    }
    if outgoing.content.text:
        wire["text"] = outgoing.content.text
    return wire | _shared(outgoing.content, dialect)


def _shared(content: Content, dialect: Dialect) -> dict[str, Any]:
    """What is the same whoever the message goes to; the text may be personal."""
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
    """The request's body in UTF-8: escapes would double what Cyrillic takes.

    The same as `encode` of each message, but what many of them share is written once and copied.
    """
    key = _RECIPIENT_KEY[dialect]
    written: dict[tuple[Any, ...], str] = {}
    items = []
    for outgoing in messages:
        said = outgoing.content
        shape = (said.type, said.sender, said.ttl, id(said.message_data), said.fallback_text)
        shared = written.get(shape)
        if shared is None:
            shared = written[shape] = _json(_shared(said, dialect))[1:]
        to, own_id = _quoted(outgoing.to), _quoted(outgoing.customer_message_id)
        text = f'"text":{_quoted(said.text)},' if said.text else ""
        items.append(f'{{"{key}":{to},"customerMessageId":{own_id},{text}{shared}')
    return f'{{"messages":[{",".join(items)}]}}'.encode()


_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
