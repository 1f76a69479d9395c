"""Store reports once each, and read the stored reports of a message.

`derive` turns them into a status.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from django.db.models import Q, QuerySet

from django_smsbat.conf import DEFAULT_ACCOUNT
from django_smsbat.db.fields import WireJSONEncoder
from django_smsbat.db.prepared import Prepared
from django_smsbat.db.set_based import insert_rows, keys_in, texts_in
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Message, Source, StatusEvent
from django_smsbat.models.status_event import Name, give_to, insert_named
from django_smsbat.services.tracking.derive import ROW_FIELDS, Event, Row

_SORTED_JSON: Final = WireJSONEncoder(sort_keys=True).encode
_EVENT_FIELDS: Final = (
    "message",
    "account",
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
    "account",
    "status",
    "source",
    "occurred_at",
    "attempt",
    "smsbat_id",
    "fingerprint",
    "payload",
)


@dataclass(slots=True, kw_only=True)
class Report:
    """A report about a message, identified by our key or by SMSBAT's id.

    Attributes:
        account: the account that sent the message; SMSBAT's ids are unique within an account.
        status: None for an unknown status.
        occurred_at: when it happened; None if the report does not say.
        attempt: the attempt that the report is about; None if unknown.
    """

    source: Source
    status: Status | None
    raw_status: str
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)
    occurred_at: datetime | None = None
    smsbat_id: str = ""
    message_id: int | None = None
    attempt: int | None = None
    account: str = DEFAULT_ACCOUNT

    @property
    def name(self) -> Name:
        return self.account, self.smsbat_id


def known_events(
    rows: Mapping[int, Row], answered: Mapping[Name, Report]
) -> defaultdict[int, list[Event]]:
    """Return the earlier reports of these messages, by message.

    Orphans, reports that arrived before the answer with their id, are attached to their message.

    Args:
        answered: the new answers to send requests, by SMSBAT's name for the message.
    """
    events: defaultdict[int, list[Event]] = defaultdict(list)
    if not rows:
        return events
    own = StatusEvent.objects.filter(
        message__in=keys_in(Message, rows), message__gte=min(rows), message__lte=max(rows)
    )
    known = own.order_by().values_list(*_READ_OF_EVENTS)
    if answered:
        ids = texts_in(Message, (smsbat_id for _account, smsbat_id in answered))
        waiting = StatusEvent.objects.orphans().filter(smsbat_id__in=ids)
        known = known.union(waiting.order_by().values_list(*_READ_OF_EVENTS), all=True)
    matched: dict[int, tuple[int, int]] = {}
    for key, owner, account, *values in known:
        event = _event(values)
        message_id = owner
        if message_id is None:
            # The query also returns other accounts' rows, and other case with some collations.
            report = answered.get((account, event.smsbat_id))
            if report is None or report.message_id is None or report.message_id not in rows:
                continue
            message_id = report.message_id
            event.attempt = report.attempt or 0
            matched[key] = (report.message_id, event.attempt)
        events[message_id].append(event)
    give_to(matched)
    return events


def _event(values: Sequence[Any]) -> Event:
    """Build an event from the columns `_READ_OF_EVENTS` without the keys."""
    status, source, at, attempt, smsbat_id, fingerprint, payload = values
    return Event(status, source, at, attempt, smsbat_id, fingerprint.hex, payload)


@dataclass(slots=True)
class New:
    """A report that is not stored yet."""

    event: Event
    message_id: int | None
    raw_status: str
    payload: str
    account: str

    @property
    def identity(self) -> tuple[str, str]:
        return self.event.smsbat_id, self.event.fingerprint

    def columns(self, now: datetime) -> tuple[Any, ...]:
        """Return the values in the order of `_EVENT_FIELDS`."""
        event = self.event
        return (
            self.message_id,
            self.account,
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


def new(report: Report, rows: Mapping[int, Row], now: datetime) -> New:
    """Prepare a report for storage.

    A message key in the report is trusted. Without an attempt, the current attempt is assumed.
    """
    row = rows.get(report.message_id) if report.message_id is not None else None
    attempt = report.attempt
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
    return New(event, row.pk if row else None, report.raw_status[:64], payload, report.account)


def store(reports: Iterable[New], events: defaultdict[int, list[Event]], now: datetime) -> None:
    """Store each report once, and add it to `events`."""
    known = {(event.smsbat_id, event.fingerprint) for of in events.values() for event in of}
    fresh: dict[tuple[str, str], New] = {}
    for new in reports:
        if new.identity not in known:
            fresh.setdefault(new.identity, new)
    columns = [new.columns(now) for new in fresh.values()]
    insert_rows(StatusEvent, _EVENT_FIELDS, columns, ignore_conflicts=True)
    for new in fresh.values():
        if new.message_id is not None:
            events[new.message_id].append(new.event)


def message_ids_for(names: Collection[Name]) -> dict[Name, tuple[int, int]]:
    """Return message key and attempt by account and SMSBAT's id."""
    if not names:
        return {}
    ids = {smsbat_id for _account, smsbat_id in names}
    named = StatusEvent.objects.filter(smsbat_id__in=ids, message__isnull=False)
    known = named.order_by("attempt", "id")
    rows = known.values_list("account", "smsbat_id", "message_id", "attempt")
    return {
        (account, smsbat_id): (key, attempt)
        for account, smsbat_id, key, attempt in rows
        if key is not None and (account, smsbat_id) in names
    }


