"""PostgreSQL that empties tables between tests with ``DELETE``.

Django uses ``TRUNCATE``, which writes new files for each table and index. That takes most of a
second each time, although the tables have few rows.
"""

from typing import Any

from django.core.management.color import Style
from django.db.backends.postgresql import base, operations


class DatabaseOperations(operations.DatabaseOperations):
    def sql_flush(self, style: Style, tables: list[str], **options: Any) -> list[str]:
        if any(options.values()):  # sequences restart, or other tables are emptied too
            return super().sql_flush(style, tables, **options)
        return [f"DELETE FROM {self.quote_name(table)};" for table in tables]


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
