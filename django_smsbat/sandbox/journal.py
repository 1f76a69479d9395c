"""What a sandbox has taken, on disk: it outlives a sandbox that is killed.

A line is written before the answer leaves, so that the file never knows less than the site.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django_smsbat.sandbox.ledger import Entry


class Journal:
    """A file with a line for each message that was taken."""

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
        """Id, id of the list, and message, in the order in which they were taken."""
        if not self._path.exists():
            return
        with self._path.open() as file:
            for line in file:
                message_id, list_id, message = json.loads(line)
                yield message_id, list_id, message

    def _drop_torn_line(self) -> None:
        """One that was not written to its end: the sandbox was killed before it answered."""
        if self._path.exists():
            written = self._path.read_bytes()
            whole = written.rfind(b"\n") + 1
            if whole < len(written):
                self._path.write_bytes(written[:whole])
