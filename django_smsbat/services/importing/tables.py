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


def digest_of(path: Path) -> str:
    """Of the whole content, to know the same file again.

    Raises:
        UnreadableTable: when it cannot be opened.
    """
    digest = blake2b(digest_size=_DIGEST_BYTES)
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise UnreadableTable(f"{path.name} cannot be read: {error.strerror}") from None
    return digest.hexdigest()


def digest_of_text(text: str) -> str:
    return blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()


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
        first = file.readline()
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
    except Exception as error:  # it raises whatever a broken archive makes it stumble over
        raise UnreadableTable(f"{path.name} is no XLSX: {type(error).__name__}") from None
    try:
        sheet = book.worksheets[0]
        yield (
            (number, [_plain(cell) for cell in row])
            for number, row in enumerate(sheet.iter_rows(values_only=True), start=1)
        )
    finally:
        book.close()


def _plain(cell: object) -> object:
    """A cell as it would stand in a CSV, except for numbers, which are exact here."""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time.min else cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return cell
