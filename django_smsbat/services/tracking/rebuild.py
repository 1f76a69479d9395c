"""Derive all statuses again from the stored reports.

Use it after a change of the rules, or if a status is in doubt. Correct rows are not written.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.db import transaction

from django_smsbat.gateway.statuses import UNSENT
from django_smsbat.models import Message
from django_smsbat.services.clock import Clock, until_stopped
from django_smsbat.services.tracking import events as event_store
from django_smsbat.services.tracking import recorder
from django_smsbat.services.tracking.derive import Row, blank

_CHUNK: Final = 1_000
_UNSENT: Final = frozenset(status.value for status in UNSENT)


def rebuild(
    clock: Clock,
    campaign_id: int | None = None,
    on_progress: Callable[[int], object] = lambda messages: None,
) -> int:
    """Derive the row of each message again; return how many statuses changed.

    Args:
        campaign_id: process only this campaign's messages.
        on_progress: called after each chunk with its number of messages.
    """
    changed = 0
    messages = Message.objects.all()
    if campaign_id is not None:
        messages = messages.filter(campaign=campaign_id)
    for keys in until_stopped(messages.batches_of_keys(_CHUNK), clock):
        changed += _rebuild(keys, clock.now())
        on_progress(len(keys))
    return changed


@transaction.atomic
def _rebuild(keys: list[int], now: datetime) -> int:
    rows = recorder.lock(keys)
    initial = {key: _initial_row(row) for key, row in rows.items()}
    events = event_store.known_events(rows, {})
    return len(recorder.follow(initial, events, now, stored=rows))


def _initial_row(row: Row) -> Row:
    """Return the row to derive from; an unsent row keeps its columns, such as earlier costs."""
    return row if row.status in _UNSENT else blank(row)
