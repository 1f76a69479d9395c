"""Open a file of recipients: its table and the assignments of its columns."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from django_smsbat.gateway import phones
from django_smsbat.services.recipients.imports import headings
from django_smsbat.services.recipients.imports.columns import Columns
from django_smsbat.services.recipients.imports.fields import Field
from django_smsbat.services.recipients.imports.readers import Deadline, Table, open_table


@dataclass(frozen=True)
class Reading:
    """The user's choices for reading a file.

    Attributes:
        columns: assignments such as ``phone=Mobile``, see `columns`.
        encoding: a key of `readers.ENCODINGS`; detected if empty.
        is_opt_out: every person in the file opts out; the file needs no headings.
        deadline: the time limit for reading the file; None for an import.
    """

    columns: Sequence[str] = ()
    encoding: str = ""
    is_opt_out: bool = False
    deadline: Deadline | None = None


AS_DETECTED: Final = Reading()
_SAMPLED: Final = 50  # rows


@contextmanager
def open_people(path: Path, reading: Reading) -> Iterator[tuple[Table, Columns]]:
    """Open a file and yield its table and columns.

    Raises:
        UnreadableTable: if the file is not a table.
        UnknownColumns, InvalidAssignment: if the assignments do not fit it.
    """
    bare = _headings_of_bare(path, reading) if reading.is_opt_out else None
    with open_table(
        path,
        rate=headings.rate,
        looks_like_row=_holds_a_phone,
        encoding=reading.encoding,
        has_headings=bare is None,
        deadline=reading.deadline,
    ) as table:
        yield table, Columns.of(table.headings if bare is None else bare, reading.columns)


def _headings_of_bare(path: Path, reading: Reading) -> list[str] | None:
    """Return headings for a file without headings; None if it has them.

    A column with a phone in the first rows is a phone column. A first row that names no phone
    column, such as a title, counts as data.
    """
    with open_table(
        path,
        rate=headings.rate,
        encoding=reading.encoding,
        has_headings=False,
        deadline=reading.deadline,
    ) as table:
        rows = [row.cells for row in islice(table.rows, _SAMPLED)]
    if not rows or headings.names_a_phone(map(str, rows[0])):
        return None
    width = max(map(len, rows))
    return [Field.PHONE.value if _holds_phones(place, rows) else "" for place in range(width)]


def _holds_phones(place: int, rows: Sequence[Sequence[object]]) -> bool:
    return any(phones.is_phone(cells[place]) for cells in rows if place < len(cells))


def _holds_a_phone(cells: Sequence[object]) -> bool:
    return any(map(phones.is_phone, cells))
