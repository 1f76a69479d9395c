"""The one door for everything that is reported of a message, whoever says it.

A report is stored as it came, once; the message's status then follows from the set of all its
reports, whatever the order in which they arrived. Nothing else changes a status that a report gave.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, Protocol

from django.db import transaction

from django_smsbat import signals
from django_smsbat.gateway.statuses import UNSENT, Status
from django_smsbat.models import Message, Source, StatusEvent
from django_smsbat.models.fields import WireJSONEncoder
from django_smsbat.models.set_based import insert_rows, keys_in, texts_in, update_rows
from django_smsbat.models.status_event import give_to, give_waiting
from django_smsbat.services import announcing
from django_smsbat.services.derivation import (
    DERIVED_FIELDS,
    ROW_FIELDS,
    Event,
    Row,
    derive,
    derived,
)

_SORTED_JSON: Final = WireJSONEncoder(sort_keys=True).encode
_UNSENT: Final = frozenset(status.value for status in UNSENT)
_HELD: Final = ("claim", "lease_until")
_EVENT_FIELDS: Final = (
    "message",
    "smsbat_id",
    "status",
    "raw_status",
    "source",
    "occurred_at",
    "recorded_at",
    "payload",
    "attempt",
    "fingerprint",
)
_READ_OF_EVENTS: Final = (
    "pk",
    "message_id",
    "status",
    "source",
    "occurred_at",
    "attempt",
    "smsbat_id",
    "fingerprint",
    "payload",
)


class Counted(Protocol):
    """A message as far as our own word on it needs to know it."""

    pk: int
    attempts: int
    resent_after: int


@dataclass(slots=True, kw_only=True)
class Report:
    """What somebody says of a message, which it names by our key or by SMSBAT's id.

    Attributes:
        status: None for a word that nobody has heard of.
        occurred_at: when it happened; None where the reporter does not say.
        attempt: which attempt it speaks of; None to find out.
    """

    source: Source
    status: Status | None
    raw_status: str
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)
    occurred_at: datetime | None = None
    smsbat_id: str = ""
    message_id: int | None = None
    attempt: int | None = None


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


def record(reports: Sequence[Report], now: datetime) -> list[Change]:
    """Store reports and move the messages that they speak of.

    A fixed number of statements, however many reports. One that names an unknown id is kept without
    a message, and matched as soon as that id is known.

    Returns:
        What changed; it is announced by signal after the commit.
    """
    if not reports:
        return []
    with transaction.atomic():
        answered = {r.smsbat_id: r for r in reports if r.source == Source.SUBMIT and r.smsbat_id}
        owners = _owners(reports) | _named_by(answered)
        named = [report.message_id for report in reports if report.message_id]
        rows = _lock([*(key for key, _attempt in owners.values()), *named])
        events = _known_events(rows, answered)
        new = [_new(report, owners, rows, now) for report in reports]
        _store(new, events, now)
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
        _follow(rows, _known_events(rows, {}), now)
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
    found = Message.objects.filter(
        pk__in=keys_in(Message, sorted(wanted)), pk__range=(min(wanted), max(wanted))
    )
    return {values[0]: Row(*values) for values in found.locked().values_list(*ROW_FIELDS)}


def _known_events(
    rows: Mapping[int, Row], answered: Mapping[str, Report]
) -> defaultdict[int, list[Event]]:
    """What was reported before of these messages, by message.

    Reports that came before the answer which names their id find their message here.
    """
    events: defaultdict[int, list[Event]] = defaultdict(list)
    if not rows:
        return events
    found = StatusEvent.objects.filter(
        message__in=keys_in(Message, rows), message__gte=min(rows), message__lte=max(rows)
    )
    known = found.order_by().values_list(*_READ_OF_EVENTS)
    if answered:
        waiting = StatusEvent.objects.orphans().filter(smsbat_id__in=texts_in(Message, answered))
        known = known.union(waiting.order_by().values_list(*_READ_OF_EVENTS), all=True)
    matched: dict[int, tuple[int, int]] = {}
    for key, owner, *columns in known:
        *columns, fingerprint, payload = columns
        event, message_id = Event(*columns, fingerprint.hex, payload), owner
        if message_id is None:
            # A collation that ignores case finds more than what was asked for.
            report = answered.get(event.smsbat_id)
            if report is None or report.message_id not in rows:
                continue
            message_id, event.attempt = report.message_id, report.attempt or 0
            matched[key] = (message_id, event.attempt)
        events[message_id].append(event)
    give_to(matched)
    return events


@dataclass(slots=True)
class _New:
    """A report on its way into the table."""

    event: Event
    message_id: int | None
    raw_status: str
    payload: str

    @property
    def identity(self) -> tuple[str, str]:
        return self.event.smsbat_id, self.event.fingerprint

    def columns(self, now: datetime) -> tuple[Any, ...]:
        """In the order of `_EVENT_FIELDS`."""
        event = self.event
        return (
            self.message_id,
            event.smsbat_id,
            event.status,
            self.raw_status,
            event.source,
            event.occurred_at,
            now,
            self.payload,
            event.attempt,
            event.fingerprint,
        )


def _new(
    report: Report, owners: Mapping[str, tuple[int, int]], rows: Mapping[int, Row], now: datetime
) -> _New:
    key, attempt = owners.get(report.smsbat_id, (report.message_id, report.attempt))
    row = rows.get(key) if key is not None else None
    if attempt is None and row is not None:
        attempt = row.attempts
    payload = _SORTED_JSON(report.payload)
    event = Event(
        report.status.value if report.status else "",
        str(report.source),
        report.occurred_at or now,
        attempt or 0,
        report.smsbat_id,
        _fingerprint(report, payload),
        report.payload,
    )
    return _New(event, row.pk if row else None, report.raw_status[:64], payload)


def _store(reports: Iterable[_New], events: defaultdict[int, list[Event]], now: datetime) -> None:
    """Add the reports to the table and to what is known of their messages, each once."""
    known = {(event.smsbat_id, event.fingerprint) for of in events.values() for event in of}
    fresh: dict[tuple[str, str], _New] = {}
    for new in reports:
        if new.identity not in known:
            fresh.setdefault(new.identity, new)
    columns = [new.columns(now) for new in fresh.values()]
    insert_rows(StatusEvent, _EVENT_FIELDS, columns, known_are_left=True)
    for new in fresh.values():
        if new.message_id is not None:
            events[new.message_id].append(new.event)


def _fingerprint(report: Report, payload: str) -> str:
    """Equal for identical reports. A moment of ours is no part of it: only what was said is."""
    whose = f"{report.smsbat_id or report.message_id}:{report.attempt or ''}"
    moment = report.occurred_at.isoformat() if report.occurred_at else ""
    said = "\0".join((whose, report.source, report.raw_status, moment, payload))
    digest = blake2b(said.encode(), digest_size=16).hexdigest()
    # A UUID with a version, though none fits a digest: MariaDB turns any other into zeros.
    return f"{digest[:12]}5{digest[13:16]}8{digest[17:]}"


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
        places = [
            place
            for place in range(len(DERIVED_FIELDS))
            if any(before[place] != after[place] for _key, before, after in chosen)
        ]
        released = (None, None) if let_go else ()
        names = [*(DERIVED_FIELDS[place] for place in places), *(_HELD if let_go else ())]
        rows = [
            (key, *(after[place] for place in places), *released) for key, _before, after in chosen
        ]
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
