"""The rows of a workbook (XLSX, XLSM). openpyxl reads them one at a time.

openpyxl stores the shared strings of a workbook in memory.
"""

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from sys import maxsize
from typing import Any, Final

from openpyxl.styles.numbers import is_date_format as _is_date_format
from openpyxl.styles.numbers import is_timedelta_format
from openpyxl.utils.datetime import from_excel

from django_smsbat.services.recipients.imports.readers import limits, worksheets
from django_smsbat.services.recipients.imports.readers.archives import LimitedArchive
from django_smsbat.services.recipients.imports.readers.formats import SAVE_AS
from django_smsbat.services.recipients.imports.readers.limits import Deadline, LimitExceeded
from django_smsbat.services.recipients.imports.readers.number_formats import (
    displayed,
    general,
)
from django_smsbat.services.recipients.imports.readers.table import (
    CellError,
    Row,
    TableFormat,
    UnreadableTable,
)
from django_smsbat.services.recipients.imports.readers.worksheets import Worksheet

is_date_format: Final = lru_cache(maxsize=1_000)(_is_date_format)
_UNCALCULATED: Final = (
    "holds a formula without a value; open the workbook in a spreadsheet program and save it there"
)
_STRICT: Final = b"http://purl.oclc.org/ooxml/"


@contextmanager
def open_workbook(
    path: Path, deadline: Deadline | None = None
) -> Iterator[tuple[TableFormat, "SheetRows"]]:
    """Open the first visible sheet that is not empty."""
    with path.open("rb") as file:  # given a path, openpyxl would refuse other suffixes
        try:
            book = worksheets.load(file, deadline)
        except LimitExceeded:
            raise
        except Exception:  # openpyxl raises arbitrary exceptions for a broken archive
            raise _broken(path) from None
        sheet = _first_filled([one for one in book.worksheets if one.sheet_state == "visible"])
        if sheet is None:
            raise _without_rows(path, book.worksheets)
        yield _format_of(book.worksheets, sheet), SheetRows(sheet)


def _broken(path: Path) -> UnreadableTable:
    if _is_strict(path):
        return _strict(path)
    return UnreadableTable(f"{path.name} is damaged and cannot be read as XLSX")


def _strict(path: Path) -> UnreadableTable:
    return UnreadableTable(f"{path.name} is a Strict Open XML workbook; {SAVE_AS}")


def _without_rows(path: Path, sheets: Sequence[Any]) -> UnreadableTable:
    if not sheets and _is_strict(path):
        return _strict(path)
    if sheets and all(sheet.sheet_state != "visible" for sheet in sheets):
        return UnreadableTable("all sheets of the workbook are hidden; unhide the right one")
    return UnreadableTable("the table is empty")


def _is_strict(path: Path) -> bool:
    """Return whether it uses the namespaces of the ISO standard, which openpyxl cannot read."""
    try:
        with path.open("rb") as file, LimitedArchive(file) as archive:
            return _STRICT in archive.read("_rels/.rels")
    except (zipfile.BadZipFile, KeyError, OSError, EOFError, zlib.error, LimitExceeded):
        return False


def _first_filled(sheets: Sequence[Worksheet]) -> Worksheet | None:
    return next((sheet for sheet in sheets if next(_rows(sheet), None)), None)


def _format_of(sheets: Sequence[Any], sheet: Any) -> TableFormat:
    visible = [one.title for one in sheets if one.sheet_state == "visible" and one is not sheet]
    hidden = sum(one.sheet_state != "visible" for one in sheets)
    return TableFormat("XLSX", sheet=sheet.title, other_sheets=tuple(visible), hidden_sheets=hidden)


class SheetRows:
    """A reader of the non-empty rows, one at a time.

    Cells cannot shift in a workbook, so cells without a heading are allowed.
    """

    def __init__(self, sheet: Worksheet) -> None:
        self._sheet = sheet
        self._rows = _rows(sheet)

    @property
    def size(self) -> int:
        return self._sheet.size

    def read(self, after: int = 0, headings: int = maxsize, width: int = 0) -> Iterator[Row]:
        return self._rows


def _rows(sheet: Worksheet) -> Iterator[Row]:
    number, rows = 0, sheet.numbered_rows()
    while True:
        try:
            number, cells = next(rows, (number, None))
        except LimitExceeded:
            raise
        except Exception:  # likewise
            raise UnreadableTable(
                f"row {number + 1} is damaged and cannot be read as XLSX"
            ) from None
        if cells is None:
            return
        values = [_value(cell) for cell in cells]
        if len(values) > limits.COLUMNS_MAX and any(
            map(_holds_something, values[limits.COLUMNS_MAX :])
        ):
            raise limits.too_many_columns(number)
        if any(isinstance(value, str) and len(value) > limits.CELL_MAX for value in values):
            yield Row(number, (), limits.LONG_CELL)
        elif sheet.uncalculated == number:
            yield Row(number, values, _UNCALCULATED)
        elif any(map(_holds_something, values)):
            yield Row(number, values)


def _holds_something(value: object) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None


def _value(cell: Any) -> object:
    """Return a cell as the text or number that Excel displays."""
    value = cell.value
    if isinstance(value, str):
        return CellError(value) if cell.data_type == "e" else value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        code = cell.number_format
        return _date(value, code, cell) if is_date_format(code) else displayed(value, code)
    return _iso(value)


def _date(value: int | float, code: str, cell: Any) -> object:
    is_duration = is_timedelta_format(code)
    try:
        return _iso(from_excel(value, cell.parent.parent.epoch, timedelta=is_duration))
    except (OverflowError, ValueError):
        return general(value)


def _iso(value: object) -> object:
    """Convert dates and times to ISO 8601 text, as in a CSV."""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time.min else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return _duration(value) if isinstance(value, timedelta) else value


def _duration(value: timedelta) -> str:
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
