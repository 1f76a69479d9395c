"""The probe's messages: one of each selected type, as simple and cheap as the type allows."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django_smsbat.conf import DEFAULT_ACCOUNT
from django_smsbat.gateway.message_types import TYPES, MessageType
from django_smsbat.gateway.messages import (
    Button,
    CarouselItem,
    FlashCall,
    InvalidMessage,
    Media,
    Message,
    Rcs,
    Sms,
    ViberCarousel,
    ViberOtp,
    ViberPromo,
    ViberSurvey,
    ViberTransactional,
)
from django_smsbat.gateway.sms_parts import count_parts
from django_smsbat.services.accounts.registry import sender_or_default

DEFAULT_TYPES: Final = (
    MessageType.SMS,
    MessageType.VIBER_PROMO,
    MessageType.VIBER_TRANSACTIONAL,
)
DEFAULT_FOLLOW: Final = 300  # seconds
TEXT: Final = "django-smsbat test message"
_OPTIONS: Final = ("Yes", "No")
_BUTTON: Final = "Open"
_IMAGE_TYPES: Final = {".png": "image/png", ".gif": "image/gif"}


@dataclass(frozen=True, kw_only=True)
class ProbeRequest:
    """The options of a probe.

    Attributes:
        to: the recipient in E.164.
        types: the message types to send, one message each.
        sender: the alpha name; by default the account's sender.
        text: the text for all types with a text; for senders that accept only approved templates.
        image_url: an image for the types that need or show an image.
        caller_id: the caller number of a flash call.
        fallback: whether an SMS may follow the messages of the other channels.
        follow: seconds to follow the messages.
        refusals: whether to send the requests that SMSBAT is expected to refuse.
    """

    to: str
    types: Sequence[MessageType] = DEFAULT_TYPES
    account: str = DEFAULT_ACCOUNT
    sender: str = ""
    text: str = ""
    image_url: str = ""
    caller_id: str = ""
    fallback: bool = True
    follow: int = DEFAULT_FOLLOW
    refusals: bool = True


@dataclass(frozen=True)
class PlannedMessage:
    """A message of the probe.

    Attributes:
        parts: number of parts as counted by this project; 1 for every type but SMS.
        fallback_parts: parts of the SMS fallback, 0 without a fallback.
    """

    message: Message = field(repr=False)
    parts: int
    fallback_parts: int

    @property
    def type(self) -> MessageType:
        return self.message.type


def plan(request: ProbeRequest) -> list[PlannedMessage]:
    """Build the messages. Store and send nothing.

    Raises:
        InvalidMessage: if an option is missing or SMSBAT would not accept a message.
    """
    sender = sender_or_default(request.sender, request.account)
    kinds = dict.fromkeys(request.types)
    return [_planned(_BUILDERS[kind](request, _common(kind, sender, request))) for kind in kinds]


def _planned(message: Message) -> PlannedMessage:
    content = message.content()
    is_sms = message.type is MessageType.SMS
    parts = count_parts(content.text).parts if is_sms else 1
    return PlannedMessage(message, parts, count_parts(content.fallback_text).parts)


@dataclass(frozen=True)
class _Common:
    """The arguments common to all types."""

    to: str
    sender: str
    ttl: int
    fallback_text: str


def _common(kind: MessageType, sender: str, request: ProbeRequest) -> _Common:
    facts = TYPES[kind]
    has_fallback = request.fallback and facts.has_fallback
    return _Common(request.to, sender, facts.ttl_advice[0], TEXT if has_fallback else "")


def _sms(request: ProbeRequest, common: _Common) -> Message:
    text = request.text or TEXT
    return Sms(to=common.to, sender=common.sender, ttl=common.ttl, text=text)


def _promo(request: ProbeRequest, common: _Common) -> Message:
    with_image = bool(request.image_url)
    return ViberPromo(
        **vars(common),
        text=request.text or TEXT,
        image_url=request.image_url,
        button_text=_BUTTON if with_image else "",
        button_url=request.image_url,
    )


def _transactional(request: ProbeRequest, common: _Common) -> Message:
    return ViberTransactional(**vars(common), text=request.text or TEXT)


def _carousel(request: ProbeRequest, common: _Common) -> Message:
    if not request.image_url:
        raise InvalidMessage("image_url", "a carousel needs the address of an image")
    item = CarouselItem(
        title=_BUTTON,
        image_url=request.image_url,
        primary_button=Button(label=_BUTTON, url=request.image_url),
    )
    return ViberCarousel(**vars(common), text=request.text or TEXT, items=[item, item])


def _survey(request: ProbeRequest, common: _Common) -> Message:
    return ViberSurvey(**vars(common), text=request.text or TEXT, options=_OPTIONS)


def _otp(request: ProbeRequest, common: _Common) -> Message:
    """Build an OTP message. Its code is unused. It is random, so no report repeats it."""
    pin = f"{secrets.randbelow(10**6):06}"
    params: Mapping[str, str | int] = {"pin": pin}
    return ViberOtp(**vars(common), template_id="basic", template_lang="en", template_params=params)


def _rcs(request: ProbeRequest, common: _Common) -> Message:
    suffix = request.image_url[-4:].lower()
    mime_type = _IMAGE_TYPES.get(suffix, "image/jpeg")
    media = Media(url=request.image_url, mime_type=mime_type) if request.image_url else None
    return Rcs(**vars(common), text=request.text or TEXT, media=media)


def _flash_call(request: ProbeRequest, common: _Common) -> Message:
    if not request.caller_id:
        raise InvalidMessage("caller_id", "a flash call needs the number that will ring")
    return FlashCall(**vars(common), caller_id=request.caller_id)


_BUILDERS: Final[Mapping[MessageType, Callable[[ProbeRequest, _Common], Message]]] = {
    MessageType.SMS: _sms,
    MessageType.VIBER_PROMO: _promo,
    MessageType.VIBER_TRANSACTIONAL: _transactional,
    MessageType.VIBER_CAROUSEL: _carousel,
    MessageType.VIBER_SURVEY: _survey,
    MessageType.VIBER_OTP: _otp,
    MessageType.RCS: _rcs,
    MessageType.FLASH_CALL: _flash_call,
}
if _BUILDERS.keys() != TYPES.keys():
    raise RuntimeError("every message type needs a probe message")
