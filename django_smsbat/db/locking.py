"""Locks on rows for workers that share a queue: none waits for what another has in hand."""

from typing import Any, TypeVar

from django.db import connections, models

_Rows = TypeVar("_Rows", bound=models.QuerySet[Any, Any])


def lock_unlocked_rows(rows: _Rows) -> _Rows:
    """Leaves out what another worker has locked, where the database can; it waits where not."""
    can_skip = connections[rows.db].features.has_select_for_update_skip_locked
    return rows.select_for_update(skip_locked=can_skip)
