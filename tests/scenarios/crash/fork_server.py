"""Fork workers on request, as a preloading server does; run with ``python -m``.

For each line of stdin, a file path, it forks a worker and writes its process id to stdout. The
worker creates that file after it has claimed its first batch. Django is loaded once instead of once
per worker, which takes a second of processor time.
"""

import io
import os
import signal
import sys
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command, execute_from_command_line
from django.db import connections
from django.db.backends.signals import connection_created


def note_first_claim(mark: Path) -> None:
    """Create the file after the first statement that leases messages."""

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if sql.startswith("UPDATE") and "lease_until" in sql and not mark.exists():
            mark.touch()
        return result

    def receiver(connection: Any, **_more: Any) -> None:
        connection.execute_wrappers.append(wrapper)

    connection_created.connect(receiver, weak=False)


def work(mark: Path) -> None:
    os.dup2(2, 1)  # stdout is for process ids
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    note_first_claim(mark)
    execute_from_command_line(["manage.py", "smsbat_send"])
    mark.with_suffix(".done").touch()


def main() -> None:
    django.setup()
    call_command("check", stdout=io.StringIO())  # load what a command loads
    connections.close_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel removes dead workers
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            try:
                work(Path(line.strip()))
            finally:
                os._exit(0)
        os.write(1, f"{pid}\n".encode())


if __name__ == "__main__":
    main()
