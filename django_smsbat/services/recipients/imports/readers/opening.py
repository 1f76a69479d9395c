"""Open a file of any supported format as a table."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import chain
from pathlib import Path

from django_smsbat.services.recipients.imports.readers import limits
from django_smsbat.services.recipients.imports.readers.csv_text import open_csv
from django_smsbat.services.recipients.imports.readers.formats import is_workbook
from django_smsbat.services.recipients.imports.readers.limits import Deadline
from django_smsbat.services.recipients.imports.readers.table import (
    CellError,
    Row,
    RowSource,
    Table,
    TableFormat,
    UnreadableTable,
)


def count_filled(cells: Sequence[str]) -> int:
    """Rate a row as headings by the number of its non-empty cells."""
    return sum(1 for cell in cells if cell.strip())


def _open_workbook(
    path: Path, deadline: Deadline | None
) -> AbstractContextManager[tuple[TableFormat, RowSource]]:
    # A local import: openpyxl is slow to import and takes 10 MB; most processes do not need it.
    from django_smsbat.services.recipients.imports.readers.workbooks import open_workbook

    return open_workbook(path, deadline)


@contextmanager
def open_table(
    path: Path,
    *,
    rate: Callable[[Sequence[str]], int] = count_filled,
    looks_like_row: Callable[[Sequence[str]], bool] | None = None,
    encoding: str = "",
    has_headings: bool = True,
    deadline: Deadline | None = None,
) -> Iterator[Table]:
    """Open a CSV or a workbook.

    Args:
        rate: rates a row as headings; determines the separator of a CSV.
        looks_like_row: returns whether cells look like a row of this table, for example with a
            phone number in the right column; detects rows that an open quote has swallowed.
        encoding: the encoding of a CSV, a key of ENCODINGS; detected if empty.
        has_headings: whether the first row contains headings.
        deadline: the time limit for reading.

    Raises:
        UnreadableTable: if the file is not a table; while rows are read, it names the row.
    """
    source = (
        _open_workbook(path, deadline)
        if _is_workbook(path)
        else open_csv(path, rate if has_headings else None, looks_like_row, encoding, deadline)
    )
    with source as (form, rows):
        yield _with_headings(form, rows) if has_headings else _without_headings(form, rows)


def _is_workbook(path: Path) -> bool:
    try:
        return is_workbook(path)
    except OSError as error:
        raise UnreadableTable(f"{path.name} cannot be read: {error.strerror}") from None


def _first(rows: RowSource) -> Row:
    first = next(rows.read(), None)
    if first is None:
        raise UnreadableTable("the table is empty")
    return first


def _without_headings(form: TableFormat, rows: RowSource) -> Table:
    first = _first(rows)
    following = rows.read(first.number, width=len(first.cells))
    return Table(form, (), 0, chain([first], following), rows)


def _with_headings(form: TableFormat, rows: RowSource) -> Table:
    first = _first(rows)
    if first.problem:
        raise UnreadableTable(
            f"the headings in row {first.number} cannot be read: the row {first.problem}"
        )
    headings = [_heading(cell) for cell in first.cells]
    while headings and not headings[-1]:
        headings.pop()
    count = len(headings)
    if count > limits.COLUMNS_MAX:
        raise limits.too_many_columns(first.number)
    return Table(form, headings, first.number, rows.read(first.number, count, count), rows)


def _heading(cell: object) -> str:
    return "" if cell is None or isinstance(cell, CellError) else str(cell).strip("\ufeff \t\r\n")
