"""Record status reports: send responses, polls, callbacks and local decisions.

Each report is stored unchanged, once. The message's status is then derived from the set of all its
reports, in whatever order they arrive. Nothing else changes a status that a report has set.
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
from django_smsbat.gateway.answers import StatusReport
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
_CLAIM_FIELDS: Final = ("claim", "lease_until")


class Counted(Protocol):
    """The fields of a message that a local report needs."""

    pk: int
    attempts: int
    resent_after: int


@dataclass(frozen=True)
class Change:
    """A change of a message's status."""

    message_id: int
    old_status: str
    new_status: str


def local(message: Counted, status: Status, code: str = "", words: str = "") -> Report:
    """Create a local report about a message's current attempt."""
    return Report(
        source=Source.LOCAL,
        status=status,
        raw_status=status.value,
        payload={name: value for name, value in (("code", code), ("message", words)) if value},
        message_id=message.pk,
        # Before the first attempt, or before a retry, the report is about the coming attempt.
        attempt=max(message.attempts, message.resent_after + 1),
    )


class Polled(Protocol):
    """The fields of a message that a polled report needs."""

    @property
    def pk(self) -> int: ...
    @property
    def smsbat_id(self) -> str: ...
    @property
    def attempts(self) -> int: ...


def polled(message: Polled, account: str, answer: StatusReport) -> Report:
    """Create the report of a status request."""
    return Report(
        source=Source.POLL,
        status=answer.status,
        raw_status=answer.raw_status,
        payload=answer.payload,
        smsbat_id=message.smsbat_id,
        message_id=message.pk,
        attempt=message.attempts,
        account=account,
    )


class FirstTry(Protocol):
    """The fields of a first-attempt message that replace reading its row."""

    pk: int
    content: Content


@dataclass(frozen=True)
class Fresh:
    """Messages of a worker's claim that were never sent before.

    Their rows need not be read: while the claim is valid, they have no reports. Messages with a
    secret text are not among them.
    """

    claim: uuid.UUID
    messages: Sequence[FirstTry]

    def lock(self, keys: Collection[int]) -> dict[int, Row] | None:
        """Lock and return the rows; None if the worker no longer owns all of them."""
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
    """Store reports and update the status of their messages.

    The number of statements does not depend on the number of reports. Callbacks arrive one by one,
    identify their message only by SMSBAT's id, and take three statements each. A report with an
    unknown id is stored without a message, and matched when the id becomes known.

    Args:
        fresh: the messages, if all reports are about a worker's first attempt.

    Returns:
        The status changes. A signal announces them after the commit.

    Raises:
        ValueError: if a report has neither our key nor SMSBAT's id.
        LimitReached: if too many callbacks named unknown messages within the hour; nothing is
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
    """Record reports with our key: send responses, polls and local decisions."""
    answered = {r.name: r for r in reports if r.source == Source.SUBMIT and r.smsbat_id}
    keys = {report.message_id for report in reports if report.message_id is not None}
    rows = (fresh.lock(keys) if fresh else None) or lock(keys)
    events = event_store.known_events(rows, answered)
    event_store.store([event_store.new(report, rows, now) for report in reports], events, now)
    return follow(rows, events, now)


def _record_named(reports: Sequence[Report], now: datetime) -> list[Change]:
    """Record reports with only SMSBAT's id: callbacks."""
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
    """Lock the messages with these keys until the transaction ends; return their rows."""
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
    """Derive each message's row from all its reports, write it and announce changes.

    Args:
        stored: the rows as stored, if they differ from `rows`. A rebuild passes them; it requests
            no e-mails.
    """
    _empty_redacted_payloads(rows)
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


def _empty_redacted_payloads(rows: Mapping[int, Row]) -> None:
    """Empty the report payloads of redacted messages: those with a code, and purged ones."""
    if redacted := [key for key, row in rows.items() if row.is_redacted]:
        empty_payloads(redacted)


def _write(moved: Sequence[tuple[int, tuple[Any, ...], tuple[Any, ...]]]) -> None:
    """Write only the columns that changed.

    A message that is no longer queued or being sent loses its claim and lease.
    """
    for is_released in (True, False):
        chosen = [one for one in moved if (one[2][0] not in _UNSENT) is is_released]
        if not chosen:
            continue
        keys, before, after = zip(*chosen, strict=True)
        columns = zip(
            DERIVED_FIELDS, zip(*before, strict=True), zip(*after, strict=True), strict=True
        )
        changed = [(name, new) for name, old, new in columns if new != old]
        names = [name for name, _ in changed] + [*(_CLAIM_FIELDS if is_released else ())]
        released = [(None,) * len(keys)] * (len(_CLAIM_FIELDS) if is_released else 0)
        rows = list(zip(keys, *(new for _, new in changed), *released, strict=True))
        update_rows(Message, names, rows)


def _announce(changes: Sequence[Change]) -> None:
    """Send the signal; load the messages only if there are receivers."""
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
