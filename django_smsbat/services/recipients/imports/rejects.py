"""The file of rejected rows: each with its number, the reason and its cells.

It contains personal data, so only its owner can read it.
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
    """A writer that creates the file when the first row is rejected.

    Args:
        rows_done: the last row that an earlier run committed. Later rejects are written again.
        headings: of the columns, so that users can correct the file and import it.
    """

    def __init__(self, path: Path, rows_done: int, headings: Sequence[str]) -> None:
        private_files.require_regular(path)  # before anything is imported
        self.path = path
        self._headings = [*OWN_HEADINGS, *(harmless(heading) for heading in headings)]
        self._file: TextIO | None = None
        self._kept = self._rows_up_to(rows_done) if rows_done else []

    def __enter__(self) -> Self:
        if self._kept:
            # Write a new file, then replace the old: a kill in between loses no rows.
            whole, self.path = self.path, self.path.with_name(f"{self.path.name}.new")
            self._write(self._kept)
            self.flush()
            self.path.replace(whole)
            self.path = whole
        elif self.path.exists():
            self.path.unlink()  # it belongs to another import
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
        """Flush the file. Call it before the commit of the chunk: a kill then loses nothing."""
        if self._file:
            self._file.flush()

    def _write(self, rows: Sequence[Sequence[str]]) -> None:
        if self._file is None:
            # Invalid bytes were read as lone surrogates, which are replaced here.
            self._file = private_files.create_text(self.path, "utf-8-sig")
            csv.writer(self._file).writerow(self._headings)
        csv.writer(self._file).writerows(rows)

    def _rows_up_to(self, rows_done: int) -> list[list[str]]:
        if not self.path.exists():
            return []
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))[1:]
        return [row for row in rows if row and row[0].isdigit() and int(row[0]) <= rows_done]
