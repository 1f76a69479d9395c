"""The eight message types, one class each, and the conversion from their stored form."""

from collections.abc import Mapping
from typing import Final

from django_smsbat.gateway.message_types import TYPES, MessageType
from django_smsbat.gateway.messages.base import Content, Message, MessageWithFallback
from django_smsbat.gateway.messages.otp import ViberOtp
from django_smsbat.gateway.messages.rcs import (
    CreateCalendarEvent,
    Dial,
    Media,
    OpenUrl,
    Rcs,
    RcsButton,
    RcsCard,
    ShareLocation,
)
from django_smsbat.gateway.messages.rules import InvalidMessage
from django_smsbat.gateway.messages.sms import FlashCall, Sms
from django_smsbat.gateway.messages.viber import (
    Button,
    CarouselItem,
    ViberCarousel,
    ViberPromo,
    ViberSurvey,
    ViberTransactional,
)
from django_smsbat.gateway.private_frames import private_frames

__all__ = [
    "CLASSES",
    "Button",
    "CarouselItem",
    "Content",
    "CreateCalendarEvent",
    "Dial",
    "FlashCall",
    "InvalidMessage",
    "Media",
    "Message",
    "MessageWithFallback",
    "OpenUrl",
    "Rcs",
    "RcsButton",
    "RcsCard",
    "ShareLocation",
    "Sms",
    "ViberCarousel",
    "ViberOtp",
    "ViberPromo",
    "ViberSurvey",
    "ViberTransactional",
    "from_content",
]

CLASSES: Final[Mapping[MessageType, type[Message]]] = {
    kind.type: kind
    for kind in (
        Sms,
        ViberPromo,
        ViberTransactional,
        ViberCarousel,
        ViberSurvey,
        ViberOtp,
        Rcs,
        FlashCall,
    )
}
for _kind in CLASSES.values():  # the constructor validates: it is an entry point
    _kind.__init__ = private_frames(_kind.__init__)  # type: ignore[method-assign]
if CLASSES.keys() != TYPES.keys():
    raise RuntimeError("every message type needs a class, and every class a type")


def from_content(content: Content, to: str) -> Message:
    """Build the message with this content for one phone.

    Raises:
        InvalidMessage: if the type is unknown or the content does not fit it.
    """
    try:
        kind = CLASSES[MessageType(content.type)]
    except ValueError:
        known = ", ".join(MessageType)
        raise InvalidMessage("type", f"must be one of {known}") from None
    return kind.from_content(content, to)
