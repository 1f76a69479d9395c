"""Fields of callbacks. The lenient ones never refuse: unreadable values count as absent.

SMSBAT may repeat a refused message several times, and finally lose it. The payload is stored as
received, so lenient parsing loses no data.
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
_MILLISECONDS_FROM: Final = 10**11  # in seconds, this would be after the year 5000


class LenientText(serializers.CharField):
    """Text that may be null, missing or another JSON type.

    Args:
        most: maximum number of characters stored; None for no limit.
        trim: whether to strip whitespace around the text.
    """

    def __init__(self, *, most: int | None = None, trim: bool = False) -> None:
        super().__init__(required=False, allow_null=True, allow_blank=True, trim_whitespace=trim)
        self._most = most

    def run_validation(self, data: Any = empty) -> str:
        text = text_from(data)
        return (text.strip() if self.trim_whitespace else text)[: self._most]


class Moment(serializers.DateTimeField):
    """ISO 8601, UTC if it has no zone, or seconds or milliseconds since 1970; may be missing."""

    def __init__(self) -> None:
        super().__init__(required=False, allow_null=True, default=None)

    def to_internal_value(self, value: Any) -> datetime:
        when = moment_from(value)
        if when is None:
            raise serializers.ValidationError("Give a moment of this century, in ISO 8601.")
        return when


class LenientMoment(Moment):
    """A datetime; None for unreadable values."""

    def run_validation(self, data: Any = empty) -> datetime | None:
        return moment_from(data)


def text_from(value: object) -> str:
    """Return text or a number as text; for an object, such as a rich message, its `text`."""
    if isinstance(value, Mapping):
        value = value.get("text")
    if isinstance(value, str):
        return value
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return str(value) if is_number else ""


def moment_from(value: object) -> datetime | None:
    """Return the datetime, if it is in this century."""
    if isinstance(value, str):
        text = value.strip()
        when = _epoch(Decimal(text)) if _EPOCH.fullmatch(text) else _iso(text)
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        when = _epoch(value)
    else:
        when = None
    return when if when is not None and _EARLIEST <= when < _LATEST else None


def _epoch(number: float | Decimal) -> datetime | None:
    try:
        seconds = float(number)
        scale = 1_000 if seconds >= _MILLISECONDS_FROM else 1
        return datetime.fromtimestamp(seconds / scale, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _iso(text: str) -> datetime | None:
    try:
        when = parse_datetime(text)
        if when is None:
            return None
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
