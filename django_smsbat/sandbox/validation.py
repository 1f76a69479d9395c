"""Request validation of the sandbox, with SMSBAT's error messages and codes.

The limits are the gateway's; the codes are those of SMSBAT's page on errors.
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
_WIRE_NAMES: Final = {"caller_id": "callerId"}  # fields with another name in SMSBAT's format
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


def coded(code: int, message: str) -> Refusal:
    return Refusal(400, {"status": 400, "error": "Bad Request", "message": message, "code": code})


def named(code: str, message: str) -> Refusal:
    return Refusal(422, {"error": {"code": code, "message": message}})


def missing(name: str) -> Refusal:
    return coded(1002, f"Missing required field: '{name}'")


def messages_of(body: Any) -> list[Mapping[str, Any]]:
    """Return the messages of a request after validating all of them.

    Raises:
        Refusal: for the first error; then no message of the request is accepted.
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
    """Return the recipient with the plus, from either dialect."""
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
        raise _as_smsbat_refusal(error) from None


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


def _as_smsbat_refusal(error: InvalidMessage) -> Refusal:
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
