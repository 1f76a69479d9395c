"""What the sandbox refuses, in SMSBAT's own words and codes.

The limits are the gateway's table; the codes are those of SMSBAT's page on errors.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django_smsbat.gateway.message_types import BATCH_MAX
from django_smsbat.gateway.messages import Content, InvalidMessage, from_content
from django_smsbat.sandbox.site_samples import in_first_form

_PHONE: Final = re.compile(r"\+?[1-9]\d{9,14}")
_ANY_PHONE: Final = "+380671112233"
_OVERVIEW_VIBER: Final = "viber"
_WIRE_NAMES: Final = {"caller_id": "callerId"}  # fields that the wire names in another way
_TAKEN: Final = frozenset(
    [
        "from",
        "to",
        "recipient",
        "type",
        "text",
        "customerMessageId",
        "ttl",
        "messageData",
        "fallback",
    ]
)


@dataclass(frozen=True)
class Refusal(Exception):
    """An HTTP status with one of SMSBAT's error bodies."""

    status: int
    body: Mapping[str, Any]


def coded(code: int, words: str) -> Refusal:
    return Refusal(400, {"status": 400, "error": "Bad Request", "message": words, "code": code})


def named(code: str, words: str) -> Refusal:
    return Refusal(422, {"error": {"code": code, "message": words}})


def missing(name: str) -> Refusal:
    return coded(1002, f"Missing required field: '{name}'")


def messages_of(body: Any) -> list[Mapping[str, Any]]:
    """The messages of a request, every one of them valid.

    Raises:
        Refusal: for the first thing that is wrong; then nothing of the request is taken.
    """
    if not isinstance(body, Mapping):
        raise coded(1001, "Invalid request format")
    messages = body.get("messages")
    if messages is None:
        raise missing("messages")
    if not isinstance(messages, list) or not messages:
        raise coded(1001, "Invalid request format: 'messages' must be a list with messages")
    if len(messages) > BATCH_MAX:
        raise coded(1001, f"Too many messages: at most {BATCH_MAX} in a request")
    for message in messages:
        _check(message)
    return messages


def phone_of(message: Mapping[str, Any]) -> str:
    """The recipient, whichever dialect wrote it, with the plus."""
    phone = message.get("to", message.get("recipient", ""))
    return f"+{str(phone).lstrip('+')}"


def _check(message: Any) -> None:
    if not isinstance(message, Mapping):
        raise coded(1001, "Invalid message format")
    unknown = sorted(set(message) - _TAKEN)
    if unknown:
        raise coded(1001, f"Unknown field: '{unknown[0]}'")
    if "to" not in message and "recipient" not in message:
        raise missing("to")
    if "type" not in message:
        raise missing("type")
    if "to" in message and not message.get("from"):
        raise missing("from")
    if not _PHONE.fullmatch(str(message.get("to", message.get("recipient")))):
        raise named("INVALID_RECIPIENT", "Invalid phone number format")
    try:
        from_content(_content(in_first_form(message)), _ANY_PHONE)
    except InvalidMessage as error:
        raise _in_their_words(error) from None


def _content(message: Mapping[str, Any]) -> Content:
    fallback = message.get("fallback") or {}
    if not isinstance(fallback, Mapping) or (fallback and fallback.get("type") != "sms"):
        raise InvalidMessage("fallback", "only an SMS may follow")
    data = message.get("messageData") or {}
    if not isinstance(data, Mapping):
        raise InvalidMessage("messageData", "must be an object")
    kind = str(message["type"])
    if kind == _OVERVIEW_VIBER:
        kind = "viber_trans" if "fileUrl" in data or not data else "viber_promo"
    return Content(
        type=kind,
        sender=message.get("from", ""),
        text=message.get("text", ""),
        message_data=data,
        ttl=message.get("ttl"),
        fallback_text=fallback.get("text", ""),
    )


def _in_their_words(error: InvalidMessage) -> Refusal:
    field = _WIRE_NAMES.get(error.field, error.field)
    if error.field == "sender":
        return named("INVALID_SENDER", "Invalid sender name")
    if "at most" in error.reason and error.field in ("text", "fallback_text"):
        return named("MESSAGE_TOO_LONG", f"Message is too long: {error.reason}")
    if "must not be empty" in error.reason:
        return missing(field)
    if error.field == "caller_id":
        return coded(1003, f"Invalid phone number: '{field}'")
    return coded(1001, f"Invalid field '{field}': {error.reason}")
