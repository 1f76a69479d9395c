"""A PgBouncer on a free port: transaction pooling with two connections to the server."""

import getpass
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

CONFIGURATION = """
[databases]
* = user={user} host={host} port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = transaction
default_pool_size = 2
max_client_conn = 50
unix_socket_dir =
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
"""


@contextmanager
def running(program: str, url: str, folder: Path) -> Iterator[str]:
    """Yield the address of the same database through PgBouncer."""
    parts = urlsplit(url)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    text = CONFIGURATION.format(
        user=parts.username,
        host=parts.hostname,
        server_port=parts.port or 5432,
        port=port,
        folder=folder,
    )
    (folder / "pgbouncer.ini").write_text(text)
    command = [program, str(folder / "pgbouncer.ini")]
    if getpass.getuser() == "root":  # PgBouncer refuses to run as root
        os.chmod(folder, 0o777)
        for parent in folder.parents:
            if parent.name.startswith("pytest-"):
                os.chmod(parent, 0o711)
        command[1:1] = ["--user=postgres"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}").geturl()
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "PgBouncer ended"
        assert time.monotonic() < deadline, "PgBouncer does not answer"
        time.sleep(0.05)
