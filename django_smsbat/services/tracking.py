"""The one door for everything that is reported of a message, whoever says it.

A report is stored as it came, once; the message's status then follows from the set of all its
reports, whatever the order in which they arrived. Nothing else changes a status that a report gave.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from django.db import transaction

from django_smsbat import signals
from django_smsbat.gateway.statuses import UNSENT, Status
from django_smsbat.models import Message, Source, StatusEvent
from django_smsbat.models.set_based import update_rows
from django_smsbat.models.status_event import give_waiting
from django_smsbat.services import announcing, event_store
from django_smsbat.services.derivation import (
    DERIVED_FIELDS,
    ROW_FIELDS,
    Event,
    Row,
    derive,
    derived,
)
from django_smsbat.services.event_store import Report

_UNSENT: Final = frozenset(status.value for status in UNSENT)
_HELD: Final = ("claim", "lease_until")


class Counted(Protocol):
    """A message as far as our own word on it needs to know it."""

    pk: int
    attempts: int
    resent_after: int


@dataclass(frozen=True)
class Change:
    """A message whose status is another now."""

    message_id: int
    old_status: str
    new_status: str


def local(message: Counted, status: Status, code: str = "", words: str = "") -> Report:
    """Our own word on a message's present attempt."""
    return Report(
        source=Source.LOCAL,
        status=status,
        raw_status=status.value,
        payload={name: value for name, value in (("code", code), ("message", words)) if value},
        message_id=message.pk,
        # Before the first attempt, or the next one, our word is about what is to come.
        attempt=max(message.attempts, message.resent_after + 1),
    )


@dataclass(frozen=True)
class Fresh:
    """Messages that a worker holds by this claim, and that were never sent before.

    Their rows need no reading: where the worker still holds them, nothing was said of them yet.
    """

    claim: uuid.UUID

    def lock(self, keys: Collection[int]) -> dict[int, Row] | None:
        """The rows, locked; None where the worker has lost any of them."""
        found = (
            Message.objects.held_by(self.claim).among(keys).locked().values_list("pk", flat=True)
        )
        rows = {key: Row(key, 1, 0, Status.SENDING.value) for key in found}
        return rows if len(rows) == len(keys) else None


def record(reports: Sequence[Report], now: datetime, fresh: Fresh | None = None) -> list[Change]:
    """Store reports and move the messages that they speak of.

    A fixed number of statements, however many reports. One that names an unknown id is kept without
    a message, and matched as soon as that id is known.

    Args:
        fresh: where all of them are answers to a worker's first attempt.

    Returns:
        What changed; it is announced by signal after the commit.
    """
    if not reports:
        return []
    with transaction.atomic():
        answered = {r.smsbat_id: r for r in reports if r.source == Source.SUBMIT and r.smsbat_id}
        owners = _owners(reports) | _named_by(answered)
        keys = {key for key, _attempt in owners.values()}
        keys.update(report.message_id for report in reports if report.message_id)
        rows = (fresh.lock(keys) if fresh and keys else None) or _lock(keys)
        events = event_store.known_events(rows, answered)
        event_store.store([event_store.new(r, owners, rows, now) for r in reports], events, now)
        return _follow(rows, events, now)


def match_waiting(now: datetime, limit: int = 1_000) -> int:
    """Give reports that still wait to the messages whose id has become known since.

    A callback and the answer to the request may be stored at the very same moment, neither
    seeing the other: this finds such pairs later. Returns how many messages were found.
    """
    with transaction.atomic():
        known = StatusEvent.objects.filter(message__isnull=False).values("smsbat_id")
        waiting = StatusEvent.objects.orphans().filter(smsbat_id__in=known).exclude(smsbat_id="")
        ids = list(waiting.order_by("id").values_list("smsbat_id", flat=True)[:limit])
        owners = _owners_of(ids)
        rows = _lock(key for key, _attempt in owners.values())
        give_waiting(owners)
        _follow(rows, event_store.known_events(rows, {}), now)
    return len(rows)


def _owners(reports: Iterable[Report]) -> dict[str, tuple[int, int]]:
    """Message and attempt by SMSBAT's id, for reports that do not say them themselves."""
    return _owners_of({r.smsbat_id for r in reports if r.smsbat_id and r.attempt is None})


def _named_by(answers: Mapping[str, Report]) -> dict[str, tuple[int, int]]:
    """The same, by answers that name their message's id in this very moment."""
    return {
        smsbat_id: (answer.message_id, answer.attempt or 0)
        for smsbat_id, answer in answers.items()
        if answer.message_id is not None
    }


def _owners_of(smsbat_ids: Iterable[str]) -> dict[str, tuple[int, int]]:
    ids = set(smsbat_ids)
    if not ids:
        return {}
    named = StatusEvent.objects.filter(smsbat_id__in=ids, message__isnull=False)
    known = named.order_by("attempt", "id")
    rows = known.values_list("smsbat_id", "message_id", "attempt")
    return {smsbat_id: (key, attempt) for smsbat_id, key, attempt in rows if key is not None}


def _lock(keys: Iterable[int]) -> dict[int, Row]:
    wanted = set(keys)
    if not wanted:
        return {}
    found = Message.objects.among(wanted)
    return {values[0]: Row(*values) for values in found.locked().values_list(*ROW_FIELDS)}


def _follow(
    rows: Mapping[int, Row], events: Mapping[int, Sequence[Event]], now: datetime
) -> list[Change]:
    """Let each message say what follows from all its reports; announce what changed."""
    changes: list[Change] = []
    moved: list[tuple[int, tuple[Any, ...], tuple[Any, ...]]] = []
    for key, row in rows.items():
        before = derived(row)
        derive(row, events.get(key, ()), now)
        if (after := derived(row)) != before:
            moved.append((key, before, after))
        if after[0] != before[0]:
            changes.append(Change(key, before[0], after[0]))
    _write(moved)
    _announce(changes)
    return changes


def _write(moved: Sequence[tuple[int, tuple[Any, ...], tuple[Any, ...]]]) -> None:
    """Only the columns in which something moved travel to the database.

    Whoever held a message that has left the worker's hands holds it no longer.
    """
    for let_go in (True, False):
        chosen = [one for one in moved if (one[2][0] not in _UNSENT) is let_go]
        if not chosen:
            continue
        keys, before, after = zip(*chosen, strict=True)
        columns = zip(
            DERIVED_FIELDS, zip(*before, strict=True), zip(*after, strict=True), strict=True
        )
        changed = [(name, new) for name, old, new in columns if new != old]
        names = [name for name, _ in changed] + [*(_HELD if let_go else ())]
        released = [(None,) * len(keys)] * (len(_HELD) if let_go else 0)
        rows = list(zip(keys, *(new for _, new in changed), *released, strict=True))
        update_rows(Message, names, rows)


def _announce(changes: Sequence[Change]) -> None:
    """Rows are made into messages for receivers only, and only where there are any."""
    if not changes or not signals.message_status_changed.has_listeners(Message):
        return
    messages = Message.objects.in_bulk([change.message_id for change in changes])
    announcing.after_commit(
        signals.message_status_changed,
        [
            {
                "message": messages[change.message_id],
                "old_status": change.old_status,
                "new_status": change.new_status,
            }
            for change in changes
        ],
        sender=Message,
    )
