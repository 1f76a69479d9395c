"""Queries that are asked many times a second, whose SQL is worked out once for each connection.

The ORM takes longer to write such a statement than the database takes to answer it. What is asked,
and how the values are read, is the ORM's all the same.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    _Query = models.QuerySet[Any, Any]
else:
    _Query = models.QuerySet


_Asked = _Query | tuple[_Query, ...]
_KEPT: Final = "_smsbat_prepared"


class Prepared:
    """A query over values, by named texts or numbers.

    Args:
        make: the query as `values_list`, by those values; its conditions name each of them. Or
            several queries of one number each, which are asked in one statement.
        kinds: of what type each is.
    """

    def __init__(self, make: Callable[..., _Asked], **kinds: type[str] | type[int]) -> None:
        self._make = make
        # Values that stand nowhere else: where the statement takes them, the real ones go.
        self._marks: dict[str, str | int] = {
            name: f"\x02{name}\x03" if kind is str else -(2**62) - place
            for place, (name, kind) in enumerate(kinds.items())
        }

    def __call__(self, **given: str | int) -> list[Sequence[Any]]:
        """The rows; read from the database that is written to, as what follows is written there."""
        connection = connections[DEFAULT_DB_ALIAS]
        # Kept on the connection, so that both go together.
        kept: dict[Prepared, _Written] = connection.__dict__.setdefault(_KEPT, {})
        written = kept.get(self)
        if written is None:
            written = kept[self] = _Written(self._make(**self._marks), connection)
        values = {self._marks[name]: value for name, value in given.items()}
        return written.rows(connection, values)


class _Written:
    """The statement, and how its columns are read, for one connection."""

    def __init__(self, query: _Asked, connection: BaseDatabaseWrapper) -> None:
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
            found: list[Any] = [list(row) for row in cursor.fetchall()]
        for place, (converters, expression) in self._converters.items():
            for row in found:
                for convert in converters:
                    row[place] = convert(row[place], expression, connection)
        return found
