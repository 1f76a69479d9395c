"""The file of rejected rows: each with its number, the reason, and its cells.

It holds personal data: only its owner can read it.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TextIO

from django_smsbat.services.csv_safety import harmless
from django_smsbat.services.recipients.imports import private_files

OWN_HEADINGS: Final = ("row", "reason")


class Rejects:
    """Opened when the first row is refused; an import without any makes no file.

    Args:
        rows_done: how far an earlier run got: what it wrote beyond that is written again.
        headings: of the columns, so that the file can be corrected and imported itself.
    """

    def __init__(self, path: Path, rows_done: int, headings: Sequence[str]) -> None:
        private_files.require_regular(path)  # before anything is imported
        self.path = path
        self._headings = [*OWN_HEADINGS, *(harmless(heading) for heading in headings)]
        self._file: TextIO | None = None
        self._kept = self._rows_up_to(rows_done) if rows_done else []

    def __enter__(self) -> Self:
        if self._kept:
            # Beside it first: a kill in between loses none.
            whole, self.path = self.path, self.path.with_name(f"{self.path.name}.new")
            self._write(self._kept)
            self.flush()
            self.path.replace(whole)
            self.path = whole
        elif self.path.exists():
            self.path.unlink()  # of another import
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file:
            self._file.close()

    def add(self, number: int, reason: str, cells: Sequence[Any]) -> None:
        shown = ["" if cell is None else harmless(str(cell)) for cell in cells]
        self._write([[str(number), reason, *shown]])

    def flush(self) -> None:
        """Before the rows beside them are committed: none is forgotten by a kill in between."""
        if self._file:
            self._file.flush()

    def _write(self, rows: Sequence[Sequence[str]]) -> None:
        if self._file is None:
            # Bytes that are not text were read as lone surrogates; they are replaced.
            self._file = private_files.create_text(self.path, "utf-8-sig")
            csv.writer(self._file).writerow(self._headings)
        csv.writer(self._file).writerows(rows)

    def _rows_up_to(self, rows_done: int) -> list[list[str]]:
        if not self.path.exists():
            return []
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))[1:]
        return [row for row in rows if row and row[0].isdigit() and int(row[0]) <= rows_done]
