"""A journal of accepted messages on disk, which survives a killed sandbox.

A line is written before the response is sent, so that the file always includes every message that
the site knows to be accepted.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django_smsbat.sandbox.ledger import Entry


class Journal:
    """A file with one line for each accepted message."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._drop_torn_line()

    def add(self, entries: Sequence[Entry]) -> None:
        lines = [
            json.dumps([entry.message_id, entry.messagelist_id, entry.message]) for entry in entries
        ]
        with self._path.open("a") as file:
            file.write("".join(f"{line}\n" for line in lines))

    def read(self) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
        """Yield message id, list id and message, in the order of acceptance."""
        if not self._path.exists():
            return
        with self._path.open() as file:
            for line in file:
                message_id, list_id, message = json.loads(line)
                yield message_id, list_id, message

    def _drop_torn_line(self) -> None:
        """Remove an incomplete last line: the sandbox was killed before it responded."""
        if self._path.exists():
            content = self._path.read_bytes()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                self._path.write_bytes(content[:whole])
