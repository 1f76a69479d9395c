"""One statement that writes different values into many rows, in each database's own words.

The ORM's `bulk_update` builds a CASE for each column and splits it over many statements; here the
rows travel as one JSON parameter. Databases without a dialect here are left to the ORM.
"""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
else:
    _Field = models.Field


def update_rows(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write the named fields of these rows; one statement where the database has a dialect.

    Args:
        rows: saved instances of one model, each once.
        names: fields without JSON; for a foreign key the field's name.
    """
    if not rows:
        return
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    dialect = _DIALECTS.get(connection.vendor)
    if dialect is None:
        model._base_manager.bulk_update(rows, names)
        return
    fields: list[_Field] = [
        model._meta.pk,
        *(model._meta.get_field(name) for name in names),  # type: ignore[list-item]
    ]
    values = [[_prepared(field, row, connection) for field in fields] for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(dialect(connection, model._meta.db_table, fields), [json.dumps(values)])


def _prepared(field: _Field, row: models.Model, connection: Any) -> Any:
    value = field.get_db_prep_save(getattr(row, field.attname), connection)
    return value if value is None or isinstance(value, int) else str(value)


def _postgresql(connection: BaseDatabaseWrapper, table: str, fields: Sequence[_Field]) -> str:
    quote = connection.ops.quote_name
    cells = ", ".join(
        f"(r.value->>{place})::{field.rel_db_type(connection)} AS {quote(_column(field))}"
        for place, field in enumerate(fields)
    )
    source = f"SELECT {cells} FROM json_array_elements(%s::json) AS r(value)"
    return _update_from(quote, table, fields, source)


def _sqlite(connection: BaseDatabaseWrapper, table: str, fields: Sequence[_Field]) -> str:
    quote = connection.ops.quote_name
    cells = ", ".join(
        f"json_extract(r.value, '$[{place}]') AS {quote(_column(field))}"
        for place, field in enumerate(fields)
    )
    return _update_from(quote, table, fields, f"SELECT {cells} FROM json_each(%s) AS r")


def _update_from(
    quote: Callable[[str], str], table: str, fields: Sequence[_Field], source: str
) -> str:
    key, *columns = (quote(_column(field)) for field in fields)
    assignments = ", ".join(f"{column} = new.{column}" for column in columns)
    return (
        f"UPDATE {quote(table)} SET {assignments} FROM ({source}) AS new "
        f"WHERE {quote(table)}.{key} = new.{key}"
    )


def _column(field: _Field) -> str:
    return str(field.column)


_Dialect = Callable[[BaseDatabaseWrapper, str, Sequence[_Field]], str]
_DIALECTS: Final[dict[str, _Dialect]] = {"postgresql": _postgresql, "sqlite": _sqlite}
