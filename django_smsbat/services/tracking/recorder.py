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
from django.db.models import Q

from django_smsbat import signals
from django_smsbat.db.set_based import update_rows
from django_smsbat.gateway.messages import Content
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.gateway.statuses import UNDELIVERED, UNSENT, Status
from django_smsbat.models import HeartbeatName, Message, Source
from django_smsbat.models.status_event import empty_payloads
from django_smsbat.services import callback_limits, heartbeats, signal_dispatch
from django_smsbat.services.callback_limits import Effect, LimitReached
from django_smsbat.services.tracking import email_requests
from django_smsbat.services.tracking import events as event_store
from django_smsbat.services.tracking.derive import (
    DERIVED_FIELDS,
    ROW_FIELDS,
    Event,
    Row,
    derive,
    derived,
)
from django_smsbat.services.tracking.events import Report

_FAILED: Final = frozenset(status.value for status in UNDELIVERED)
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


class FirstTry(Protocol):
    """A message that a worker sends for the first time, as far as its row has to be known."""

    pk: int
    content: Content


@dataclass(frozen=True)
class Fresh:
    """Messages that a worker holds by this claim, and that were never sent before.

    Their rows need no reading: where the worker still holds them, nothing was said of them yet.
    They are none whose words are not kept.
    """

    claim: uuid.UUID
    messages: Sequence[FirstTry]

    def lock(self, keys: Collection[int]) -> dict[int, Row] | None:
        """The rows, locked; None where the worker has lost any of them."""
        found = set(
            Message.objects.claimed_by(self.claim).among(keys).locked().values_list("pk", flat=True)
        )
        if len(found) != len(keys):
            return None
        sending = Status.SENDING.value
        return {
            one.pk: Row(
                one.pk, 1, 0, one.content.type, bool(one.content.fallback_text), False, sending
            )
            for one in self.messages
            if one.pk in found
        }


@private_frames
def record(reports: Sequence[Report], now: datetime, fresh: Fresh | None = None) -> list[Change]:
    """Store reports and move the messages that they speak of.

    A fixed number of statements, however many reports; callbacks, which come one by one and name
    their message by SMSBAT's id alone, take three each. A report that names an unknown id is kept
    without a message, and matched as soon as that id is known.

    Args:
        fresh: where all of them are answers to a worker's first attempt.

    Returns:
        What changed; it is announced by signal after the commit.

    Raises:
        ValueError: for a report that names no message, neither by our key nor by SMSBAT's id.
        LimitReached: if too many callbacks named unknown messages within the hour; nothing was
            stored.
    """
    if not reports:
        return []
    ours = [report for report in reports if report.message_id is not None]
    called_back = [report for report in reports if report.message_id is None]
    if not all(report.smsbat_id for report in called_back):
        raise ValueError("a report must name its message")
    changes: list[Change] = []
    try:
        with transaction.atomic():
            if ours:
                changes += _record_ours(ours, now, fresh)
            if called_back:
                changes += _record_named(called_back, now)
    except LimitReached as reached:  # counted here, as the transaction was rolled back
        callback_limits.count_refusal(reached, now)
        raise
    return changes


def _record_ours(reports: Sequence[Report], now: datetime, fresh: Fresh | None) -> list[Change]:
    """Reports of messages that we know: answers to our requests, and our own word."""
    answered = {r.name: r for r in reports if r.source == Source.SUBMIT and r.smsbat_id}
    keys = {report.message_id for report in reports if report.message_id is not None}
    rows = (fresh.lock(keys) if fresh else None) or lock(keys)
    events = event_store.known_events(rows, answered)
    event_store.store([event_store.new(report, rows, now) for report in reports], events, now)
    return follow(rows, events, now)


def _record_named(reports: Sequence[Report], now: datetime) -> list[Change]:
    """Reports that name their message by SMSBAT's id alone: callbacks."""
    heartbeats.beat_after_commit(HeartbeatName.STATUS_CALLBACK, now)
    changes: list[Change] = []
    named = event_store.store_named(reports, now)
    if None in named:  # callbacks come one by one, so it counts once
        callback_limits.consume(Effect.UNKNOWN_REPORTS, reports[0].account, now)
    for message_id in sorted({key for key in named if key is not None}):
        rows, events = event_store.row_and_events(message_id)
        changes += follow(rows, events, now, is_called_back=True)
    return changes


def lock(keys: Iterable[int]) -> dict[int, Row]:
    """The messages with these keys, theirs until the transaction ends."""
    wanted = set(keys)
    if not wanted:
        return {}
    found = Message.objects.among(wanted).annotate(
        has_fallback=~Q(fallback_text=""), is_redacted=Q(purged_at__isnull=False)
    )
    return {values[0]: Row(*values) for values in found.locked().values_list(*ROW_FIELDS)}


def follow(
    rows: Mapping[int, Row],
    events: Mapping[int, Sequence[Event]],
    now: datetime,
    *,
    is_called_back: bool = False,
    stored: Mapping[int, Row] | None = None,
) -> list[Change]:
    """Let each message say what follows from all its reports; announce what changed.

    Args:
        stored: what the database says of them, where that is not `rows`: when all is derived again,
            for which nobody gets an e-mail.
    """
    _keep_no_words(rows)
    changes: list[Change] = []
    moved: list[tuple[int, tuple[Any, ...], tuple[Any, ...]]] = []
    for key, row in rows.items():
        before = derived(stored[key] if stored else row)
        derive(row, events.get(key, ()), now, is_called_back=is_called_back)
        if (after := derived(row)) != before:
            moved.append((key, before, after))
        if after[0] != before[0]:
            changes.append(Change(key, before[0], after[0]))
    _write(moved)
    failed = [change.message_id for change in changes if change.new_status in _FAILED]
    if failed and stored is None:
        email_requests.ask_for(failed, now)
    _announce(changes)
    return changes


def _keep_no_words(rows: Mapping[int, Row]) -> None:
    """Of what carried a code, or was purged, reports are kept without their words, too."""
    if wordless := [key for key, row in rows.items() if row.is_redacted]:
        empty_payloads(wordless)


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
    signal_dispatch.after_commit(
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
