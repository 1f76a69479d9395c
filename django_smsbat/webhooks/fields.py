"""Fields of callbacks. The lenient ones never refuse: what cannot be read counts as absent.

SMSBAT may send a refused message again and again, and in the end it would be lost. The payload is
stored as it came, so nothing is lost by reading it leniently.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.fields import empty

_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_EPOCH: Final = re.compile(r"[0-9]{9,13}(?:\.[0-9]{1,9})?")
_MILLISECONDS_FROM: Final = 10**11  # as seconds this would be after the year 5000


class LenientText(serializers.CharField):
    """Text, which may be null, missing or another kind of JSON value.

    Args:
        most: characters that are kept; None for all.
        trim: whether space around the text is removed.
    """

    def __init__(self, *, most: int | None = None, trim: bool = False) -> None:
        super().__init__(required=False, allow_null=True, allow_blank=True, trim_whitespace=trim)
        self._most = most

    def run_validation(self, data: Any = empty) -> str:
        text = text_from(data)
        return (text.strip() if self.trim_whitespace else text)[: self._most]


class Moment(serializers.DateTimeField):
    """ISO 8601, UTC if it names no zone, or seconds or milliseconds since 1970; may be missing."""

    def __init__(self) -> None:
        super().__init__(required=False, allow_null=True, default=None)

    def to_internal_value(self, value: Any) -> datetime:
        found = moment_from(value)
        if found is None:
            raise serializers.ValidationError("Give a moment of this century, in ISO 8601.")
        return found


class LenientMoment(Moment):
    """A moment; None for whatever cannot be read as one."""

    def run_validation(self, data: Any = empty) -> datetime | None:
        return moment_from(data)


def text_from(value: object) -> str:
    """Text or a number as text; of an object, such as a rich message, its own `text`."""
    if isinstance(value, Mapping):
        value = value.get("text")
    if isinstance(value, str):
        return value
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return str(value) if is_number else ""


def moment_from(value: object) -> datetime | None:
    """The moment, if it is one of this century."""
    if isinstance(value, str):
        written = value.strip()
        found = _epoch(Decimal(written)) if _EPOCH.fullmatch(written) else _iso(written)
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        found = _epoch(value)
    else:
        found = None
    return found if found is not None and _EARLIEST <= found < _LATEST else None


def _epoch(number: float | Decimal) -> datetime | None:
    try:
        seconds = float(number)
        scale = 1_000 if seconds >= _MILLISECONDS_FROM else 1
        return datetime.fromtimestamp(seconds / scale, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _iso(written: str) -> datetime | None:
    try:
        found = parse_datetime(written)
        if found is None:
            return None
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
