"""Assign each column of a file to a field: by its heading, or by an explicit assignment.

An assignment has the form ``FIELD=HEADING``: a field (``phone=Mobile``), an attribute with an
optional type (``city=Town``, ``bonus:number=Points``), or ``ignore=HEADING``. ``#3`` as the heading
is the third column. The command line, the admin and the database use the same notation.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

from django_smsbat.gateway import phones
from django_smsbat.services.recipients.imports.fields import (
    SINGLE,
    AttributeType,
    Field,
    Recognised,
)
from django_smsbat.services.recipients.imports.headings import VAGUE, recognise
from django_smsbat.services.recipients.imports.rejects import OWN_HEADINGS

ATTRIBUTE_NAME_MAX: Final = 100  # characters
_WORD: Final = re.compile(r"\w+")
_NOT_A_WORD: Final = re.compile(r"\W+")
_PLACE: Final = re.compile(r"#(\d{1,4})")
_EXPLICIT: Final = re.compile(
    rf"attribute:(?P<name>.+?)(?::(?P<type>{'|'.join(AttributeType)}))?", re.DOTALL
)
_ASSIGNMENT: Final = re.compile(r"(?P<name>[^=:]+)(?::(?P<type>\w+))?=(?P<heading>.+)", re.DOTALL)
_EXPORTED: Final = frozenset({"phone", "name", "e-mail", "created at"})
_NOT_ASSIGNABLE: Final = frozenset({Field.ATTRIBUTE, Field.ATTRIBUTES})


class UnknownColumns(Exception):
    """The columns of a file are ambiguous or unknown. The text is a sentence for the user."""


class InvalidAssignment(ValueError):
    """A text is not a valid assignment. The error text is a sentence for the user."""


@dataclass(frozen=True)
class Assignment:
    """An explicit assignment of a column, which overrides its heading."""

    field: Field
    heading: str
    attribute: str = ""
    type: AttributeType = AttributeType.TEXT

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse ``FIELD=HEADING``.

        Raises:
            InvalidAssignment: with the valid form.
        """
        parts = _ASSIGNMENT.fullmatch(text)
        if parts is None:
            raise InvalidAssignment(
                "write FIELD=HEADING, such as phone=Mobile, bonus:number=Points or ignore=Comment"
            )
        name, kind, heading = parts["name"].strip(), parts["type"], parts["heading"].strip()
        if name in {field.value for field in Field if field not in _NOT_ASSIGNABLE} and not kind:
            return cls(Field(name), heading)
        if not name:
            raise InvalidAssignment("the attribute has no name; write one such as first_name")
        if not (_WORD.fullmatch(name) and len(name) <= ATTRIBUTE_NAME_MAX):
            raise InvalidAssignment(
                f"{name!r} cannot be a placeholder; use letters, digits and _, such as first_name"
            )
        if kind and kind not in list(AttributeType):
            raise InvalidAssignment(f"{kind!r} is not a type; use {', '.join(AttributeType)}")
        return cls(Field.ATTRIBUTE, heading, name, AttributeType(kind or AttributeType.TEXT))

    def __str__(self) -> str:
        if self.field is not Field.ATTRIBUTE:
            return f"{self.field}={self.heading}"
        kind = "" if self.type is AttributeType.TEXT else f":{self.type}"
        return f"{self.attribute}{kind}={self.heading}"


@dataclass(frozen=True)
class Column:
    """A column and its field.

    Attributes:
        place: its index.
        attribute: the name that placeholders use; empty for the recipient's own fields.
    """

    place: int
    heading: str
    field: Field
    attribute: str = ""
    type: AttributeType = AttributeType.TEXT


@dataclass(frozen=True)
class Columns:
    """All columns of a file, in their order."""

    columns: tuple[Column, ...]

    @classmethod
    def of(cls, headings: Sequence[Any], assignments: Iterable[str] = ()) -> Self:
        """Determine the field of each column: by its assignment, else by its heading.

        Raises:
            InvalidAssignment: if an assignment cannot be parsed.
            UnknownColumns: if an assignment names a missing heading.
        """
        names = [str("" if heading is None else heading).strip() for heading in headings]
        known = _assigned(names, [Assignment.parse(one) for one in assignments])
        known |= _recognised(names, known)
        return cls(
            tuple(
                known.get(place) or _attribute(place, heading)
                for place, heading in enumerate(names)
            )
        )

    @property
    def headings(self) -> list[str]:
        return [column.heading for column in self.columns]

    def of_field(self, field: Field) -> list[Column]:
        return [column for column in self.columns if column.field is field]

    @cached_property
    def phones(self) -> tuple[int, ...]:
        """The indexes of the phone columns, in the order in which to try them."""
        ranked = sorted(self.of_field(Field.PHONE), key=_by_rank)
        return tuple(column.place for column in ranked)

    def require_phone(self) -> Self:
        """Return the columns if one of them contains phone numbers.

        Raises:
            UnknownColumns: if there is no phone column.
        """
        if self.phones:
            return self
        headings = [column.heading for column in self.columns if column.heading]
        is_title = len(headings) == 1 < len(self.columns)
        if is_title or any(phones.is_phone(heading) for heading in headings):
            raise UnknownColumns(
                "row 1 holds no headings; add a first row such as: phone, name, email"
            )
        raise UnknownColumns(
            "no column holds phones: name its heading with --column phone=HEADING; "
            f"there are {shown(headings) or 'no headings'}"
        )


