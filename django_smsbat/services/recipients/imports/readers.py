"""Files read as rows of cells, one at a time. Knows nothing of recipients.

CSV in UTF-8, UTF-16 or Windows-1251, whichever it is, with any usual separator; XLSX by `openpyxl`
(extra ``[xlsx]``), which keeps the workbook's table of texts in memory.
"""

import codecs
import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

_BLOCK: Final = 1_048_576  # bytes
_DIGEST_BYTES: Final = 16
_SEPARATORS: Final = ",;\t|"
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CYRILLIC: Final = "cp1251"  # what a Ukrainian Windows saves as "CSV"


class UnreadableTable(Exception):
    """The file is no table that can be read; one sentence for people."""


Row = tuple[int, Sequence[Any]]  # its number, as a spreadsheet counts, and its cells


def digest_of(path: Path, settings: str) -> str:
    """Of the whole content and of how it is read, to know the same import again.

    Raises:
        UnreadableTable: when it cannot be opened.
    """
    digest = blake2b(settings.encode(), digest_size=_DIGEST_BYTES)
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise UnreadableTable(f"{path.name} cannot be read: {error.strerror}") from None
    return digest.hexdigest()


@contextmanager
def rows_of(path: Path) -> Iterator[Iterator[Row]]:
    """The rows of a table, those without any content left out.

    Raises:
        UnreadableTable: also in the middle, naming the row.
    """
    reader = _xlsx if path.suffix.lower() in (".xlsx", ".xlsm") else _csv
    with reader(path) as rows:
        yield ((number, row) for number, row in rows if any(cell not in (None, "") for cell in row))


@contextmanager
def _csv(path: Path) -> Iterator[Iterator[Row]]:
    with path.open(encoding=_encoding_of(path), newline="") as file:
        try:
            first = file.readline()
        except UnicodeDecodeError as error:
            raise UnreadableTable(f"the first row is no text in {error.encoding}") from None
        file.seek(0)
        separator = max(_SEPARATORS, key=first.count)
        yield _numbered(csv.reader(file, delimiter=separator))


def _numbered(reader: Iterator[Sequence[str]]) -> Iterator[Row]:
    number = 0
    try:
        for number, row in enumerate(reader, start=1):
            yield number, row
    except csv.Error as error:
        raise UnreadableTable(f"row {number + 1} is no CSV: {error}") from None
    except UnicodeDecodeError as error:
        raise UnreadableTable(f"row {number + 1} is no text in {error.encoding}") from None


def _encoding_of(path: Path) -> str:
    """UTF-8 if every byte of it is; a wrong guess would only show far down in the file."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        block = file.read(_BLOCK)
        if block.startswith(_UTF_16):
            return "utf-16"
        try:
            while block:
                decoder.decode(block)
                block = file.read(_BLOCK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return _CYRILLIC
    return "utf-8-sig"


@contextmanager
def _xlsx(path: Path) -> Iterator[Iterator[Row]]:
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise UnreadableTable("XLSX needs: pip install 'django-smsbat[xlsx]'") from None
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size may be wrong, and rows be lost
    except Exception as error:  # it raises whatever a broken archive makes it stumble over
        raise UnreadableTable(f"{path.name} is no XLSX: {type(error).__name__}") from None
    try:
        yield _cells(sheet)
    finally:
        book.close()


def _cells(sheet: Any) -> Iterator[Row]:
    number = 0
    rows = sheet.iter_rows(values_only=True)
    while True:
        number += 1
        try:
            row = next(rows, None)
        except Exception as error:  # likewise
            raise UnreadableTable(f"row {number} is no XLSX: {type(error).__name__}") from None
        if row is None:
            return
        yield number, [_plain(cell) for cell in row]


def _plain(cell: object) -> object:
    """A cell as it would stand in a CSV, except for numbers, which are exact here."""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time.min else cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return cell
