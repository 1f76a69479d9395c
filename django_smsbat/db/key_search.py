"""Find the keys around a point in time without an index: keys grow with time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet, Subquery

_PROBES: Final = 200  # rows read in one statement, for each point in time
_NEAR: Final = 100  # keys; the search stops at this distance
# Rows written together get their timestamps before or after their keys.
SLACK: Final = timedelta(minutes=15)


def keys_around(
    rows: QuerySet[Any], field: str, moments: Sequence[datetime]
) -> list[tuple[int, int]]:
    """Return two keys for each time: rows below the first are older, rows above the second are not.

    This is accurate to `SLACK`: check the timestamps of the rows too. It takes one statement for
    the ends of the table and one or two for all times together. Keys may have gaps.

    Args:
        rows: a whole table, in any order.
        field: the field with the creation time of its rows.
    """
    # Not MIN and MAX: SQLite reads the whole table if one query has both.
    last = Subquery(rows.order_by("-pk").values("pk")[:1])
    ends = rows.order_by("pk").annotate(last_key=last).values_list("pk", "last_key").first()
    if ends is None:
        return [(0, 0) for _ in moments]
    bounds = [ends for _ in moments]
    while probes := {key for low, high in bounds for key in _between(low, high)}:
        probed = rows.order_by().filter(pk__in=probes).values_list("pk", field)
        keys = sorted(probed)
        narrowed = [_narrow(bound, keys, at) for bound, at in zip(bounds, moments, strict=True)]
        if narrowed == bounds:
            break
        bounds = narrowed
    return bounds


def _between(low: int, high: int) -> range:
    return range(low, high, (high - low) // _PROBES + 1) if high - low > _NEAR else range(0)


def _narrow(
    bound: tuple[int, int], keys: Sequence[tuple[int, datetime]], moment: datetime
) -> tuple[int, int]:
    low, high = bound
    for key, at in keys:
        if low < key < high and at < moment - SLACK:
            low = key
    for key, at in reversed(keys):
        if low < key < high and at >= moment:
            high = key
    return low, high
