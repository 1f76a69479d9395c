"""Expressions that the ORM lacks, for what is computed for every row of a launch."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Func, IntegerField
from django.db.models.sql.compiler import SQLCompiler

PHONE: Final = r"^\+[0-9]{7,15}$"  # E.164, as `PhoneField` keeps it
NUMBER_MAX: Final = 2**31 - 1

_Sql = tuple[str, tuple[str | int, ...]]


class _Words(Func):
    """A function that each database writes in its own words, by vendor; "" for all others."""

    words: ClassVar[Mapping[str, str]]

    def as_sql(
        self,
        compiler: SQLCompiler,
        connection: BaseDatabaseWrapper,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra_context: Any,
    ) -> _Sql:
        own = self.words.get(connection.vendor, self.words[""])
        return super().as_sql(
            compiler, connection, function, template or own, arg_joiner, **extra_context
        )


class RandomNumber(_Words):
    """A whole number from 0 to `NUMBER_MAX`, another in each row."""

    arity = 0
    output_field = IntegerField()
    words = {
        "": f"FLOOR(RAND() * {NUMBER_MAX + 1})",
        "postgresql": f"FLOOR(RANDOM() * {NUMBER_MAX + 1})::integer",
        # Django's own Random() is a Python function there, called for each row.
        "sqlite": f"(RANDOM() & {NUMBER_MAX})",
    }


class IsPhone(_Words):
    """Whether a text is a number in E.164. A regular expression would be Python's on SQLite."""

    arity = 1
    output_field = BooleanField()
    conditional = True
    words = {
        "": "(RTRIM(%(expressions)s, '0123456789') = '+'"
        " AND LENGTH(%(expressions)s) BETWEEN 8 AND 16)",
        "mysql": "(%(expressions)s REGEXP '{}')".format(PHONE.replace("\\", "\\\\")),
    }
