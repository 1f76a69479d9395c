"""The types of phone numbers that may be anybody's own and receive messages."""

from enum import StrEnum
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType


class NumberType(StrEnum):
    MOBILE = "mobile"
    VOIP = "voip"
    PERSONAL = "personal"


# Some countries, such as the United States, do not tell mobile numbers from others.
_TYPES: Final = {
    PhoneNumberType.MOBILE: NumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberType.MOBILE,
    PhoneNumberType.VOIP: NumberType.VOIP,
    PhoneNumberType.PERSONAL_NUMBER: NumberType.PERSONAL,
}


def number_type(phone: str) -> NumberType | None:
    """The type of a number in E.164; None for landlines and numbers that cost their caller more."""
    return _TYPES.get(phonenumbers.number_type(phonenumbers.parse(phone)))
