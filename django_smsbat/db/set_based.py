"""Statements that the ORM lacks: one statement writes many rows with different values.

The rows are sent as one JSON parameter, and values common to all of them are sent once. The SQL of
each database is in `sql_dialects`; this module is common to all three.
"""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import RawSQL

from django_smsbat.db.sql_dialects import DIALECTS, Dialect, Field

if TYPE_CHECKING:
    _Query = models.QuerySet[Any, Any]
else:
    _Query = models.QuerySet

_Row = Sequence[Any]


@dataclass(frozen=True)
class LookedUp:
    """Values that an INSERT looks up in the database, by a value of each row.

    Attributes:
        by: the fields to look up by.
        queries: fields, each with a scalar query. It may use ``{exactly}`` (a condition: the
            columns ``k.<by>`` equal those values) and ``{lock}`` (locks the rows read until the end
            of the transaction).
    """

    by: tuple[str, ...]
    queries: tuple[tuple[str, str], ...]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.queries]

    def cells(
        self, connection: BaseDatabaseWrapper, dialect: Dialect, varying: Sequence[Field]
    ) -> list[str]:
        quote = connection.ops.quote_name
        exactly = " AND ".join(
            dialect.exactly.format(f"k.{quote(_column(field))}", f"r.c{place}")
            for place, field in enumerate(varying)
            if field.name in self.by
        )
        return [
            f"({query.format(exactly=exactly, lock=dialect.lock)})" for _, query in self.queries
        ]


def _of(model: type[models.Model]) -> tuple[BaseDatabaseWrapper, Dialect]:
    connection = connections[router.db_for_write(model)]
    try:
        return connection, DIALECTS[connection.vendor]
    except KeyError:
        known = ", ".join(DIALECTS)
        raise NotImplementedError(
            f"django-smsbat writes to {known}, not to {connection.vendor}"
        ) from None


def keys_in(model: type[models.Model], keys: Iterable[int]) -> RawSQL:
    """Return a subquery for ``pk__in=keys_in(Model, keys)``: one parameter, however many keys."""
    return RawSQL(_of(model)[1].keys, [json.dumps(list(keys))])  # noqa: S611 - numbers only


def texts_in(model: type[models.Model], texts: Iterable[str]) -> RawSQL:
    """Return a subquery for ``name__in=texts_in(Model, texts)``: one parameter."""
    return RawSQL(_of(model)[1].texts, [json.dumps(list(texts))])  # noqa: S611 - a parameter


def update_rows(model: type[models.Model], names: Sequence[str], rows: Sequence[_Row]) -> None:
    """Write the named fields of many rows in one statement.

    Args:
        names: for a foreign key, the field's name.
        rows: for each row its key, then a value for each name. Keys must be unique.
    """
    if not rows:
        return
    connection, dialect = _of(model)
    same, varying = _sorted_out(_fields(model, names), list(zip(*rows, strict=True))[1:])
    fields = (_key(model), *(field for field, _ in varying))
    columns = [[row[0] for row in rows], *(column for _, column in varying)]
    sql = _update_sql(connection.vendor, model, tuple(field for field, _ in same), fields)
    constants = [_prepared(field, value, connection) for field, value in same]
    written = [_as_json(connection, fields, columns)]
    sides = (written, constants) if dialect.joins_before_it_sets else (constants, written)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*sides[0], *sides[1], min(columns[0]), max(columns[0])])


# A callback writes one row: building the statement each time would take longer than executing it.
@lru_cache(maxsize=256)
def _update_sql(
    vendor: str, model: type[models.Model], same: tuple[Field, ...], fields: tuple[Field, ...]
) -> str:
    connection, dialect = _of(model)
    quote = connection.ops.quote_name
    assignments = [
        *(f"{quote(_column(field))} = {dialect.constant(connection, field)}" for field in same),
        *(f"{quote(_column(field))} = r.c{place}" for place, field in enumerate(fields) if place),
    ]
    return dialect.update(
        quote(model._meta.db_table),
        quote(_column(fields[0])),
        assignments,
        dialect.rows(connection, fields),
    )


