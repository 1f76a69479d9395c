"""Convert the request bodies shown on SMSBAT's own site to the form of the help pages.

The sandbox accepts both forms and validates the second one. This package's message classes send the
second one.
"""

from collections.abc import Mapping
from typing import Any, Final

Wire = Mapping[str, Any]

_ANY_TEXT: Final = "-"  # a promotional message needs no text, a carousel does
# Template ids with the parameters shown on the site, and their names in the help pages.
_OTP_PARAMS: Final[Mapping[str, Mapping[str, str]]] = {
    "210ee8a9-1ed5-43cd-96e4-65bba311ab40": {
        "pin": "pin",
        "business_platform_name": "business_platform_action_name",
        "pin_type": "",  # the help pages list no such parameter of this template
    },
}


def in_first_form(message: Wire) -> Wire:
    """Return the message with each part in the help pages' form."""
    for read in (_ttl, _carousel, _otp):
        message = read(message)
    return message


def _ttl(message: Wire) -> Wire:
    """Convert seconds from text to a number."""
    ttl = message.get("ttl")
    is_text = isinstance(ttl, str) and ttl.isascii() and ttl.isdecimal()
    return {**message, "ttl": int(str(ttl)[:9])} if is_text else message


def _carousel(message: Wire) -> Wire:
    """Convert a carousel in a promotional message."""
    data = message.get("messageData")
    if message.get("type") != "viber_promo" or not isinstance(data, Mapping):
        return message
    if "carousel" not in data:
        return message
    return {**message, "type": "viber_carousel", "text": message.get("text") or _ANY_TEXT}


def _otp(message: Wire) -> Wire:
    """Rename the parameters of a template."""
    data = message.get("messageData")
    params = data.get("templateParams") if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(params, Mapping):
        return message
    names = _OTP_PARAMS.get(str(data.get("templateId")))
    if names is None or params.keys() != names.keys():
        return message
    renamed = {names[name]: value for name, value in params.items() if names[name]}
    return {**message, "messageData": {**data, "templateParams": renamed}}
