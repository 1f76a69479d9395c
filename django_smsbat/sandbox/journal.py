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
                if line.endswith("\n"):  # else it was killed in the middle, before it answered
                    message_id, list_id, message = json.loads(line)
                    yield message_id, list_id, message
