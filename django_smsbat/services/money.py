"""Exact sums of money: SQLite adds decimals as floats, which changes the last digits."""

from decimal import Decimal
from typing import Final

_STEP: Final = Decimal("0.000001")  # the precision of a message's `cost`


def exact(summed: Decimal | float | None) -> Decimal:
    """Round a sum of costs to a millionth; None becomes 0."""
    return Decimal(summed or 0).quantize(_STEP)
