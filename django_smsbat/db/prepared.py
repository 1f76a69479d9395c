"""Queries that run many times a second; their SQL is compiled once for each connection.

The ORM takes longer to compile such a statement than the database takes to execute it. The ORM
still defines the query and the conversion of its values.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    _Query = models.QuerySet[Any, Any]
else:
    _Query = models.QuerySet


_QueryOrQueries = _Query | tuple[_Query, ...]
_CACHE: Final = "_smsbat_prepared"


class Prepared:
    """A `values_list` query with named text or number parameters.

    Args:
        make: returns the query for those parameters; its conditions use each of them. Or returns
            several queries of one number each, to run in one statement.
        kinds: the type of each parameter.
    """

    def __init__(
        self, make: Callable[..., _QueryOrQueries], **kinds: type[str] | type[int]
    ) -> None:
        self._make = make
        # Unique placeholder values: the real ones replace them in the statement's parameters.
        self._marks: dict[str, str | int] = {
            name: f"\x02{name}\x03" if kind is str else -(2**62) - place
            for place, (name, kind) in enumerate(kinds.items())
        }

    def __call__(self, **arguments: str | int) -> list[Sequence[Any]]:
        """Return the rows, read from the primary database, because later writes go there."""
        connection = connections[DEFAULT_DB_ALIAS]
        # Stored on the connection, so that both have the same lifetime.
        statements: dict[Prepared, _Statement] = connection.__dict__.setdefault(_CACHE, {})
        statement = statements.get(self)
        if statement is None:
            statement = statements[self] = _Statement(self._make(**self._marks), connection)
        values = {self._marks[name]: value for name, value in arguments.items()}
        return statement.rows(connection, values)


class _Statement:
    """The compiled statement and its column converters, for one connection."""

    def __init__(self, query: _QueryOrQueries, connection: BaseDatabaseWrapper) -> None:
        self._converters: Mapping[int, Any] = {}
        if isinstance(query, tuple):
            parts = [one.query.get_compiler(connection=connection).as_sql() for one in query]
            self._sql = f"SELECT {', '.join(f'({sql})' for sql, _ in parts)}"
            self._parameters = tuple(value for _, values in parts for value in values)
            return
        compiler = query.query.get_compiler(connection=connection)
        self._sql, self._parameters = compiler.as_sql()
        columns = [column[0] for column in compiler.select]
        self._converters = compiler.get_converters(columns)

    def rows(
        self, connection: BaseDatabaseWrapper, values: Mapping[Any, str | int]
    ) -> list[Sequence[Any]]:
        parameters = [values.get(one, one) for one in self._parameters]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, parameters)
            rows: list[Any] = [list(row) for row in cursor.fetchall()]
        for place, (converters, expression) in self._converters.items():
            for row in rows:
                for convert in converters:
                    row[place] = convert(row[place], expression, connection)
        return rows
