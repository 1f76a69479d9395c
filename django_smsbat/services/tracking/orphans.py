"""Reports of messages that nobody knows: matched when their message is known, forgotten in time.

Who holds the secret could else fill the table with reports of nothing.
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

KEPT: Final = timedelta(days=7)  # the answer that names the id comes within seconds, as a rule
_CHUNK: Final = 1_000


def match(now: datetime, limit: int = _CHUNK) -> int:
    """Give reports that still wait to the messages whose id has become known since.

    A callback and the answer to the request may be stored at the very same moment, neither
    seeing the other: this finds such pairs later. Returns how many messages were found.
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
    """Remove the reports that quote a phone: no message is known whose erasure would remove them.

    Args:
        phone: in E.164.
    """
    waiting = StatusEvent.objects.orphans().order_by().values_list("pk", "payload")
    quoting = [key for key, payload in waiting.iterator() if _quotes(payload, phone)]
    for place in range(0, len(quoting), _CHUNK):
        remove_these_orphans(quoting[place : place + _CHUNK])


def _quotes(value: Any, phone: str) -> bool:
    if isinstance(value, dict):
        return any(_quotes(one, phone) for item in value.items() for one in item)
    if isinstance(value, list):
        return any(_quotes(one, phone) for one in value)
    return phones.holds(str(value), phone)


def forget_old(now: datetime) -> int:
    """Remove what belongs to nobody for a week; returns how many reports."""
    removed = 0
    while count := remove_orphans(now - KEPT, _CHUNK):
        removed += count
    return removed
