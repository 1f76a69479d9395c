"""The rows of a CSV.

A broken row is returned with its problem and does not affect other rows. An unclosed quote would
swallow the rows after it, so the file is refused.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice
from pathlib import Path
from sys import maxsize
from typing import Any, Final, TextIO

from django_smsbat.services.csv_safety import original
from django_smsbat.services.recipients.imports.readers import limits
from django_smsbat.services.recipients.imports.readers.encodings import (
    BAD_BYTE,
    MARKED,
    encoding_of,
    label_of,
)
from django_smsbat.services.recipients.imports.readers.limits import Deadline, LimitExceeded
from django_smsbat.services.recipients.imports.readers.mixed_encodings import Utf8Rows
from django_smsbat.services.recipients.imports.readers.separators import (
    NOTHING,
    SAMPLE,
    marked_separator,
    reader_of,
    separator_of,
)
from django_smsbat.services.recipients.imports.readers.table import (
    Row,
    TableFormat,
    UnreadableTable,
)

_REPLACEMENT: Final = "\ufffd"
_BREAK: Final = re.compile(r"\r\n|\r|\n")
_NEUTRALISED: Final = re.compile(r"'[=+\-@\t\r]")  # a quick test for `original`
_BATCH: Final = 64  # rows that are tested together
# Appended after the last line. If it ends up inside a cell, the quote of that cell is unclosed.
_END: Final = "\ufdd0\ufdd1\ufdd0"

_row: Final[Callable[[tuple[int, Sequence[Any], str]], Row]] = partial(tuple.__new__, Row)
Rate = Callable[[Sequence[str]], int]
LooksLikeRow = Callable[[Sequence[str]], bool]


@contextmanager
def open_csv(
    path: Path,
    rate: Rate | None,
    looks_like_row: LooksLikeRow | None,
    encoding: str,
    deadline: Deadline | None = None,
) -> Iterator[tuple[TableFormat, "CsvRows"]]:
    """Open a CSV file.

    Args:
        rate: rates a row as headings; None if the table has no headings.
        looks_like_row: returns whether cells look like a row of this table.
        encoding: overrides the detection.
    """
    codec = encoding_of(path, encoding)
    with path.open(encoding=codec, errors=MARKED, newline="") as file:
        sample = file.read(SAMPLE)
        separator, marked = marked_separator(sample)
        separator = separator or separator_of(sample[marked:], rate)
        file.seek(0)
        if marked:
            file.readline()
        yield (
            TableFormat("CSV", encoding=label_of(codec), separator=separator),
            CsvRows(file, separator, codec, looks_like_row, deadline),
        )


class CsvRows:
    """A reader of the non-empty rows, one at a time."""

    def __init__(
        self,
        file: TextIO,
        separator: str,
        codec: str,
        looks_like_row: LooksLikeRow | None,
        deadline: Deadline | None = None,
    ) -> None:
        self.size = 0
        self._batch_end = 0  # the size that may be read
        self._deadline = deadline
        self._reader: Any = reader_of(chain(self._limited(file), [_END]), separator)
        self._separator = separator
        self._encoding = label_of(codec)
        self._utf_8_rows = Utf8Rows(codec)
        self._looks_like_row = looks_like_row
        self._number = 0  # of the last row
        self._lines = 0  # additional lines of cells with line breaks
        self._has_failed = False

    def read(self, after: int = 0, headings: int = maxsize, width: int = 0) -> Iterator[Row]:
        number = self._number = after
        size = _BATCH if after else 1  # the first row may decide how the others are read
        while (batch := self._batch(size)) or self._has_failed:
            text = "".join(map("".join, batch))
            is_plain = _is_plain(text) and not self._utf_8_rows.may_be_in(text)
            for cells in batch:
                number += 1
                if is_plain and len(cells) <= headings and _holds_something(cells):
                    yield _row((number, cells, ""))
                elif row := self._checked(number, cells, headings, width):
                    yield row
            if self._has_failed:
                number += 1
                yield self._oversized(number)
            self._number = number

    def _limited(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield the lines. Limit the lines of a row, which could otherwise exhaust the memory."""
        for line in lines:
            self.size += len(line)
            if self.size > self._batch_end:
                raise LimitExceeded(
                    f"row {self._number + 1} or one of the {_BATCH} rows below it is too long: "
                    f"together they are larger than {limits.megabytes(limits.BATCH_MAX)}; look "
                    "for a quote that does not close"
                )
            yield line

    def _batch(self, size: int) -> list[list[str]]:
        """Return the next rows, up to a failing row. The reader continues after that row."""
        rows: list[list[str]] = []
        self._has_failed = False
        self._batch_end = self.size + limits.BATCH_MAX
        if self._deadline:
            self._deadline.check()
        try:
            rows.extend(islice(self._reader, size))
        except csv.Error:
            self._has_failed = True
        return rows

    def _oversized(self, number: int) -> Row:
        limit = min(csv.field_size_limit(), limits.CELL_MAX)
        if self._reader.line_num - self._lines > number:
            raise UnreadableTable(
                f"row {number}: a quote opens here and does not close, or a cell holds more than "
                f"{limit:,} characters; correct that row and save the file again"
            )
        return Row(number, (), limits.LONG_CELL)

    def _checked(self, number: int, cells: list[str], headings: int, width: int) -> Row | None:
        """Return the row with its problem, if any; None if the row is empty."""
        if cells == [_END]:
            return None
        text = "".join(cells)
        if text.endswith(_END):
            raise _open_quote(number)
        if not text.strip(NOTHING):
            return None
        if len(cells) > limits.COLUMNS_MAX:
            return Row(number, (), f"has more than {limits.COLUMNS_MAX:,} cells")
        if lines := sum(len(_BREAK.findall(cell)) for cell in cells):
            self._lines += lines
            self._require_own_lines(number, cells, width)
        if decoded := self._utf_8_rows.decoded(cells):
            return Row(number, decoded, "is in UTF-8, unlike the rest of the file")
        cells = [original(cell) if "'" in cell else cell for cell in cells]
        if problem := self._problem(text, cells, headings):
            cells = [cell.replace(BAD_BYTE, _REPLACEMENT) for cell in cells]
        return Row(number, cells, problem)

    def _problem(self, text: str, cells: Sequence[str], headings: int) -> str:
        if BAD_BYTE in text:
            return f"holds bytes that are not {self._encoding} text"
        if "\0" in text:
            return "holds a NUL character"
        if not any(cells[headings:]):
            return ""
        count = max(place for place, cell in enumerate(cells, start=1) if cell)
        return f"{count} cells under {headings} headings"

    def _require_own_lines(self, number: int, cells: Sequence[str], width: int) -> None:
        if width > 1 and self._looks_like_row and self._swallows(cells, width):
            raise _open_quote(number)

    def _swallows(self, cells: Sequence[str], width: int) -> bool:
        """Return whether a cell contains a line that is a separate row."""
        for place, cell in enumerate(cells):
            first, *inner = _BREAK.split(cell)
            if not inner:
                continue
            lines = [self._cells_of(line) for line in inner]
            if any(self._is_row(line, width) for line in lines):
                return True
            # If a quote of another row closed this cell, its last line continues in the next cells:
            # a quote is left over, or the first line continues as well.
            is_torn = cell.count('"') % 2 or place + len(self._cells_of(first)) >= width
            if is_torn and self._is_row([*lines[-1], *cells[place + 1 :]], width):
                return True
        return False

    def _cells_of(self, line: str) -> list[str]:
        return [cell.strip(' "') for cell in line.split(self._separator)]

    def _is_row(self, cells: Sequence[str], width: int) -> bool:
        looks_like_row = self._looks_like_row
        return len(cells) == width and looks_like_row is not None and looks_like_row(cells)


def _open_quote(number: int) -> UnreadableTable:
    return UnreadableTable(
        f"row {number}: a quote opens here and does not close before the next row; correct that "
        "row and save the file again"
    )


def _is_plain(text: str) -> bool:
    """Return whether the text has neither bad bytes nor line breaks, so needs no further checks."""
    return text.isprintable() and not ("'" in text and _NEUTRALISED.search(text))


def _holds_something(cells: list[str]) -> bool:
    return bool(cells and (cells[0].strip(NOTHING) or "".join(cells).strip(NOTHING)))
