"""Child processes with their output in files, so that a full pipe never blocks one."""

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from typing import IO, Any

_POLL = 0.02  # seconds


class Child(subprocess.Popen[str]):
    """A process with output that can be read at any time, without blocking the process."""

    def __init__(self, command: Sequence[str], **options: Any) -> None:
        # Open until the process has ended.
        self._files: list[IO[bytes]] = [
            tempfile.TemporaryFile("ab+")  # noqa: SIM115
            for _ in range(2)
        ]
        self._texts: list[str] = []
        out, err = self._files
        super().__init__(command, stdout=out, stderr=err, text=True, **options)

    def output(self) -> tuple[str, str]:
        """Return the output to stdout and stderr so far."""
        if self._texts:
            return self._texts[0], self._texts[1]
        out, err = (_content(file.fileno()) for file in self._files)
        return out, err

    def communicate(
        self, input: str | None = None, timeout: float | None = None
    ) -> tuple[str, str]:
        """Wait for the process to end and return its output."""
        self.wait(timeout)
        if not self._texts:
            self._texts = [*self.output()]
            for file in self._files:
                file.close()
        return self.output()

    def first_line(self, patience: float) -> str:
        """Return the first line that the process writes to stdout.

        Raises:
            AssertionError: if the process ends or `patience` (seconds) passes; includes stderr.
        """
        deadline = time.monotonic() + patience
        while "\n" not in self.output()[0]:
            assert self.poll() is None, f"it ended: {self.output()[1]}"
            assert time.monotonic() < deadline, f"it wrote nothing: {self.output()[1]}"
            time.sleep(_POLL)
        return self.output()[0].partition("\n")[0]


def _content(descriptor: int) -> str:
    # The process shares the file's position, so reading must not move it.
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode(errors="replace")
