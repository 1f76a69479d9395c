"""The types of phone numbers that a person may own and that can receive messages."""

from enum import StrEnum
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType


class NumberType(StrEnum):
    MOBILE = "mobile"
    VOIP = "voip"
    PERSONAL = "personal"


# Some countries, such as the United States, do not distinguish mobile numbers from others.
_TYPES: Final = {
    PhoneNumberType.MOBILE: NumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberType.MOBILE,
    PhoneNumberType.VOIP: NumberType.VOIP,
    PhoneNumberType.PERSONAL_NUMBER: NumberType.PERSONAL,
}


def number_type(phone: str) -> NumberType | None:
    """Return the type of a number in E.164; None for landlines and premium-rate numbers."""
    return _TYPES.get(phonenumbers.number_type(phonenumbers.parse(phone)))
