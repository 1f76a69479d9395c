"""What the ORM has no words for: one statement that writes many rows which differ from each other.

The rows travel as one JSON parameter, and what is the same in all of them travels once. The words
of each database stand in the table `_DIALECTS`; everything else here is the same for all three.
"""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import RawSQL

if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
    _Query = models.QuerySet[Any, Any]
else:
    _Field = models.Field
    _Query = models.QuerySet

_Row = Sequence[Any]


@dataclass(frozen=True)
class _Dialect:
    """One database's words.

    Attributes:
        rows: a table expression of the JSON parameter, with one column a given field.
        constant: a parameter that has the type of a field.
        update: an UPDATE of a table from such a table expression.
        insert: an INSERT of a SELECT, the last argument saying whether known rows are left out.
        keys, texts: a subquery that yields the numbers, or texts, of a JSON parameter.
        joins_before_it_sets: whether an UPDATE names the rows before the values.
    """

    rows: Callable[[BaseDatabaseWrapper, Sequence[_Field]], str]
    constant: Callable[[BaseDatabaseWrapper, _Field], str]
    update: Callable[[str, str, Sequence[str], str], str]
    insert: Callable[[str, str, str, bool], str]
    keys: str
    texts: str
    joins_before_it_sets: bool = False


def _of(model: type[models.Model]) -> tuple[BaseDatabaseWrapper, _Dialect]:
    connection = connections[router.db_for_write(model)]
    try:
        return connection, _DIALECTS[connection.vendor]
    except KeyError:
        known = ", ".join(_DIALECTS)
        raise NotImplementedError(
            f"django-smsbat writes to {known}, not to {connection.vendor}"
        ) from None


def keys_in(model: type[models.Model], keys: Iterable[int]) -> RawSQL:
    """For ``pk__in=keys_in(Model, keys)``: one parameter, however many keys."""
    return RawSQL(_of(model)[1].keys, [json.dumps(list(keys))])  # noqa: S611 - numbers only


def texts_in(model: type[models.Model], texts: Iterable[str]) -> RawSQL:
    """For ``name__in=texts_in(Model, texts)``, likewise."""
    return RawSQL(_of(model)[1].texts, [json.dumps(list(texts))])  # noqa: S611 - a parameter


def update_rows(model: type[models.Model], names: Sequence[str], rows: Sequence[_Row]) -> None:
    """Write the named fields of many rows in one statement.

    Args:
        names: for a foreign key the field's name.
        rows: for each row its key, then a value for each name. Each key once.
    """
    if not rows:
        return
    connection, dialect = _of(model)
    quote = connection.ops.quote_name
    same, varying = _sorted_out(_fields(model, names), list(zip(*rows, strict=True))[1:])
    fields = [_key(model), *(field for field, _ in varying)]
    columns = [[row[0] for row in rows], *(column for _, column in varying)]
    assignments = [
        *(f"{quote(_column(field))} = {dialect.constant(connection, field)}" for field, _ in same),
        *(f"{quote(_column(field))} = r.c{place}" for place, field in enumerate(fields) if place),
    ]
    sql = dialect.update(
        quote(model._meta.db_table),
        quote(_column(fields[0])),
        assignments,
        dialect.rows(connection, fields),
    )
    constants = [_prepared(field, value, connection) for field, value in same]
    written = [_as_json(connection, fields, columns)]
    sides = (written, constants) if dialect.joins_before_it_sets else (constants, written)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*sides[0], *sides[1], min(columns[0]), max(columns[0])])


def insert_rows(
    model: type[models.Model],
    names: Sequence[str],
    rows: Sequence[_Row],
    *,
    known_are_left: bool = False,
) -> int:
    """Insert many rows in one statement; fields that are not named get their defaults.

    Args:
        known_are_left: leave rows alone that a unique constraint knows already; no other error
            is swallowed.

    Returns:
        How many rows were inserted (PostgreSQL and SQLite).
    """
    if not rows:
        return 0
    connection, dialect = _of(model)
    quote = connection.ops.quote_name
    same, varying = _sorted_out(_fields(model, names), list(zip(*rows, strict=True)))
    if not varying:  # a table expression needs a column
        field, value = same.pop()
        varying = [(field, [value] * len(rows))]
    same += _defaults(model, {field.name for field, _ in (*same, *varying)})
    fields = [field for field, _ in varying]
    columns = [quote(_column(field)) for field in (*(f for f, _ in same), *fields)]
    cells = [
        *(dialect.constant(connection, field) for field, _ in same),
        *(f"r.c{place}" for place in range(len(fields))),
    ]
    select = f"SELECT {', '.join(cells)} FROM {dialect.rows(connection, fields)}"
    table = quote(model._meta.db_table)
    sql = dialect.insert(table, ", ".join(columns), select, known_are_left)
    parameters = [_prepared(field, value, connection) for field, value in same]
    written = _as_json(connection, fields, [column for _, column in varying])
    with connection.cursor() as cursor:
        cursor.execute(sql, [*parameters, written])
        return int(cursor.rowcount)


