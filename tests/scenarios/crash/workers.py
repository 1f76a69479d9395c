"""Workers of a site, started fast enough to kill hundreds of them."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.live_site import PATIENCE, ROOT, Site

_POLL = 0.005  # seconds


@dataclass
class Worker:
    """One ``smsbat_send`` in its own process.

    Attributes:
        mark: a file that the worker creates after its first claim.
    """

    pid: int
    mark: Path

    @property
    def is_running(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def wait_for_claim(self) -> None:
        _wait(lambda: self.mark.exists() or not self.is_running, "the worker claims nothing")
        assert self.mark.exists(), "the worker ended before it claimed anything"

    def kill(self) -> None:
        """Kill it with SIGKILL, as the kernel does when memory runs out."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        _wait(lambda: not self.is_running, "the worker survives SIGKILL")

    def wait(self) -> None:
        _wait(lambda: not self.is_running, "the worker does not end")
        assert self.mark.with_suffix(".done").exists(), "the worker failed"


def _wait(condition: Callable[[], bool], failure: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, failure
        time.sleep(_POLL)


@dataclass
class Workers:
    """Starts workers through a fork server."""

    site: Site
    server: "subprocess.Popen[str]"
    started: list[Worker] = field(default_factory=list)

    def start(self) -> Worker:
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        mark = self.site.folder / f"worker-{len(self.started)}"
        print(mark, file=self.server.stdin, flush=True)
        line = self.server.stdout.readline()
        assert line, "the fork server ended"
        worker = Worker(int(line), mark)
        self.started.append(worker)
        return worker


@contextmanager
def workers_of(site: Site) -> Iterator[Workers]:
    """Yield a fork server for this site; the site's sandbox must be running."""
    with tempfile.TemporaryFile("ab+") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.scenarios.crash.fork_server"],
            env=site.environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        workers = Workers(site, server)
        try:
            yield workers
        finally:
            for worker in workers.started:
                worker.kill()
            server.kill()
            server.communicate()
