"""Sums of money as they are: SQLite adds decimals as floats, which shows in the last digits."""

from decimal import Decimal
from typing import Final

_STEP: Final = Decimal("0.000001")  # what a message's `cost` is kept to


def exact(summed: Decimal | float | None) -> Decimal:
    """A sum of costs, to a millionth; 0 for none."""
    return Decimal(summed or 0).quantize(_STEP)
