"""Row locks for workers that share a queue: no worker waits for rows that another one locked."""

from typing import Any, TypeVar

from django.db import connections, models

_Rows = TypeVar("_Rows", bound=models.QuerySet[Any, Any])


def lock_unlocked_rows(rows: _Rows) -> _Rows:
    """Skip rows that another worker has locked if the database supports it; otherwise wait."""
    can_skip = connections[rows.db].features.has_select_for_update_skip_locked
    return rows.select_for_update(skip_locked=can_skip)
