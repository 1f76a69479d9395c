"""The interpretation of a file before it is imported: columns, first recipients, counts."""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django_smsbat import conf
from django_smsbat.db.set_based import texts_in
from django_smsbat.models import Recipient
from django_smsbat.services.recipients.imports.cells import Rejected
from django_smsbat.services.recipients.imports.columns import (
    Column,
    Columns,
    InvalidAssignment,
    UnknownColumns,
)
from django_smsbat.services.recipients.imports.importer import ImportResult, import_file
from django_smsbat.services.recipients.imports.opening import AS_DETECTED, Reading, open_people
from django_smsbat.services.recipients.imports.readers import Row, TableFormat, UnreadableTable
from django_smsbat.services.recipients.imports.rows import Person, RowReader
from django_smsbat.services.recipients.imports.storing import merged

PEOPLE_SHOWN: Final = 5
REJECTS_SHOWN: Final = 20
_SAMPLED: Final = 50  # number of rows from which samples and people are taken
_SAMPLES: Final = 3
_SAMPLE_MAX: Final = 40  # characters

UNUSABLE: Final = (UnreadableTable, UnknownColumns, InvalidAssignment)


@dataclass(frozen=True)
class ColumnPreview:
    """A column with its assignment and some of its values."""

    column: Column
    samples: tuple[str, ...]


@dataclass(frozen=True)
class PersonPreview:
    """A recipient as they will be after the import."""

    person: Person
    is_new: bool

    @property
    def opts_out(self) -> bool:
        return self.person.consent is not None and self.person.consent.is_opt_out


@dataclass(frozen=True)
class ImportPreview:
    """The expected result of an import.

    Attributes:
        result: the counts of the rows that were read.
        format: the detected format; None if the file is unreadable.
        rejects: the first rejected rows: number, reason, cells.
        failure: why the file cannot be imported; empty if it can.
    """

    result: ImportResult = field(default_factory=ImportResult)
    format: TableFormat | None = None
    columns: Sequence[ColumnPreview] = ()
    people: Sequence[PersonPreview] = ()
    rejects: Sequence[Sequence[str]] = ()
    failure: str = ""


def preview(
    path: Path,
    reading: Reading = AS_DETECTED,
    *,
    only_first: int | None = None,
    rejects: Path | None = None,
) -> ImportPreview:
    """Read a file as the import will read it. Write nothing to the database.

    Args:
        only_first: count at most this number of rows.
        rejects: path of the file for rejected rows; a temporary file by default.
    """
    try:
        shown = _interpretation(path, reading)
    except UNUSABLE as error:
        return ImportPreview(failure=str(error))
    if shown.failure:
        return shown
    with tempfile.TemporaryDirectory() as folder:
        refused = rejects or Path(folder) / "rejects.csv"
        try:
            result = import_file(
                path, reading=reading, dry_run=True, rejects=refused, only_first=only_first
            )
        except UNUSABLE as error:  # also in the middle of the file
            return replace(shown, failure=str(error))
        listed = _rejected(refused) if result.rejects else []
        return replace(shown, result=result, rejects=listed)


def headings_of(path: Path, reading: Reading) -> list[str]:
    """Return the headings of a file; an empty list if it is unreadable."""
    try:
        with open_people(path, reading) as (_table, columns):
            return columns.headings
    except UNUSABLE:
        return []


def _interpretation(path: Path, reading: Reading) -> ImportPreview:
    """Return format, columns and first recipients; the failure if there is no phone column."""
    region = conf.current().default_region
    with open_people(path, reading) as (table, columns):
        rows = list(islice(table.rows, _SAMPLED))
        shown = ImportPreview(format=table.format, columns=_columns(columns, rows))
        try:
            reader = RowReader(columns.require_phone(), region, is_opt_out=reading.is_opt_out)
        except UnknownColumns as error:
            return replace(shown, failure=str(error))
        return replace(shown, people=_people(reader, rows))


def _columns(known: Columns, rows: Sequence[Row]) -> list[ColumnPreview]:
    return [ColumnPreview(column, _samples(column.place, rows)) for column in known.columns]


def _samples(place: int, rows: Iterable[Row]) -> tuple[str, ...]:
    cells = (row.cells[place] for row in rows if place < len(row.cells))
    texts = (" ".join(str(cell).split())[:_SAMPLE_MAX] for cell in cells if cell is not None)
    return tuple(islice(dict.fromkeys(filter(None, texts)), _SAMPLES))


def _people(reader: RowReader, rows: Iterable[Row]) -> list[PersonPreview]:
    """Return the first recipients, merged with their stored data."""
    people = list(islice(_readable(reader, rows), PEOPLE_SHOWN))
    known = Recipient.objects.filter(phone__in=texts_in(Recipient, [one.phone for one in people]))
    stored = {
        phone: fields
        for phone, *fields in known.values_list("phone", "name", "email", "attributes")
    }
    return [_after(person, stored) for person in people]


def _readable(reader: RowReader, rows: Iterable[Row]) -> Iterator[Person]:
    for row in rows:
        try:
            yield reader(row.cells, row.problem)
        except Rejected:
            continue


def _after(person: Person, stored: Mapping[str, Sequence[Any]]) -> PersonPreview:
    fields = stored.get(person.phone)
    if fields is None:
        return PersonPreview(person, is_new=True)
    name, email, attributes = merged((fields[0], fields[1], fields[2]), person)
    after = replace(person, name=name, email=email, attributes=attributes)
    return PersonPreview(after, is_new=False)


def _rejected(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(islice(csv.reader(file), 1, REJECTS_SHOWN + 1))