def insert_from(
    model: type[models.Model],
    names: Sequence[str],
    source: _Query,
    same_in_all: Mapping[str, Any],
) -> int:
    """Insert a row for each row of a query, in one statement; returns how many.

    Args:
        names: the fields that the query's columns go to, in their order; the rows are inserted in
            the order of the first.
        same_in_all: values that are the same in every row. Other fields get their defaults.
    """
    connection, dialect = _of(model)
    quote = connection.ops.quote_name
    same = list(zip(_fields(model, list(same_in_all)), same_in_all.values(), strict=True))
    same += _defaults(model, {*names, *same_in_all})
    fields = [*(field for field, _ in same), *_fields(model, names)]
    selected, parameters = source.order_by().query.sql_with_params()
    cells = ", ".join([*(dialect.constant(connection, field) for field, _ in same), "r.*"])
    select = f"SELECT {cells} FROM ({selected}) AS r WHERE 1 = 1 ORDER BY {len(same) + 1}"
    columns = ", ".join(quote(_column(field)) for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            dialect.insert(quote(model._meta.db_table), columns, select, False),
            [*(_prepared(field, value, connection) for field, value in same), *parameters],
        )
        return int(cursor.rowcount)


def _fields(model: type[models.Model], names: Sequence[str]) -> list[_Field]:
    return [model._meta.get_field(name) for name in names]  # type: ignore[misc]


def _key(model: type[models.Model]) -> _Field:
    key: _Field = model._meta.pk
    return key


def _defaults(model: type[models.Model], given: set[str]) -> list[tuple[_Field, Any]]:
    """The fields that nobody gave a value for, with their defaults."""
    return [
        (field, field.get_default())
        for field in model._meta.concrete_fields
        if field.name not in given and not field.primary_key
    ]


def _sorted_out(
    fields: Sequence[_Field], columns: Sequence[Sequence[Any]]
) -> tuple[list[tuple[_Field, Any]], list[tuple[_Field, Sequence[Any]]]]:
    """Fields that are the same in all rows with their value, and the others with their column."""
    same: list[tuple[_Field, Any]] = []
    varying: list[tuple[_Field, Sequence[Any]]] = []
    for field, column in zip(fields, columns, strict=True):
        first = column[0]
        if all(value is first or value == first for value in column):
            same.append((field, first))
        else:
            varying.append((field, column))
    return same, varying


_PLAIN: Final = (int, str, type(None))
_KEPT_AS_THEY_ARE: Final = (models.CharField, models.TextField, models.IntegerField)


def _as_json(
    connection: BaseDatabaseWrapper, fields: Sequence[_Field], columns: Sequence[Sequence[Any]]
) -> str:
    """The rows as a JSON list of lists, each value as the database takes it for its field."""
    written = [
        column
        if isinstance(field.target_field if field.is_relation else field, _KEPT_AS_THEY_ARE)
        else [_as_text(field, value, connection) for value in column]
        for field, column in zip(fields, columns, strict=True)
    ]
    return json.dumps(list(zip(*written, strict=True)), ensure_ascii=False)


def _as_text(field: _Field, value: Any, connection: BaseDatabaseWrapper) -> Any:
    if isinstance(field, models.JSONField):
        return value if isinstance(value, str) else json.dumps(value, cls=field.encoder)
    if isinstance(field, models.UUIDField):
        return value.hex if isinstance(value, uuid.UUID) else value
    prepared = _prepared(field, value, connection)
    return prepared if isinstance(prepared, _PLAIN) else str(prepared)


