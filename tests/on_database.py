"""``python -m tests.on_database postgresql [pytest's arguments]``: the suite on that database.

Where none answers at its address it says so, and succeeds: what cannot be run is skipped with a
reason.
"""

import os
import subprocess
import sys
from urllib.parse import urlsplit

URLS = {
    "sqlite": "",
    "postgresql": os.environ.get("POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres"),
    "mariadb": os.environ.get("MARIADB_URL", "mysql://root@127.0.0.1:3306/test"),
}


def answers(name: str, address: str) -> bool:
    """Whether such a database is there."""
    if name == "sqlite":
        return True
    url = urlsplit(address)
    if name == "mariadb":
        import pymysql

        try:
            pymysql.connect(
                host=url.hostname,
                port=url.port or 3306,
                user=url.username,
                password=url.password or "",
                connect_timeout=2,
            ).close()
        except pymysql.err.OperationalError:
            return False
        return True
    import psycopg

    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


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
