"""Conversion of cells: numbers, dates, yes and no, in the forms of people and spreadsheets."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from json import loads
from typing import Any, Final

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from django_smsbat.services.recipients.imports import words
from django_smsbat.services.recipients.imports.fields import AttributeType

_SPACES: Final = re.compile(r"[\s\u00a0\u202f_]+")
_ODD_SPACES: Final = re.compile(r"[\u00a0\u202f\u2009]")
# The forms of a number, each with its thousands separators.
_NUMBERS: Final = (
    (re.compile(r"[+-]?\d+(?:[.,]\d+)?"), " "),
    (re.compile(r"[+-]?\d{1,3}(?:[ '’]\d{3})+(?:[.,]\d+)?"), " '’"),
    (re.compile(r"[+-]?\d{1,3}(?:(?:,\d{3})+\.\d+|(?:,\d{3}){2,})"), ","),
    (re.compile(r"[+-]?\d{1,3}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})"), "."),
)
_DAY_FIRST: Final = re.compile(
    r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:[ ,T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
_YEAR_FIRST: Final = re.compile(r"\d{4}[/.]\d{2}[/.]\d{2}(?!\d)")
_MONTHS: Final = 12


def is_error(cell: object) -> bool:
    """Return whether the cell contains a spreadsheet error instead of a value."""
    return isinstance(cell, str) and cell[:1] == "#" and cell.strip() in words.ERRORS


def word(cell: object) -> str:
    """Normalise a cell as in `words`: lower case, single spaces, no final punctuation."""
    text = str(int(cell)) if isinstance(cell, bool | float) and cell == cell // 1 else str(cell)
    return _SPACES.sub(" ", text.strip().casefold()).strip().rstrip("!.,;")


def number(cell: Any) -> int | float:
    """Parse a number. A single comma is the decimal point, as in Ukrainian spreadsheets.

    Raises:
        ValueError: if it is not a finite number.
    """
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        value = cell
    else:
        value = _number_from(str(cell).strip())
    if not math.isfinite(value):
        raise ValueError("not a finite number")
    return int(value) if value == value // 1 and abs(value) < 2**53 else value


def _number_from(text: str) -> float:
    bare = _ODD_SPACES.sub(" ", text)
    for pattern, thousands in _NUMBERS:
        if pattern.fullmatch(bare):
            return float(re.sub(f"[{thousands}]", "", bare).replace(",", "."))
    raise ValueError("not a number")


def moment(cell: Any) -> datetime:
    """Parse a date with its time. The default time is midnight in the site's zone.

    The day comes before the month, unless only the reverse is a date. With slashes, as in
    ``03/12/2024``, both orders are usual, so an ambiguous date is refused.

    Raises:
        ValueError: if the cell is not an unambiguous date.
    """
    text = str(cell).strip()
    text = f"{text[:-4]}Z" if text.endswith(" UTC") else text
    if _YEAR_FIRST.match(text):
        text = text.replace("/", "-").replace(".", "-", 2)
    parsed = parse_datetime(text) or _day_first(text)
    if parsed is None:
        day = date.fromisoformat(text)
        parsed = datetime.combine(day, time.min)
    return timezone.make_aware(parsed) if timezone.is_naive(parsed) else parsed


def _day_first(text: str) -> datetime | None:
    if not (match := _DAY_FIRST.fullmatch(text)):
        return None
    day, month, year, hour, minute, second = (int(part or 0) for part in match.groups())
    if month > _MONTHS >= day:
        day, month = month, day
    elif "/" in text and day != month and day <= _MONTHS:
        raise ValueError("the day or the month may come first")
    # The caller adds the zone.
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001


def day(cell: Any) -> str:
    """Convert a date to ISO 8601.

    Raises:
        ValueError: if the cell is not an unambiguous date.
    """
    return moment(cell).date().isoformat()


def boolean(cell: Any) -> bool:
    """Parse yes or no.

    Raises:
        ValueError: if the cell is neither.
    """
    if isinstance(cell, bool):
        return cell
    if (answer := word(cell)) in words.YES:
        return True
    if answer in words.NO:
        return False
    raise ValueError("neither yes nor no")


def json_value(cell: Any) -> Any:
    """Parse a value that was exported as JSON.

    Raises:
        ValueError: if it is not JSON.
    """
    return loads(cell) if isinstance(cell, str) else cell


CONVERTERS: Final[Mapping[AttributeType, Callable[[Any], Any]]] = {
    AttributeType.NUMBER: number,
    AttributeType.DATE: day,
    AttributeType.BOOLEAN: boolean,
    AttributeType.JSON: json_value,
}
