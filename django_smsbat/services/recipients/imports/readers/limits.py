"""The limits of a file of recipients.

A file is untrusted input, and a small file can describe a table that exhausts the memory. Each
limit is far above the output of spreadsheet programs and other services. It is applied before the
part of the file that exceeds it is loaded into memory.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Self

from django_smsbat.services import clock
from django_smsbat.services.recipients.imports.readers.table import UnreadableTable

MEGABYTE: Final = 1_000_000

UPLOAD_MAX: Final = 100 * MEGABYTE  # bytes of a file that is uploaded in the admin
UNPACKED_MAX: Final = 1_000 * MEGABYTE  # bytes of all parts of a workbook
RATIO_MAX: Final = 150  # unpacked size of a part, as a multiple of its packed size
RATIO_COUNTED: Final = 4 * MEGABYTE  # bytes of a part; smaller parts may have any ratio
PARTS_MAX: Final = 2_000  # of a workbook
DIRECTORY_MAX: Final = MEGABYTE  # bytes of the table of contents of a workbook
WHOLE_PART_MAX: Final = 8 * MEGABYTE  # bytes of a part that is read as a whole, such as the styles
WHOLE_PART_TAGS_MAX: Final = 100_000
TEXTS_MAX: Final = 5_000_000  # of a workbook, each counted once
ROW_NUMBER_MAX: Final = 1_048_576  # in Excel
ROW_BYTES_MAX: Final = 4 * MEGABYTE  # bytes of XML or CSV lines per row
COLUMNS_MAX: Final = 1_000
CELL_MAX: Final = 131_072  # characters; also the limit of Python's CSV reader
BATCH_MAX: Final = 8 * MEGABYTE  # characters of the CSV rows that are read together
CHUNK_MAX: Final = 32 * MEGABYTE  # characters of the rows that are imported together
PREVIEW_SECONDS: Final = 20


class LimitExceeded(UnreadableTable):
    """The file exceeds a limit. The text names the limit and the remedy."""


LONG_CELL: Final = f"holds a cell of more than {CELL_MAX:,} characters"


def too_many_columns(row: int) -> LimitExceeded:
    return LimitExceeded(
        f"row {row} has more than {COLUMNS_MAX:,} columns; remove the columns that are not needed"
    )


def too_many_rows() -> LimitExceeded:
    return LimitExceeded(
        f"the workbook has rows beyond row {ROW_NUMBER_MAX:,}, the last one of a sheet; save the "
        "table as CSV"
    )


def megabytes(size: int) -> str:
    return f"{size // MEGABYTE:,} MB"


def within_upload(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces of an upload while their total size is within the limit."""
    size = 0
    for part in parts:
        size += len(part)
        if size > UPLOAD_MAX:
            raise LimitExceeded(
                f"the file is larger than {megabytes(UPLOAD_MAX)}; divide it, or import it with "
                "the command smsbat_import"
            )
        yield part


@dataclass(frozen=True)
class Deadline:
    """The time by which a file must be read."""

    seconds: float
    until: float

    @classmethod
    def in_seconds(cls, seconds: float) -> Self:
        return cls(seconds, clock.monotonic() + seconds)

    def check(self) -> None:
        """Check the deadline.

        Raises:
            LimitExceeded: if it has passed.
        """
        if clock.monotonic() > self.until:
            raise LimitExceeded(
                f"the preview takes longer than {self.seconds:.0f} seconds; divide the file, or "
                "import it with the command smsbat_import"
            )
