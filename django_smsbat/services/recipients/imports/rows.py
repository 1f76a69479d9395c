"""Conversion of a row of cells into a person, or a rejection with the valid form."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from django_smsbat.gateway import phones
from django_smsbat.gateway.phones import PhoneProblem
from django_smsbat.services.recipients.imports import values
from django_smsbat.services.recipients.imports.cells import Rejected, cell_at, is_error, text_of
from django_smsbat.services.recipients.imports.columns import Column, Columns
from django_smsbat.services.recipients.imports.consent import Consent, ConsentReader, stricter
from django_smsbat.services.recipients.imports.fields import AttributeType, Field

NAME_MAX: Final = 200  # characters; the size of the database column
EMAIL_MAX: Final = 254
ATTRIBUTE_MAX: Final = 1_000
_EXACT_MAX: Final = 2**53  # spreadsheets do not store larger numbers exactly
_LOST_DIGITS: Final = 1_000_000  # a number that ends in six zeros was truncated before
_NUMBER: Final = re.compile(r"[\W\d_]*")  # without any letter
_TRUNCATED: Final = str(phones.InvalidPhone(PhoneProblem.TRUNCATED))
_SEVERAL: Final = "several phone numbers in one cell; give each a row of its own"


@dataclass(slots=True)
class Person:
    """The recipient in a row.

    Attributes:
        left_out: the columns with unreadable values, which were ignored.
    """

    phone: str
    name: str = ""
    email: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    consent: Consent | None = None
    left_out: tuple[str, ...] = ()

    def merge(self, later: "Person") -> None:
        """Merge a later row with the same number. Its empty cells change nothing."""
        self.name = later.name or self.name
        self.email = later.email or self.email
        self.attributes |= later.attributes
        self.consent = stricter(self.consent, later.consent)
        self.left_out += later.left_out


class RowReader:
    """A reader of rows by the columns of a file.

    Args:
        region: the country of national numbers.
        is_opt_out: every person in the file opts out.
    """

    def __init__(self, columns: Columns, region: str, *, is_opt_out: bool = False) -> None:
        self._region = region
        self._phones = columns.phones
        self._names = [column.place for column in columns.of_field(Field.NAME)]
        self._emails = [column.place for column in columns.of_field(Field.EMAIL)]
        self._attributes = [
            column
            for column in columns.columns
            if column.attribute or column.field is Field.ATTRIBUTES
        ]
        self._consent = ConsentReader(columns, is_opt_out=is_opt_out)

    def __call__(self, cells: Sequence[Any], problem: str = "") -> Person:
        """Convert a row into a person.

        Args:
            problem: why the row cannot be imported, if the table reader detected a problem.

        Raises:
            Rejected: with the reason, and with the phone if it is readable.
        """
        phone, is_shifted = "", bool(problem)
        try:
            phone = self._phone(cells)
            if not problem:
                return self._person(phone, cells)
        except Rejected as error:
            problem = problem or str(error)
        refusal = Rejected(problem)
        refusal.phone = phone
        refusal.is_opt_out = self._consent.opts_out([] if is_shifted else cells)
        raise refusal

    def other_phones(self, cells: Sequence[Any], person: Person) -> list[str]:
        """Return the additional numbers of a person who opts out."""
        if person.consent is None or not person.consent.is_opt_out:
            return []
        return [number for number in self._mobiles(cells) if number != person.phone]

    def _phone(self, cells: Sequence[Any]) -> str:
        """Return the first mobile number of the phone columns; skip other values."""
        problem = ""
        for place in self._phones:
            cell = cell_at(cells, place)
            if cell is None or cell == "":
                continue
            try:
                return _phone(cell, self._region)
            except Rejected as error:
                problem = problem or str(error)
        raise Rejected(problem or "phone: empty")

    def _mobiles(self, cells: Sequence[Any]) -> list[str]:
        numbers = []
        for place in self._phones:
            with suppress(Rejected):
                numbers.append(_phone(cell_at(cells, place) or "", self._region))
        return numbers

    def _person(self, phone: str, cells: Sequence[Any]) -> Person:
        person = Person(phone)
        for place in self._names:
            self._read_name(person, text_of(cell_at(cells, place), "name", NAME_MAX))
        for place in self._emails:
            self._read_email(person, cell_at(cells, place))
        for column in self._attributes:
            self._read_attribute(person, column, cell_at(cells, column.place))
        person.consent = self._consent(cells)
        return person

    def _read_name(self, person: Person, name: str) -> None:
        """Store the name, but not a number, such as an order number."""
        if any(map(str.isdigit, name)) and _NUMBER.fullmatch(name):
            person.left_out += ("name",)
        else:
            person.name = name

    def _read_email(self, person: Person, cell: Any) -> None:
        """Store the e-mail address. An invalid address is ignored, and the row is imported."""
        text = text_of(cell, "email", EMAIL_MAX)
        try:
            if text:
                validate_email(text)
                person.email = text
        except ValidationError:
            person.left_out += ("email",)

    def _read_attribute(self, person: Person, column: Column, cell: Any) -> None:
        if cell is None or cell == "":
            return
        if column.field is Field.ATTRIBUTES:
            person.attributes |= _object(cell, column)
            return
        if column.type is not AttributeType.TEXT:
            self._read_typed(person, column, cell)
            return
        value = _plain(cell, column.attribute)
        if value != "":
            person.attributes[column.attribute] = value

    def _read_typed(self, person: Person, column: Column, cell: Any) -> None:
        """Store a typed value. A value of another type is ignored, and the row is imported."""
        try:
            person.attributes[column.attribute] = values.CONVERTERS[column.type](cell)
        except ValueError:
            person.left_out += (column.attribute,)


def _phone(cell: Any, region: str) -> str:
    if is_error(cell):
        raise Rejected(f"phone: the spreadsheet shows the error {str(cell).strip()} here")
    if isinstance(cell, int | float):
        cell = _digits_of_number(cell)
    try:
        return phones.normalise(cell, region, mobile=True)
    except phones.InvalidPhone as error:
        raise Rejected(f"phone: {_sentence(error)}") from None


def _digits_of_number(number: float) -> str:
    """Return the digits of a number cell.

    Raises:
        Rejected: if a spreadsheet has lost some of the digits.
    """
    if isinstance(number, bool) or number < 0 or number != number // 1 or number > _EXACT_MAX:
        return "?"
    if number and number % _LOST_DIGITS == 0:
        raise Rejected(f"phone: {_TRUNCATED}")
    return str(int(number))


def _sentence(error: phones.InvalidPhone) -> str:
    if error.problem is PhoneProblem.EMPTY:
        return "empty"
    return _SEVERAL if error.problem is PhoneProblem.SEVERAL else str(error)


def _plain(cell: Any, name: str) -> Any:
    """Return a cell as an untyped attribute. Finite numbers stay numbers: JSON can store them."""
    if isinstance(cell, float) and not isfinite(cell):
        cell = str(cell)
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return text_of(cell, name, ATTRIBUTE_MAX)
    return cell


def _object(cell: Any, column: Column) -> dict[str, Any]:
    """Return the attributes in a cell of JSON. Any other text becomes a single attribute."""
    try:
        parsed = values.json_value(cell)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        return {key: value for key, value in parsed.items() if value not in ("", None)}
    text = text_of(cell, column.heading, ATTRIBUTE_MAX)
    return {"attributes": text} if text else {}