def insert_rows(
    model: type[models.Model],
    names: Sequence[str],
    rows: Sequence[_Row],
    *,
    ignore_conflicts: bool = False,
) -> int:
    """Insert many rows in one statement; other fields get their defaults.

    Args:
        ignore_conflicts: skip rows that violate a unique constraint; other errors are raised.

    Returns:
        The number of rows inserted (PostgreSQL and SQLite).
    """
    if not rows:
        return 0
    connection = _of(model)[0]
    with connection.cursor() as cursor:
        cursor.execute(*_insert(model, names, rows, ignore_conflicts, None))
        return int(cursor.rowcount)


def insert_returning(
    model: type[models.Model],
    names: Sequence[str],
    rows: Sequence[_Row],
    returned: str,
    *,
    ignore_conflicts: bool = False,
    looked_up: LookedUp | None = None,
) -> list[Any]:
    """Insert rows like `insert_rows`, and return a column of them.

    Args:
        looked_up: fields that the database fills by a lookup.

    Returns:
        The named column of each inserted row; in MariaDB also of the skipped ones.
    """
    connection = _of(model)[0]
    sql, parameters = _insert(model, names, rows, ignore_conflicts, looked_up)
    column = connection.ops.quote_name(returned)
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} RETURNING {column}", parameters)
        return [value for (value,) in cursor.fetchall()]


def _insert(
    model: type[models.Model],
    names: Sequence[str],
    rows: Sequence[_Row],
    ignore_conflicts: bool,
    looked_up: LookedUp | None,
) -> tuple[str, list[Any]]:
    connection = _of(model)[0]
    keys = looked_up.by if looked_up else names[-1:]  # a table expression needs a column
    same, varying = _sorted_out(_fields(model, names), list(zip(*rows, strict=True)), keys)
    same += _defaults(model, {*names, *(looked_up.names if looked_up else ())})
    fields = tuple(field for field, _ in varying)
    sql = _insert_sql(
        connection.vendor,
        model,
        tuple(field for field, _ in same),
        fields,
        ignore_conflicts=ignore_conflicts,
        looked_up=looked_up,
    )
    parameters = [_prepared(field, value, connection) for field, value in same]
    written = _as_json(connection, fields, [column for _, column in varying])
    return sql, [*parameters, written]


@lru_cache(maxsize=256)
def _insert_sql(
    vendor: str,
    model: type[models.Model],
    same: tuple[Field, ...],
    fields: tuple[Field, ...],
    *,
    ignore_conflicts: bool,
    looked_up: LookedUp | None,
) -> str:
    connection, dialect = _of(model)
    quote = connection.ops.quote_name
    found = _fields(model, looked_up.names) if looked_up else []
    columns = [quote(_column(field)) for field in (*same, *fields, *found)]
    cells = [
        *(dialect.constant(connection, field) for field in same),
        *(f"r.c{place}" for place in range(len(fields))),
        *(looked_up.cells(connection, dialect, fields) if looked_up else ()),
    ]
    select = f"SELECT {', '.join(cells)} FROM {dialect.rows(connection, fields)}"
    return dialect.insert(quote(model._meta.db_table), ", ".join(columns), select, ignore_conflicts)


