"""Signs of life, left by what should happen again and again; read by `health`."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from django_smsbat.models import Heartbeat, HeartbeatName
from django_smsbat.services.process_state import ProcessState

_EVERY: Final = timedelta(seconds=30)  # between two that are written down


@dataclass
class _Written:
    """When this process last wrote each sign of life down."""

    at: dict[str, datetime] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


_written: Final = ProcessState(_Written)


def forget() -> None:
    """What this process wrote down belongs to another database: for tests."""
    _written.recreate()


def beat(name: HeartbeatName, now: datetime) -> None:
    """Leave a sign of life; written down once in half a minute by each process."""
    written = _written.current
    with written.lock:
        last = written.at.get(name)
        if last is not None and timedelta() <= now - last < _EVERY:
            return
        written.at[name] = now
    Heartbeat.objects.update_or_create(name=name, defaults={"at": now})


def beat_after_commit(name: HeartbeatName, now: datetime) -> None:
    """Leave a sign of life of what is being stored; where that fails, what is stored stands.

    A `partial` in place of the lambda would fail once more: Django logs its name, and it has none.
    """
    transaction.on_commit(lambda: beat(name, now), robust=True)
