"""Heartbeats: when each periodic activity last ran. `health` reads them."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from django_smsbat.models import Heartbeat, HeartbeatName
from django_smsbat.services.process_state import ProcessState

_EVERY: Final = timedelta(seconds=30)  # between two writes by one process


@dataclass
class _Written:
    """When this process last wrote each heartbeat."""

    at: dict[str, datetime] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


_written: Final = ProcessState(_Written)


def forget() -> None:
    """Forget the last writes of this process, for tests that change the database."""
    _written.recreate()


def beat(name: HeartbeatName, now: datetime) -> None:
    """Record a heartbeat. Each process writes it at most once in 30 seconds."""
    written = _written.current
    with written.lock:
        last = written.at.get(name)
        if last is not None and timedelta() <= now - last < _EVERY:
            return
        written.at[name] = now
    Heartbeat.objects.update_or_create(name=name, defaults={"at": now})


def beat_after_commit(name: HeartbeatName, now: datetime) -> None:
    """Record a heartbeat after the commit. If that fails, the committed data is not affected.

    A `partial` instead of the lambda would fail in Django's logging, which needs a function name.
    """
    transaction.on_commit(lambda: beat(name, now), robust=True)
