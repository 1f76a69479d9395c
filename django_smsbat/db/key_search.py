"""Where in a table a moment lies: found by its keys, which grow as time does, without an index."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet, Subquery

_PROBES: Final = 200  # rows looked at in one statement, for each moment
_NEAR: Final = 100  # keys; so near is near enough
# Rows that are written together are stamped before or after their keys are given.
SLACK: Final = timedelta(minutes=15)


def keys_around(
    rows: QuerySet[Any], field: str, moments: Sequence[datetime]
) -> list[tuple[int, int]]:
    """For each moment two keys: all rows below the first are older, all above the second are not.

    Older or younger by `SLACK`, that is: look at the rows themselves too. It takes one statement
    for the ends of the table and one or two for all moments together. Keys may have gaps.

    Args:
        rows: a whole table, in any order.
        field: when its rows were written.
    """
    # Not MIN and MAX, for which SQLite reads the whole table when it is asked for both.
    last = Subquery(rows.order_by("-pk").values("pk")[:1])
    ends = rows.order_by("pk").annotate(last_key=last).values_list("pk", "last_key").first()
    if ends is None:
        return [(0, 0) for _ in moments]
    bounds = [ends for _ in moments]
    while probes := {key for low, high in bounds for key in _between(low, high)}:
        known = rows.order_by().filter(pk__in=probes).values_list("pk", field)
        found = sorted(known)
        narrowed = [_narrow(bound, found, at) for bound, at in zip(bounds, moments, strict=True)]
        if narrowed == bounds:
            break
        bounds = narrowed
    return bounds


def _between(low: int, high: int) -> range:
    return range(low, high, (high - low) // _PROBES + 1) if high - low > _NEAR else range(0)


def _narrow(
    bound: tuple[int, int], found: Sequence[tuple[int, datetime]], moment: datetime
) -> tuple[int, int]:
    low, high = bound
    for key, at in found:
        if low < key < high and at < moment - SLACK:
            low = key
    for key, at in reversed(found):
        if low < key < high and at >= moment:
            high = key
    return low, high
