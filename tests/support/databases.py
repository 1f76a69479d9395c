"""A separate database for a site of real processes, and a connection to it without Django."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pymysql

CREATE = {
    "postgresql": "CREATE DATABASE {name}",
    "mysql": "CREATE DATABASE {name} CHARACTER SET {charset}",
}
DROP = {
    "postgresql": "DROP DATABASE IF EXISTS {name} WITH (FORCE)",
    "mysql": "DROP DATABASE IF EXISTS {name}",
}

OTHER_CONNECTIONS = {
    "postgresql": "SELECT pid FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mysql": "SELECT id FROM information_schema.processlist"
    " WHERE db = DATABASE() AND id <> CONNECTION_ID()",
}
CUT = {"postgresql": "SELECT pg_terminate_backend({id})", "mysql": "KILL {id}"}


def _sqlite(url: str) -> Any:
    path = url.removeprefix("sqlite:///")
    return sqlite3.connect(path, timeout=30, isolation_level=None)


def _postgresql(url: str) -> Any:
    return psycopg.connect(url, autocommit=True)


def _mysql(url: str) -> Any:
    parts = urlsplit(url)
    return pymysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=parts.username,
        password=unquote(parts.password or ""),
        database=parts.path.lstrip("/"),
        autocommit=True,
        init_command="SET sql_mode = 'ANSI_QUOTES'",
    )


CONNECT: Mapping[str, Callable[[str], Any]] = {
    "sqlite": _sqlite,
    "postgres": _postgresql,
    "postgresql": _postgresql,
    "mysql": _mysql,
}


def connect(url: str) -> Any:
    """Return an autocommit connection by the database's own driver."""
    return CONNECT[urlsplit(url).scheme](url)


def fetch(connection: Any, sql: str) -> list[Sequence[Any]]:
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def cut_connections(connection: Any, vendor: str) -> int:
    """Cut all other connections to the same database and return their number."""
    cut = 0
    for (number,) in fetch(connection, OTHER_CONNECTIONS[vendor]):
        # A connection may end on its own before it is cut.
        with suppress(psycopg.Error, pymysql.Error), closing(connection.cursor()) as cursor:
            cursor.execute(CUT[vendor].format(id=number))
            cut += 1
    return cut


@contextmanager
def database(vendor: str, folder: Path, server: str, charset: str = "utf8mb4") -> Iterator[str]:
    """Yield the address of an empty database of that vendor, dropped after the block.

    Args:
        vendor: Django's name for it.
        server: the address of any database on the same server; not used for SQLite.
        charset: of MariaDB.
    """
    if vendor == "sqlite":
        yield f"sqlite:///{folder / 'site.sqlite3'}"
        return
    name = f"smsbat_crash_{os.getpid()}"
    drop, create = DROP[vendor].format(name=name), CREATE[vendor].format(name=name, charset=charset)
    _execute(server, drop, create)
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        _execute(server, drop)


@contextmanager
def copied(server: str, template: str, name: str) -> Iterator[str]:
    """Yield the address of a copy of a PostgreSQL database, dropped after the block."""
    drop = DROP["postgresql"].format(name=name)
    _execute(server, drop, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        _execute(server, drop)


def _execute(server: str, *statements: str) -> None:
    """Use a new connection: a server closes one that is idle during a long test."""
    with closing(connect(server)) as connection, closing(connection.cursor()) as cursor:
        for statement in statements:
            cursor.execute(statement)
