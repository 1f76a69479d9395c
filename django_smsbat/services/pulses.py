"""Signs of life, left by what should happen again and again; read by `health`."""

import threading
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from django_smsbat.models import Pulse, PulseName

_EVERY: Final = timedelta(seconds=30)  # between two that are written down

_beats: dict[str, datetime] = {}
_lock = threading.Lock()


def forget() -> None:
    """What this process wrote down belongs to another database: for tests."""
    with _lock:
        _beats.clear()


def beat(name: PulseName, now: datetime) -> None:
    """Leave a sign of life; written down once in half a minute by each process."""
    with _lock:
        last = _beats.get(name)
        if last is not None and timedelta() <= now - last < _EVERY:
            return
        _beats[name] = now
    Pulse.objects.update_or_create(name=name, defaults={"at": now})


def beat_after_commit(name: PulseName, now: datetime) -> None:
    """Leave a sign of life of what is being stored; where that fails, what is stored stands.

    A `partial` in place of the lambda would fail once more: Django logs its name, and it has none.
    """
    transaction.on_commit(lambda: beat(name, now), robust=True)
