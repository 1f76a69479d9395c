"""Expressions that the ORM lacks, for what is computed for every row of a launch."""

from typing import Any, Final

from django.db.models import BooleanField, Func, IntegerField
from django.db.models.sql.compiler import SQLCompiler

PHONE: Final = r"^\+[0-9]{7,15}$"  # E.164, as `PhoneField` keeps it
NUMBER_MAX: Final = 2**31 - 1

_Sql = Any  # what `as_sql` returns: the statement and its parameters


class RandomNumber(Func):
    """A whole number from 0 to `NUMBER_MAX`, another in each row; by the database's own means."""

    arity = 0
    output_field = IntegerField()

    def as_sql(self, compiler: SQLCompiler, connection: Any, **kwargs: Any) -> _Sql:
        return super().as_sql(
            compiler, connection, template=f"FLOOR(RAND() * {NUMBER_MAX + 1})", **kwargs
        )

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **kwargs: Any) -> _Sql:
        template = f"FLOOR(RANDOM() * {NUMBER_MAX + 1})::integer"
        return super().as_sql(compiler, connection, template=template, **kwargs)

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **kwargs: Any) -> _Sql:
        # Django's own Random() is a Python function there, called for each row.
        return super().as_sql(compiler, connection, template=f"(RANDOM() & {NUMBER_MAX})", **kwargs)


class IsPhone(Func):
    """Whether a text is a number in E.164. A regular expression would be Python's on SQLite."""

    arity = 1
    output_field = BooleanField()
    conditional = True

    def as_sql(self, compiler: SQLCompiler, connection: Any, **kwargs: Any) -> _Sql:
        template = (
            "(RTRIM(%(expressions)s, '0123456789') = '+'"
            " AND LENGTH(%(expressions)s) BETWEEN 8 AND 16)"
        )
        return super().as_sql(compiler, connection, template=template, **kwargs)

    def as_mysql(self, compiler: SQLCompiler, connection: Any, **kwargs: Any) -> _Sql:
        template = f"(%(expressions)s REGEXP '{PHONE}')".replace("\\", "\\\\")
        return super().as_sql(compiler, connection, template=template, **kwargs)