def insert_from(
    model: type[models.Model],
    names: Sequence[str],
    source: _Query,
    same_in_all: Mapping[str, Any],
    *,
    ignore_conflicts: bool = False,
) -> int:
    """Insert a row for each row of a query, in one statement; return the number.

    Args:
        names: the fields for the query's columns, in their order; the rows are inserted in the
            order of the first.
        same_in_all: values common to all rows. Other fields get their defaults.
        ignore_conflicts: skip rows that violate a unique constraint.
    """
    connection, dialect = _of(model)
    quote = connection.ops.quote_name
    same = list(zip(_fields(model, list(same_in_all)), same_in_all.values(), strict=True))
    same += _defaults(model, {*names, *same_in_all})
    fields = [*(field for field, _ in same), *_fields(model, names)]
    selected, parameters = source.order_by().query.sql_with_params()
    cells = ", ".join([*(dialect.constant(connection, field) for field, _ in same), "r.*"])
    select = f"SELECT {cells} FROM ({selected}) AS r WHERE 1 = 1 ORDER BY {len(same) + 1}"
    if ignore_conflicts:  # the dialects append a condition to such a statement
        select = f"SELECT * FROM ({select}) AS o"
    columns = ", ".join(quote(_column(field)) for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            dialect.insert(quote(model._meta.db_table), columns, select, ignore_conflicts),
            [*(_prepared(field, value, connection) for field, value in same), *parameters],
        )
        return int(cursor.rowcount)


def _fields(model: type[models.Model], names: Sequence[str]) -> list[Field]:
    return [model._meta.get_field(name) for name in names]  # type: ignore[misc]


def _key(model: type[models.Model]) -> Field:
    key: Field = model._meta.pk
    return key


def _defaults(model: type[models.Model], given: set[str]) -> list[tuple[Field, Any]]:
    """Return the other fields, with their defaults."""
    return [
        (field, field.get_default())
        for field in model._meta.concrete_fields
        if field.name not in given and not field.primary_key
    ]


def _sorted_out(
    fields: Sequence[Field], columns: Sequence[Sequence[Any]], keys: Sequence[str] = ()
) -> tuple[list[tuple[Field, Any]], list[tuple[Field, Sequence[Any]]]]:
    """Split fields into those with one value for all rows, and the others with their column.

    Args:
        keys: fields that always belong to the others.
    """
    same: list[tuple[Field, Any]] = []
    varying: list[tuple[Field, Sequence[Any]]] = []
    for field, column in zip(fields, columns, strict=True):
        if field.name not in keys and column.count(column[0]) == len(column):
            same.append((field, column[0]))
        else:
            varying.append((field, column))
    return same, varying


_PLAIN: Final = (int, str, type(None))
_KEPT_AS_THEY_ARE: Final = (models.CharField, models.TextField, models.IntegerField)


def _as_json(
    connection: BaseDatabaseWrapper, fields: Sequence[Field], columns: Sequence[Sequence[Any]]
) -> str:
    """Return the rows as a JSON list of lists, with values in the database's format."""
    written = [
        column
        if isinstance(getattr(field, "target_field", field), _KEPT_AS_THEY_ARE)
        or _is_text_already(field, column)
        else [_as_text(field, value, connection) for value in column]
        for field, column in zip(fields, columns, strict=True)
    ]
    return json.dumps(list(zip(*written, strict=True)), ensure_ascii=False)


def _is_text_already(field: Field, column: Sequence[Any]) -> bool:
    """Whether JSON is already serialised, or UUIDs are hex digits."""
    return isinstance(field, models.JSONField | models.UUIDField) and isinstance(column[0], str)


def _as_text(field: Field, value: Any, connection: BaseDatabaseWrapper) -> Any:
    if isinstance(field, models.JSONField):
        return value if isinstance(value, str) else json.dumps(value, cls=field.encoder)
    if isinstance(field, models.UUIDField):
        return value.hex if isinstance(value, uuid.UUID) else value
    prepared = _prepared(field, value, connection)
    return prepared if isinstance(prepared, _PLAIN) else str(prepared)


def _prepared(field: Field, value: Any, connection: BaseDatabaseWrapper) -> Any:
    """Return a parameter of that field's type. JSON may already be serialised."""
    if isinstance(field, models.JSONField):
        return _as_text(field, value, connection)
    return field.get_db_prep_save(value, connection)


def _column(field: Field) -> str:
    return str(field.column)