def _prepared(field: _Field, value: Any, connection: BaseDatabaseWrapper) -> Any:
    """A parameter of that field's type. JSON may be given as its text, which is not quoted again."""
    if isinstance(field, models.JSONField):
        return _as_text(field, value, connection)
    return field.get_db_prep_save(value, connection)


def _column(field: _Field) -> str:
    return str(field.column)


def _typed(connection: BaseDatabaseWrapper, field: _Field) -> str:
    return str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection))


def _postgresql_type(connection: BaseDatabaseWrapper, field: _Field) -> str:
    """Without a length: a cast to it would cut a text that is too long, instead of refusing it."""
    kind = _typed(connection, field)
    return "text" if kind.startswith("varchar") else kind


# PostgreSQL. The bounds of the keys in the update matter: when the table is analysed in the middle
# of a launch, the planner takes the batch for the whole table, and scans it once for each row.


def _postgresql_rows(connection: BaseDatabaseWrapper, fields: Sequence[_Field]) -> str:
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


def _insert_on_conflict(table: str, columns: str, select: str, known_are_left: bool) -> str:
    # SQLite needs a WHERE before ON CONFLICT, to tell it from the ON of a join.
    end = " WHERE 1 = 1 ON CONFLICT DO NOTHING" if known_are_left else ""
    return f"INSERT INTO {table} ({columns}) {select}{end}"


# SQLite.


def _sqlite_rows(connection: BaseDatabaseWrapper, fields: Sequence[_Field]) -> str:
    cells = ", ".join(
        f"json_extract(j.value, '$[{place}]') AS c{place}" for place in range(len(fields))
    )
    return f"(SELECT {cells} FROM json_each(%s) AS j) AS r"


# MariaDB.


def _mariadb_rows(connection: BaseDatabaseWrapper, fields: Sequence[_Field]) -> str:
    cells = ", ".join(
        f"c{place} {_mariadb_type(connection, field)} PATH '$[{place}]'"
        for place, field in enumerate(fields)
    )
    return f"JSON_TABLE(%s, '$[*]' COLUMNS ({cells})) AS r"


def _mariadb_type(connection: BaseDatabaseWrapper, field: _Field) -> str:
    """What `JSON_TABLE` can read; it knows no `uuid`, and no length of a text in JSON."""
    kind = _typed(connection, field).removesuffix(" AUTO_INCREMENT")
    return {"uuid": "varchar(36)", "json": "longtext"}.get(kind, kind)


def _mariadb_update(table: str, key: str, assignments: Sequence[str], source: str) -> str:
    own = ", ".join(f"{table}.{assignment}" for assignment in assignments)
    return (
        f"UPDATE {table} JOIN {source} ON {table}.{key} = r.c0 SET {own} "
        f"WHERE {table}.{key} BETWEEN %s AND %s"
    )


def _mariadb_insert(table: str, columns: str, select: str, known_are_left: bool) -> str:
    # INSERT IGNORE would swallow every other error too, such as a text that is too long.
    first = columns.partition(",")[0]
    end = f" ON DUPLICATE KEY UPDATE {first} = {table}.{first}" if known_are_left else ""
    return f"INSERT INTO {table} ({columns}) {select}{end}"


_DIALECTS: Final[dict[str, _Dialect]] = {
    "postgresql": _Dialect(
        rows=_postgresql_rows,
        constant=lambda connection, field: f"%s::{_postgresql_type(connection, field)}",
        update=_update_from,
        insert=_insert_on_conflict,
        keys="SELECT value::bigint FROM json_array_elements_text(%s::json)",
        texts="SELECT value FROM json_array_elements_text(%s::json)",
    ),
    "sqlite": _Dialect(
        rows=_sqlite_rows,
        constant=lambda connection, field: "%s",
        update=_update_from,
        insert=_insert_on_conflict,
        keys="SELECT value FROM json_each(%s)",
        texts="SELECT value FROM json_each(%s)",
    ),
    "mysql": _Dialect(
        rows=_mariadb_rows,
        constant=lambda connection, field: "%s",
        update=_mariadb_update,
        insert=_mariadb_insert,
        keys="SELECT k.c FROM JSON_TABLE(%s, '$[*]' COLUMNS (c BIGINT PATH '$')) AS k",
        texts="SELECT k.c FROM JSON_TABLE(%s, '$[*]' COLUMNS (c LONGTEXT PATH '$')) AS k",
        joins_before_it_sets=True,
    ),
}
