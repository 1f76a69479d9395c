"""Orphans: reports of unknown messages. Match them later, or delete them after a week.

Otherwise, anyone with the webhook secret could fill the table with reports.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef

from django_smsbat.gateway import phones
from django_smsbat.models import StatusEvent
from django_smsbat.models.status_event import (
    give_waiting,
    remove_orphans,
    remove_these_orphans,
)
from django_smsbat.services.tracking import events, recorder

KEPT: Final = timedelta(days=7)  # the answer with the id usually arrives within seconds
_CHUNK: Final = 1_000


def match(now: datetime, limit: int = _CHUNK) -> int:
    """Attach orphans to messages with ids that have become known since.

    A callback and the answer to the request may be stored at the same time without seeing each
    other. This matches such pairs later. Returns the number of matched messages.
    """
    with transaction.atomic():
        known = StatusEvent.objects.filter(
            message__isnull=False, account=OuterRef("account"), smsbat_id=OuterRef("smsbat_id")
        )
        waiting = StatusEvent.objects.orphans().filter(Exists(known)).exclude(smsbat_id="")
        names = set(waiting.order_by("id").values_list("account", "smsbat_id")[:limit])
        owners = events.message_ids_for(names)
        if not owners:
            return 0
        rows = recorder.lock(key for key, _attempt in owners.values())
        give_waiting(owners)
        recorder.follow(rows, events.known_events(rows, {}), now)
    return len(rows)


def forget_phone(phone: str) -> None:
    """Delete the orphans that quote a phone: they have no message to be erased with.

    Args:
        phone: in E.164.
    """
    waiting = StatusEvent.objects.orphans().order_by().values_list("pk", "payload")
    quoting = [key for key, payload in waiting.iterator() if _quotes(payload, phone)]
    for place in range(0, len(quoting), _CHUNK):
        remove_these_orphans(quoting[place : place + _CHUNK])


def _quotes(value: Any, phone: str) -> bool:
    if isinstance(value, dict):
        return any(_quotes(part, phone) for item in value.items() for part in item)
    if isinstance(value, list):
        return any(_quotes(part, phone) for part in value)
    return phones.holds(str(value), phone)


def forget_old(now: datetime) -> int:
    """Delete orphans older than a week; return how many."""
    removed = 0
    while count := remove_orphans(now - KEPT, _CHUNK):
        removed += count
    return removed
