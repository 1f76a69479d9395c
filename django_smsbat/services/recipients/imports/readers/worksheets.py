"""The worksheets of a workbook as openpyxl reads them, without the sheets that hold no cells.

openpyxl does not tell an empty cell from a formula whose value was never computed, and it fails on
some workbooks with chart sheets. The classes here correct both.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from openpyxl.reader.excel import ExcelReader
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser

_WORKSHEET: Final = "/worksheet"  # how the type of its relation ends
_EMPTY_TEXT: Final = "str"  # a formula of this type may have an empty value


def load(file: BinaryIO) -> Any:
    """Open a workbook with its worksheets only: no chart sheets, dialog sheets or macro sheets."""
    reader = _Reader(file, read_only=True, data_only=True, keep_links=False)
    reader.read()
    return reader.wb


class _Reader(ExcelReader):  # type: ignore[misc]  # openpyxl has no types
    def read_workbook(self) -> None:
        super().read_workbook()
        self.parser.assign_names = lambda: None  # they refer to sheets that are left out

    def read_worksheets(self) -> None:
        for sheet, rel in self.parser.find_sheets():
            if rel.Type.endswith(_WORKSHEET) and rel.target in self.valid_files:
                found = Worksheet(self.wb, sheet.name, rel.target, self.shared_strings)
                found.sheet_state = sheet.state
                self.wb._sheets.append(found)


class Worksheet(ReadOnlyWorksheet):  # type: ignore[misc]  # openpyxl has no types
    """A worksheet that is read row by row.

    Attributes:
        uncalculated: the number of the last row that holds a formula without a value.
    """

    uncalculated = 0

    def numbered_rows(self) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """The rows that the file holds. It may leave out empty ones."""
        last, epoch = 0, self.parent.epoch
        with self._get_source() as source:
            # openpyxl would warn of a number that is no date, with the number, which may be a
            # phone. Without the formats of dates it leaves numbers as they are.
            parser = _Parser(self, source, self._shared_strings, data_only=True, epoch=epoch)
            for number, cells in parser.parse():
                if number > last:
                    last = number
                    yield number, self._get_row(cells)


class _Parser(WorkSheetParser):  # type: ignore[misc]  # openpyxl has no types
    def __init__(self, sheet: Worksheet, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._sheet = sheet

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["value"] is None and _is_uncalculated(element):
            self._sheet.uncalculated = cell["row"]
        return cell


def _is_uncalculated(element: Any) -> bool:
    if element.find(FORMULA_TAG) is None:
        return False
    return element.get("t") != _EMPTY_TEXT or element.find(VALUE_TAG) is None
