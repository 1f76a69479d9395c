"""The message that carries a code, for each channel."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Final

from django.core.exceptions import ImproperlyConfigured
from django.utils import translation
from django.utils.translation import gettext as _

from django_smsbat import conf
from django_smsbat.conf import DEFAULT_ACCOUNT, Settings
from django_smsbat.gateway import messages, otp_templates
from django_smsbat.gateway.message_types import FLASH_CALL_DIGITS, TYPES, MessageType
from django_smsbat.gateway.messages import Content, InvalidMessage
from django_smsbat.models import Channel
from django_smsbat.services.accounts.registry import sender_or_default
from django_smsbat.services.verification import callers, codes

_MINUTE: Final = 60
_LANGUAGE: Final = "en"  # if Viber has no template in the recipient's language


@dataclass(frozen=True)
class Plan:
    """A message with a code, before it is stored and sent.

    Attributes:
        masked: the content without the code, as stored in the database.
        code: empty for a flash call: SMSBAT's answer contains its code.
        lifetime: validity of the code in seconds.
    """

    message: messages.Message = field(repr=False)
    masked: Content
    code: str = field(repr=False)
    lifetime: int


@dataclass(frozen=True)
class _Asked:
    phone: str
    sender: str
    language: str
    settings: Settings


def plan(channel: Channel, phone: str, sender: str, language: str | None) -> Plan:
    """Return the message with a new code for that channel.

    Raises:
        InvalidMessage: if the settings produce an invalid message.
        ImproperlyConfigured: if a setting that the channel needs is missing.
    """
    asked = _Asked(phone, sender, _known(language), conf.current())
    return _PLANS[channel](asked)


def _known(language: str | None) -> str:
    wanted = (language or translation.get_language() or "").partition("-")[0]
    return wanted if wanted in otp_templates.LANGUAGES else _LANGUAGE


def _coded(asked: _Asked, make: Callable[[str], messages.Message]) -> Plan:
    length = asked.settings.verify_code_length
    code = codes.new(length)
    masked = make(codes.MASK * length).content()
    return Plan(make(code), masked, code, asked.settings.verify_lifetime)


def _text(asked: _Asked, code: str) -> str:
    with translation.override(asked.language):
        text = asked.settings.verify_text or _("Your code: {code}")
    return text.replace("{code}", code)


def _sms(asked: _Asked) -> Plan:
    return _coded(
        asked,
        lambda code: messages.Sms(
            to=asked.phone,
            sender=asked.sender,
            text=_text(asked, code),
            ttl=asked.settings.verify_lifetime,
        ),
    )


def _viber(asked: _Asked) -> Plan:
    return _coded(
        asked,
        lambda code: messages.ViberOtp(
            to=asked.phone,
            sender=asked.sender,
            template_id=asked.settings.verify_template,
            template_lang=asked.language,
            template_params=template_params(asked.settings, code),
            fallback_text=_text(asked, code),
            ttl=asked.settings.verify_lifetime,
        ),
    )


def template_params(settings: Settings, code: str) -> dict[str, str | int]:
    """Return the template's parameters: the code, its validity in minutes, and the settings'."""
    template = otp_templates.find(settings.verify_template)
    own: dict[str, str | int] = {
        "code_validity_time": ceil(settings.verify_lifetime / _MINUTE),
        **settings.verify_template_params,
        "pin": code,
    }
    return {name: own[name] for name in template.params if name in own} if template else {}


def _flash_call(asked: _Asked) -> Plan:
    longest = TYPES[MessageType.FLASH_CALL].ttl_max or asked.settings.verify_lifetime
    lifetime = min(asked.settings.verify_lifetime, longest)
    call = messages.FlashCall(
        to=asked.phone,
        sender=asked.sender,
        caller_id=callers.draw(asked.settings),
        ttl=lifetime,
    )
    # The calling number is the code, so it is not stored either.
    hidden = {"callerId": codes.MASK * FLASH_CALL_DIGITS}
    return Plan(call, replace(call.content(), message_data=hidden), "", lifetime)


_PLANS: Final[Mapping[Channel, Callable[[_Asked], Plan]]] = {
    Channel.VIBER_OTP: _viber,
    Channel.SMS: _sms,
    Channel.FLASH_CALL: _flash_call,
}


_ANY_PHONE: Final = "+380671112233"


def what_prevents(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield each channel that cannot send a code with these settings, and the reason."""
    account = settings.verify_account or DEFAULT_ACCOUNT
    for channel in settings.verify_channels:
        try:
            plan(Channel(channel), _ANY_PHONE, sender_or_default("", account), None)
        except (InvalidMessage, ImproperlyConfigured) as error:
            yield channel.value, str(error)
