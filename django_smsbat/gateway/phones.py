"""Phone numbers: read in the forms that people write, kept in E.164, shown masked.

Validity is a matter of the numbering plans in `phonenumbers`; no table of ours.
"""

import re
from functools import lru_cache
from typing import Final

import phonenumbers

_DIGITS: Final = re.compile(r"\+?\d(?:[\s().\-]*\d){3,}")
_BARE_INTERNATIONAL: Final = re.compile(r"[1-9]\d{10,14}")
_FILLING: Final = re.compile(r"[\s().\-]+")
_TRUNK_80: Final = re.compile(r"80\d{9}")


class InvalidPhone(ValueError):
    """No phone number could be read. The text never quotes what was given."""


@lru_cache(maxsize=4_096)
def normalise(raw: str, region: str | None = None) -> str:
    """The number in E.164 with the plus.

    Args:
        raw: international with or without the plus, or national where a region is given.
        region: two-letter country whose national numbers are understood, such as ``UA``.

    Raises:
        InvalidPhone: when this is no valid number.
    """
    digits = _FILLING.sub("", raw)
    for candidate in _readings(digits, region):
        try:
            number = phonenumbers.parse(candidate, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    example = "+380671112233" + (" or 067 111 22 33" if region == "UA" else "")
    raise InvalidPhone(f"not a valid phone number; write it like {example}")


def _readings(digits: str, region: str | None) -> list[str]:
    """The number as written, then as people and SMSBAT's callbacks shorten it."""
    readings = [digits] if digits.startswith("+") or region else []
    if _BARE_INTERNATIONAL.fullmatch(digits):
        readings.append(f"+{digits}")
    if region == "UA" and _TRUNK_80.fullmatch(digits):
        readings.append(f"+3{digits}")
    return readings


def national(phone: str) -> str:
    """The digits without what may stand before them in a country; empty for what is no phone."""
    try:
        return str(phonenumbers.parse(phone).national_number)
    except phonenumbers.NumberParseException:
        return ""


def mask(phone: str) -> str:
    """A phone as logs and reprs may show it: without five digits at least."""
    shown = max(0, min(6, len(phone) - 7))
    return f"{phone[:shown]}…{phone[-2:]}" if shown else "…"


def redact(text: str) -> str:
    """Text from outside without phone numbers and codes: four digits in a row or more."""
    return _DIGITS.sub("…", text)
