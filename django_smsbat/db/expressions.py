"""Expressions that the ORM lacks, for values computed for every row of a launch."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Func, IntegerField
from django.db.models.sql.compiler import SQLCompiler

PHONE: Final = r"^\+[0-9]{7,15}$"  # E.164, as stored by `PhoneField`
NUMBER_MAX: Final = 2**31 - 1

_Sql = tuple[str, tuple[str | int, ...]]


class _VendorFunc(Func):
    """A function with a template for each database vendor; "" is for all others."""

    templates: ClassVar[Mapping[str, str]]

    def as_sql(
        self,
        compiler: SQLCompiler,
        connection: BaseDatabaseWrapper,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra_context: Any,
    ) -> _Sql:
        own = self.templates.get(connection.vendor, self.templates[""])
        return super().as_sql(
            compiler, connection, function, template or own, arg_joiner, **extra_context
        )


class RandomNumber(_VendorFunc):
    """A random whole number from 0 to `NUMBER_MAX`, a new one in each row."""

    arity = 0
    output_field = IntegerField()
    templates = {
        "": f"FLOOR(RAND() * {NUMBER_MAX + 1})",
        "postgresql": f"FLOOR(RANDOM() * {NUMBER_MAX + 1})::integer",
        # Django's Random() is a Python function on SQLite, called for each row.
        "sqlite": f"(RANDOM() & {NUMBER_MAX})",
    }


class IsPhone(_VendorFunc):
    """Whether a text is in E.164. On SQLite, a regular expression would run in Python."""

    arity = 1
    output_field = BooleanField()
    conditional = True
    templates = {
        "": "(RTRIM(%(expressions)s, '0123456789') = '+'"
        " AND LENGTH(%(expressions)s) BETWEEN 8 AND 16)",
        "mysql": "(%(expressions)s REGEXP '{}')".format(PHONE.replace("\\", "\\\\")),
    }
