"""A row of cells read as a person, or refused with what would be right."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from django_smsbat.gateway import phones
from django_smsbat.gateway.messages.rules import UNSENDABLE
from django_smsbat.gateway.text import visible, with_line_feeds
from django_smsbat.services.recipients.imports.columns import EMAIL, NAME, PHONE, Columns

NAME_MAX: Final = 200  # characters, as the column holds
EMAIL_MAX: Final = 254
ATTRIBUTE_MAX: Final = 1_000
_SCIENTIFIC: Final = re.compile(r"\d+(?:[.,]\d+)?[eE]\+?\d+")
_WITH_POINT: Final = re.compile(r"(\d{9,15})[.,]0+")
_SEVERAL: Final = re.compile(r"[,;/\n]")
_EXACT_MAX: Final = 2**53  # beyond it a spreadsheet's number is no longer what was typed


class Rejected(Exception):
    """A row that holds no person; the text says why, and what would be right.

    Attributes:
        phone: what stands there, where that at least could be read.
    """

    phone: str = ""


@dataclass(slots=True)
class Person:
    phone: str
    name: str
    email: str
    attributes: dict[str, Any] = field(default_factory=dict)

    def merge(self, later: "Person") -> None:
        """Take over what a later row of the same phone says; what it leaves empty stays."""
        self.name = later.name or self.name
        self.email = later.email or self.email
        self.attributes |= later.attributes


def read(cells: Sequence[Any], columns: Columns, region: str) -> Person:
    """
    Raises:
        Rejected: saying why.
    """
    own = {name: _cell(cells, place) for name, place in columns.own.items()}
    phone = _phone(own[PHONE], region)
    try:
        return _person(phone, own, cells, columns)
    except Rejected as error:
        error.phone = phone
        raise


def _person(phone: str, own: Mapping[str, Any], cells: Sequence[Any], columns: Columns) -> Person:
    person = Person(
        phone,
        _text(own.get(NAME), NAME, NAME_MAX),
        _email(_text(own.get(EMAIL), EMAIL, EMAIL_MAX)),
    )
    for place, name in columns.attributes.items():
        value = _cell(cells, place)
        if isinstance(value, float) and not isfinite(value):
            value = str(value)  # no database keeps it as a number in JSON
        if isinstance(value, bool) or not isinstance(value, int | float):
            value = _text(value, name, ATTRIBUTE_MAX)
        if value != "":
            person.attributes[name] = value
    return person


def _cell(cells: Sequence[Any], place: int) -> Any:
    return cells[place] if place < len(cells) else None


def _phone(cell: Any, region: str) -> str:
    written = _number_as_text(cell) if isinstance(cell, int | float) else str(cell or "").strip()
    if not written:
        raise Rejected("phone: empty")
    if _SCIENTIFIC.fullmatch(written):
        raise Rejected(
            "phone: the spreadsheet has cut the number short; make the column text there, enter "
            "the numbers again and save anew"
        )
    if with_point := _WITH_POINT.fullmatch(written):
        written = with_point[1]
    try:
        return phones.normalise(written, region)
    except phones.InvalidPhone as error:
        if _SEVERAL.search(written):
            raise Rejected("phone: several in one cell; give each a row of its own") from None
        raise Rejected(f"phone: {error}") from None


def _number_as_text(number: float) -> str:
    """A cell that is a number and not a text; exact as long as a spreadsheet keeps it so."""
    if isinstance(number, bool) or number != number // 1 or abs(number) > _EXACT_MAX:
        return ""
    return str(int(number))


def _text(cell: Any, name: str, maximum: int) -> str:
    text = "" if cell is None else visible(with_line_feeds(str(cell)))
    if UNSENDABLE.search(text):
        raise Rejected(f"{name}: holds a character that cannot be stored")
    if len(text) > maximum:
        raise Rejected(f"{name}: {len(text):,} characters; at most {maximum:,} are kept")
    return text


def _email(text: str) -> str:
    if text:
        try:
            validate_email(text)
        except ValidationError:
            raise Rejected("email: not an address such as name@example.com") from None
    return text