def shown(headings: Sequence[str]) -> str:
    """Join headings for an error message. Redact phones, which a file without headings has."""
    return phones.redact(", ".join(filter(None, headings)))


def _by_rank(column: Column) -> int:
    known = recognise(column.heading)
    return -(known.rank if known and known.field is Field.PHONE else 0)


def _attribute(place: int, heading: str) -> Column:
    """Return a column with an unknown heading as an attribute; ignore it if it has no name."""
    if explicit := _EXPLICIT.fullmatch(heading):
        kind = AttributeType(explicit["type"] or AttributeType.TEXT)
        return Column(place, heading, Field.ATTRIBUTE, explicit["name"], kind)
    name = _NOT_A_WORD.sub("_", heading).strip("_")[:ATTRIBUTE_NAME_MAX]
    return Column(place, heading, Field.ATTRIBUTE if name else Field.IGNORE, name)


def _assigned(names: Sequence[str], assignments: Sequence[Assignment]) -> dict[int, Column]:
    columns: dict[int, Column] = {}
    for assignment in assignments:
        for place in _places(names, assignment.heading):
            heading, field = names[place], assignment.field
            if place in columns and columns[place].field is not field:
                raise UnknownColumns(f"column {place + 1} is assigned twice; remove one of them")
            columns[place] = Column(place, heading, field, assignment.attribute, assignment.type)
    return columns


def _places(names: Sequence[str], heading: str) -> list[int]:
    """Return the indexes of the columns with that heading, or of the column at that place."""
    if heading in names:
        return [place for place, name in enumerate(names) if name == heading]
    number = _PLACE.fullmatch(heading)
    if number and 0 < int(number[1]) <= len(names):
        return [int(number[1]) - 1]
    asked = phones.redact(heading)
    raise UnknownColumns(f"there is no column {asked!r}; there are {shown(names)}")


def _recognised(names: Sequence[str], assigned: Mapping[int, Column]) -> dict[int, Column]:
    """Return the columns with a known heading, except the assigned columns."""
    columns = _hidden(names)
    taken = {column.field for column in assigned.values()}
    candidates = [
        (place, heading, known)
        for place, heading in enumerate(names)
        if place not in assigned and place not in columns and (known := _meaning(heading))
    ]
    best: dict[Field, int] = {}
    for _place, _heading, known in candidates:
        best[known.field] = max(best.get(known.field, VAGUE), known.rank)
    for place, heading, known in candidates:
        if _is_wanted(known, best, taken):
            attribute = _attribute(place, heading).attribute
            name = attribute if known.field is Field.STATUS else ""
            columns[place] = Column(place, heading, known.field, name)
            if known.field in SINGLE:
                taken.add(known.field)
    return columns


def _meaning(heading: str) -> Recognised | None:
    """Return the field of a heading; None for an attribute, also in this package's exports."""
    return None if _EXPLICIT.fullmatch(heading) else recognise(heading)


def _is_wanted(known: Recognised, best: Mapping[Field, int], taken: set[Field]) -> bool:
    """Return whether to use a column: among several for a field, the most specific heading wins."""
    if known.field in SINGLE:
        return known.field not in taken and known.rank == best[known.field]
    if known.field is Field.PHONE:
        return Field.PHONE not in taken and (known.rank > VAGUE or best[known.field] == VAGUE)
    return True


def _hidden(names: Sequence[str]) -> dict[int, Column]:
    """Return the columns that this package adds to its own files."""
    hidden: list[int] = []
    if tuple(names[: len(OWN_HEADINGS)]) == OWN_HEADINGS:  # a file of rejected rows
        hidden += range(len(OWN_HEADINGS))
    if set(names) >= _EXPORTED:
        hidden.append(names.index("created at"))
    return {place: Column(place, names[place], Field.IGNORE) for place in hidden}
