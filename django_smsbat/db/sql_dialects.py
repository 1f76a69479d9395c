"""The SQL of each database for statements over many rows.

This module contains SQL only: `set_based` supplies the rows and fields.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    Field = models.Field[Any, Any]
else:
    Field = models.Field


@dataclass(frozen=True)
class Dialect:
    """The SQL of one database.

    Attributes:
        rows: a table expression of the JSON parameter, with one column for each field.
        constant: a parameter with the type of a field.
        update: an UPDATE of a table from such a table expression.
        insert: an INSERT of a SELECT; the last argument is whether conflicting rows are skipped.
        keys, texts: a subquery that yields the numbers, or texts, of a JSON parameter.
        exactly: compares two texts letter by letter.
        lock: the end of a SELECT that locks its rows until the transaction ends.
        joins_before_it_sets: whether an UPDATE has the rows before the values.
    """

    rows: Callable[[BaseDatabaseWrapper, Sequence[Field]], str]
    constant: Callable[[BaseDatabaseWrapper, Field], str]
    update: Callable[[str, str, Sequence[str], str], str]
    insert: Callable[[str, str, str, bool], str]
    keys: str
    texts: str
    exactly: str = "{0} = {1}"
    lock: str = " FOR UPDATE"
    joins_before_it_sets: bool = False


def _typed(connection: BaseDatabaseWrapper, field: Field) -> str:
    return str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection))


def _postgresql_type(connection: BaseDatabaseWrapper, field: Field) -> str:
    """Omit the length: a cast to it would truncate a long text instead of refusing it."""
    kind = _typed(connection, field)
    return "text" if kind.startswith("varchar") else kind


# PostgreSQL. The key range in the update matters: if the table is analysed during a launch, the
# planner mistakes the batch for the whole table and scans it once for each row.


def _postgresql_rows(connection: BaseDatabaseWrapper, fields: Sequence[Field]) -> str:
    cells = ", ".join(
        f"(j.value->>{place})::{_postgresql_type(connection, field)} AS c{place}"
        for place, field in enumerate(fields)
    )
    return f"(SELECT {cells} FROM json_array_elements(%s::json) AS j(value)) AS r"


def _update_from(table: str, key: str, assignments: Sequence[str], source: str) -> str:
    return (
        f"UPDATE {table} SET {', '.join(assignments)} FROM {source} "
        f"WHERE {table}.{key} = r.c0 AND {table}.{key} BETWEEN %s AND %s"
    )


def _insert_on_conflict(table: str, columns: str, select: str, ignore_conflicts: bool) -> str:
    # SQLite needs a WHERE before ON CONFLICT, to distinguish it from the ON of a join.
    end = " WHERE 1 = 1 ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    return f"INSERT INTO {table} ({columns}) {select}{end}"


# SQLite.


def _sqlite_rows(connection: BaseDatabaseWrapper, fields: Sequence[Field]) -> str:
    cells = ", ".join(
        f"json_extract(j.value, '$[{place}]') AS c{place}" for place in range(len(fields))
    )
    return f"(SELECT {cells} FROM json_each(%s) AS j) AS r"


# MariaDB.


def _mariadb_rows(connection: BaseDatabaseWrapper, fields: Sequence[Field]) -> str:
    cells = ", ".join(
        f"c{place} {_mariadb_type(connection, field)} PATH '$[{place}]'"
        for place, field in enumerate(fields)
    )
    return f"JSON_TABLE(%s, '$[*]' COLUMNS ({cells})) AS r"


def _mariadb_type(connection: BaseDatabaseWrapper, field: Field) -> str:
    """Return a type for `JSON_TABLE`, which has no `uuid` and no length of a text in JSON."""
    kind = _typed(connection, field).removesuffix(" AUTO_INCREMENT")
    return {"uuid": "varchar(36)", "json": "longtext"}.get(kind, kind)


def _mariadb_update(table: str, key: str, assignments: Sequence[str], source: str) -> str:
    own = ", ".join(f"{table}.{assignment}" for assignment in assignments)
    return (
        f"UPDATE {table} JOIN {source} ON {table}.{key} = r.c0 SET {own} "
        f"WHERE {table}.{key} BETWEEN %s AND %s"
    )


def _mariadb_insert(table: str, columns: str, select: str, ignore_conflicts: bool) -> str:
    # INSERT IGNORE would also suppress all other errors, such as a text that is too long.
    first = columns.partition(",")[0]
    end = f" ON DUPLICATE KEY UPDATE {first} = {table}.{first}" if ignore_conflicts else ""
    return f"INSERT INTO {table} ({columns}) {select}{end}"


DIALECTS: Final[dict[str, Dialect]] = {
    "postgresql": Dialect(
        rows=_postgresql_rows,
        constant=lambda connection, field: f"%s::{_postgresql_type(connection, field)}",
        update=_update_from,
        insert=_insert_on_conflict,
        keys="SELECT value::bigint FROM json_array_elements_text(%s::json)",
        texts="SELECT value FROM json_array_elements_text(%s::json)",
    ),
    "sqlite": Dialect(
        rows=_sqlite_rows,
        constant=lambda connection, field: "%s",
        update=_update_from,
        insert=_insert_on_conflict,
        keys="SELECT value FROM json_each(%s)",
        texts="SELECT value FROM json_each(%s)",
        lock="",  # one writer at a time
    ),
    "mysql": Dialect(
        rows=_mariadb_rows,
        constant=lambda connection, field: "%s",
        update=_mariadb_update,
        insert=_mariadb_insert,
        keys="SELECT k.c FROM JSON_TABLE(%s, '$[*]' COLUMNS (c BIGINT PATH '$')) AS k",
        texts="SELECT k.c FROM JSON_TABLE(%s, '$[*]' COLUMNS (c LONGTEXT PATH '$')) AS k",
        exactly="{0} = {1} AND BINARY {0} = {1}",  # collations ignore case; BINARY uses no index
        joins_before_it_sets=True,
    ),
}
