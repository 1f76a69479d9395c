"""Read single values in SMSBAT's format. Invalid values count as absent."""

import re
from decimal import Decimal, InvalidOperation
from typing import Final

_WHOLE: Final = re.compile(r"[0-9]{1,5}")
_ID_MAX: Final = 64
_PARTS_MAX: Final = 32_767
_MONEY_MAX: Final = Decimal(10**8)
_MONEY_STEP: Final = Decimal("0.000001")


def text_of(value: object) -> str:
    """Return text or a number as text; anything else counts as absent."""
    if value is None or type(value) is str:
        return value or ""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def identifier_of(value: object) -> str:
    """Return an id that fits the column. A longer one could not be polled and counts as absent."""
    text = text_of(value)
    return text if len(text) <= _ID_MAX else ""


def whole_of(value: object) -> int | None:
    """Return a count of parts, which may be text; anything else counts as absent."""
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _PARTS_MAX else None


def decimal_of(value: object) -> Decimal | None:
    if value is None:
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount < _MONEY_MAX - 1:
        return None
    return amount.quantize(_MONEY_STEP)
