"""The types that all readers return."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from sys import maxsize
from typing import Any, NamedTuple, Protocol


class UnreadableTable(Exception):
    """The file cannot be read as a table.

    The text is a sentence for the user. It never quotes the content of the file.
    """


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        number: the number of the row in a spreadsheet program; a cell of several lines is one row.
        problem: why the row is unusable; empty for a valid row.
    """

    number: int
    cells: Sequence[Any]
    problem: str = ""


@dataclass(frozen=True)
class CellError:
    """A workbook cell with an error such as ``#N/A`` instead of a value."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class TableFormat:
    """The detected format of a file.

    Attributes:
        kind: "CSV" or "XLSX".
        encoding: the label of the encoding; empty for a workbook.
        separator: the character between two cells; empty for a workbook.
        sheet: the name of the sheet that is read.
        other_sheets: the names of the visible sheets that are not read.
        hidden_sheets: the number of hidden sheets.
    """

    kind: str
    encoding: str = ""
    separator: str = ""
    sheet: str = ""
    other_sheets: tuple[str, ...] = ()
    hidden_sheets: int = 0


@dataclass
class Table:
    """An open table.

    Attributes:
        headings: the cells of the heading row as text; empty if the table has no headings.
        heading_row: the number of the heading row; 0 if the table has no headings.
        rows: the non-empty rows below the headings.
        source: the reader of the rows.
    """

    format: TableFormat
    headings: Sequence[str]
    heading_row: int
    rows: Iterator[Row]
    source: "RowSource"


class RowSource(Protocol):
    """A reader of the rows of a format.

    Attributes:
        size: number of bytes or characters that were read.
    """

    @property
    def size(self) -> int: ...

    def read(self, after: int = 0, headings: int = maxsize, width: int = 0) -> Iterator[Row]:
        """Read the non-empty rows.

        Args:
            after: the number of the last row that was read.
            headings: maximum number of cells in a row.
            width: usual number of cells in a row; 0 if unknown.
        """
