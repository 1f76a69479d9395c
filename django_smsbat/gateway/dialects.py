"""How a message is written on the wire, in the two ways that SMSBAT's documents show.

Only field names differ; both dialects carry the same message.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from json.encoder import encode_basestring
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
    own = {
        _RECIPIENT_KEY[dialect]: outgoing.to,
        "customerMessageId": outgoing.customer_message_id,
    }
    return own | _encode_content(outgoing.content, dialect)


def _encode_content(content: Content, dialect: Dialect) -> dict[str, Any]:
    """What is the same whoever the message goes to."""
    kind = content.type
    if dialect is Dialect.OVERVIEW:
        kind = _OVERVIEW_TYPES.get(kind, kind)
    wire: dict[str, Any] = {"type": kind}
    if content.sender:
        wire["from"] = content.sender
    if content.text:
        wire["text"] = content.text
    if content.ttl is not None:
        wire["ttl"] = content.ttl
    if content.message_data:
        wire["messageData"] = content.message_data
    if content.fallback_text:
        wire["fallback"] = {"type": "sms", "text": content.fallback_text}
    return wire


def encode_request(messages: Sequence[Outgoing], dialect: Dialect) -> bytes:
    """The request's body in UTF-8: escapes would double what Cyrillic takes.

    Content that many messages share is written once and copied.
    """
    key = _RECIPIENT_KEY[dialect]
    written: dict[int, str] = {}
    items = []
    for outgoing in messages:
        said = written.get(id(outgoing.content))
        if said is None:
            said = _json(_encode_content(outgoing.content, dialect))[1:]
            written[id(outgoing.content)] = said
        to, own_id = encode_basestring(outgoing.to), encode_basestring(outgoing.customer_message_id)
        items.append(f'{{"{key}":{to},"customerMessageId":{own_id},{said}')
    return f'{{"messages":[{",".join(items)}]}}'.encode()


_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
