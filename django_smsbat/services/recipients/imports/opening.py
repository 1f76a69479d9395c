"""Opening a file of recipients: the table, and what each of its columns is taken for."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django_smsbat.gateway import phones
from django_smsbat.services.recipients.imports import headings
from django_smsbat.services.recipients.imports.columns import Column, Columns
from django_smsbat.services.recipients.imports.fields import Field
from django_smsbat.services.recipients.imports.readers import Table, open_table


@contextmanager
def open_people(
    path: Path, columns: Sequence[str] = (), *, encoding: str = "", opt_out: bool = False
) -> Iterator[tuple[Table, Columns]]:
    """The table in a file and its columns.

    Args:
        columns: assignments such as ``phone=Mobile``.
        opt_out: the file may be a plain list of numbers without headings.

    Raises:
        UnreadableTable: if the file is not a table.
        UnknownColumns, InvalidAssignment: if the assignments do not fit it.
    """
    place = _place_of_phone(path, encoding) if opt_out and not columns else None
    with open_table(
        path,
        rate=headings.rate,
        looks_like_row=_holds_a_phone,
        encoding=encoding,
        has_headings=place is None,
    ) as table:
        if place is None:
            yield table, Columns.of(table.headings, columns)
        else:
            unused = [Column(before, "", Field.IGNORE) for before in range(place)]
            yield table, Columns((*unused, Column(place, "phone", Field.PHONE)))


def _place_of_phone(path: Path, encoding: str) -> int | None:
    """The column of the numbers in a file without headings; None if it has headings."""
    with open_table(path, rate=headings.rate, encoding=encoding, has_headings=False) as table:
        first = next(table.rows, None)
    cells = first.cells if first else ()
    return next((place for place, cell in enumerate(cells) if _is_phone(cell)), None)


def _holds_a_phone(cells: Sequence[object]) -> bool:
    return any(map(_is_phone, cells))


def _is_phone(cell: object) -> bool:
    try:
        return bool(phones.normalise(cell, phones.default_region()))
    except phones.InvalidPhone:
        return False
