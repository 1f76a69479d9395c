"""``python -m tests.support.on_database postgresql [arguments]``: the suite on that database.

If no server responds at its address, the program prints that and exits successfully: tests that
cannot run are skipped with a reason.
"""

import os
import socket
import subprocess
import sys
from urllib.parse import urlsplit

PORTS = {"postgresql": 5432, "mariadb": 3306}
URLS = {
    "sqlite": "",
    "postgresql": os.environ.get("POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres"),
    "mariadb": os.environ.get("MARIADB_URL", "mysql://root@127.0.0.1:3306/test"),
}


def answers(name: str, address: str) -> bool:
    """Return whether a server listens there; the tests find out whether the login works."""
    if name == "sqlite":
        return True
    url = urlsplit(address)
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((url.hostname or "127.0.0.1", url.port or PORTS[name])) == 0


def main(name: str, *arguments: str) -> int:
    address = URLS[name]
    if not answers(name, address):
        print(f"SKIPPED: the suite on {name}, because none answers at {address}")
        return 0
    environment = {**os.environ, **({"DATABASE_URL": address} if address else {})}
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