_NAMED_FIELDS: Final = tuple(name for name in _EVENT_FIELDS if name not in ("message", "attempt"))
_NAMED_INDEXES: Final = [_EVENT_FIELDS.index(name) for name in _NAMED_FIELDS]


def store_named(reports: Iterable[Report], now: datetime) -> list[int | None]:
    """Store reports that identify their message only by SMSBAT's id, each once.

    Returns:
        The key of the message, which is locked, for each new report; None for an unknown message.
    """
    fresh = {
        prepared.identity: prepared for prepared in (new(report, {}, now) for report in reports)
    }
    rows = []
    for prepared in fresh.values():
        columns = prepared.columns(now)
        rows.append([columns[index] for index in _NAMED_INDEXES])
    return insert_named(_NAMED_FIELDS, rows)


def row_and_events(message_id: int) -> tuple[dict[int, Row], dict[int, list[Event]]]:
    """Read a message and all its reports with one statement."""
    width = len(_EVENT_COLUMNS)
    records = _prepared_query(message_id=message_id)
    rows = {message_id: Row(*records[0][width:])} if records else {}
    return rows, {message_id: [_event(values[:width]) for values in records]}


_EVENT_COLUMNS: Final = _READ_OF_EVENTS[_READ_OF_EVENTS.index("status") :]


def _query(message_id: int) -> QuerySet[StatusEvent, Any]:
    own = ("has_fallback", "is_redacted")
    of_its_message = [name if name in own else f"message__{name}" for name in ROW_FIELDS]
    return (
        StatusEvent.objects.filter(message=message_id)
        .annotate(
            has_fallback=~Q(message__fallback_text=""),
            is_redacted=Q(message__purged_at__isnull=False),
        )
        .order_by()
        .values_list(*_EVENT_COLUMNS, *of_its_message)
    )


_prepared_query: Final = Prepared(_query, message_id=int)


def _fingerprint(report: Report, payload: str) -> str:
    """Return a hash that is equal for identical reports; our own timestamps are not part of it."""
    subject = f"{report.smsbat_id or report.message_id}:{report.attempt or ''}"
    if report.account != DEFAULT_ACCOUNT:
        subject = f"{report.account}\0{subject}"
    occurred = report.occurred_at.isoformat() if report.occurred_at else ""
    text = "\0".join((subject, report.source, report.raw_status, occurred, payload))
    digest = blake2b(text.encode(), digest_size=16).hexdigest()
    # A valid UUID version, although this is a digest: MariaDB turns other values into zeros.
    return f"{digest[:12]}5{digest[13:16]}8{digest[17:]}"
