"""Subclasses of openpyxl's readers, which open only worksheets and limit their memory use.

openpyxl does not distinguish an empty cell from a formula without a computed value, and it fails on
some workbooks with chart sheets. It stores a row, a text or a setting in memory, whatever its
size. The classes here correct this.
"""

from collections.abc import Iterator
from typing import IO, Any, BinaryIO, Final

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import (
    DATA_TAG,
    FORMULA_TAG,
    ROW_TAG,
    VALUE_TAG,
    WorkSheetParser,
)
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from django_smsbat.services.recipients.imports.readers import limits
from django_smsbat.services.recipients.imports.readers.archives import LimitedArchive
from django_smsbat.services.recipients.imports.readers.limits import Deadline, LimitExceeded

_WORKSHEET: Final = "/worksheet"  # the end of its relation type
_EMPTY_TEXT: Final = "str"  # a formula of this type may have an empty value
_TEXT_TAG: Final = f"{{{SHEET_MAIN_NS}}}t"
_SHARED_TAG: Final = f"{{{SHEET_MAIN_NS}}}si"


def load(file: BinaryIO, deadline: Deadline | None = None) -> Any:
    """Open a workbook with its worksheets only: no chart sheets, dialog sheets or macro sheets."""
    reader = _Reader(file, deadline)
    reader.read()
    return reader.wb


class _Stream:
    """A part of a workbook that is parsed in pieces.

    The parser stores an unfinished row in memory, so the size of a row is limited.
    """

    def __init__(self, source: IO[bytes], deadline: Deadline | None) -> None:
        self._source = source
        self._deadline = deadline
        self.size = 0  # number of bytes that were read
        self._begin = 0  # number of bytes of finished rows

    def read(self, size: int = -1) -> bytes:
        if self._deadline:
            self._deadline.check()
        data = self._source.read(size)
        self.size += len(data)
        if self.size - self._begin > limits.ROW_BYTES_MAX:
            raise LimitExceeded(
                "a row or a cell of the workbook is larger than "
                f"{limits.megabytes(limits.ROW_BYTES_MAX)}; remove it, or save the table as CSV"
            )
        return data

    def end_row(self) -> None:
        self._begin = self.size


class _Reader(ExcelReader):  # type: ignore[misc]  # openpyxl has no types
    def __init__(self, file: BinaryIO, deadline: Deadline | None) -> None:
        super().__init__(file, read_only=True, data_only=True, keep_links=False)
        self.archive = LimitedArchive(file)
        self._deadline = deadline

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)
        if part is not None:
            with self.archive.open(part.PartName[1:]) as source:
                self.shared_strings = _texts(_Stream(source, self._deadline))

    def read_workbook(self) -> None:
        super().read_workbook()
        self.parser.assign_names = lambda: None  # names refer to sheets that are omitted

    def read_worksheets(self) -> None:
        for sheet, rel in self.parser.find_sheets():
            if rel.Type.endswith(_WORKSHEET) and rel.target in self.valid_files:
                found = Worksheet(self.wb, sheet.name, rel.target, self.shared_strings)
                found.sheet_state, found.deadline = sheet.state, self._deadline
                self.wb._sheets.append(found)


class Worksheet(ReadOnlyWorksheet):  # type: ignore[misc]  # openpyxl has no types
    """A worksheet that is read row by row.

    Attributes:
        uncalculated: the number of the last row that contains a formula without a value.
        size: number of bytes that were read.
    """

    uncalculated = 0
    size = 0
    deadline: Deadline | None = None

    def _get_size(self) -> None:
        """Skip the size: openpyxl would read the whole sheet if the sheet does not declare it."""

    def numbered_rows(self) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Yield the rows of the file, which may omit empty rows."""
        last, epoch = 0, self.parent.epoch
        with self._get_source() as opened:
            source = _Stream(opened, self.deadline)
            # openpyxl would issue a warning that quotes an invalid date, which may be a phone.
            # Without the date formats it does not convert numbers.
            parser = _Parser(self, source, self._shared_strings, data_only=True, epoch=epoch)
            for number, cells in parser.parse():
                if number > limits.ROW_NUMBER_MAX:
                    raise limits.too_many_rows()
                if number > last:
                    last, self.size = number, source.size
                    yield number, self._get_row(cells)


def _texts(source: _Stream) -> list[str]:
    """Return the shared strings. Most of them are plain and need no openpyxl object."""
    texts: list[str] = []
    events = iterparse(source, events=("start", "end"))
    _event, root = next(events)
    for event, element in events:
        if event == "start" or element.tag != _SHARED_TAG:
            continue
        is_plain = len(element) == 1 and element[0].tag == _TEXT_TAG
        text = element[0].text or "" if is_plain else Text.from_tree(element).content
        texts.append(text.replace("x005F_", "") if "x005F_" in text else text)
        root.clear()
        source.end_row()
        if len(texts) > limits.TEXTS_MAX:
            raise LimitExceeded(
                f"the workbook has more than {limits.TEXTS_MAX:,} different texts; save the table "
                "as CSV"
            )
    return texts


class _Parser(WorkSheetParser):  # type: ignore[misc]  # openpyxl has no types
    def __init__(self, sheet: Worksheet, source: _Stream, *args: Any, **options: Any) -> None:
        super().__init__(source, *args, **options)
        self._sheet = sheet

    def parse(self) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Yield the rows. Skip the elements after them, such as merged cells and rules."""
        count = 0
        for _event, element in iterparse(self.source):
            if element.tag == ROW_TAG:
                count += 1
                if count > limits.ROW_NUMBER_MAX:
                    raise limits.too_many_rows()
                row = self.parse_row(element)
                element.clear()
                self.source.end_row()
                yield row
            elif element.tag == DATA_TAG:
                return

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["value"] is None and _is_uncalculated(element):
            self._sheet.uncalculated = cell["row"]
        return cell


def _is_uncalculated(element: Any) -> bool:
    if element.find(FORMULA_TAG) is None:
        return False
    return element.get("t") != _EMPTY_TEXT or element.find(VALUE_TAG) is None
