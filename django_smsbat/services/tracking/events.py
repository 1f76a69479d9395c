"""Reports as they are kept: what is known of a message, and what is new, each stored once.

Knows nothing of what follows from them.
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
    """What somebody says of a message, which it names by our key or by SMSBAT's id.

    Attributes:
        account: by which the message was sent; SMSBAT's ids are known within it only.
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
    account: str = DEFAULT_ACCOUNT

    @property
    def name(self) -> Name:
        return self.account, self.smsbat_id


def known_events(
    rows: Mapping[int, Row], answered: Mapping[Name, Report]
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
        ids = texts_in(Message, (smsbat_id for _account, smsbat_id in answered))
        waiting = StatusEvent.objects.orphans().filter(smsbat_id__in=ids)
        known = known.union(waiting.order_by().values_list(*_READ_OF_EVENTS), all=True)
    matched: dict[int, tuple[int, int]] = {}
    for key, owner, account, *said in known:
        event = _event(said)
        message_id = owner
        if message_id is None:
            # More than what was asked for: of other accounts, and where a collation ignores case.
            report = answered.get((account, event.smsbat_id))
            if report is None or report.message_id is None or report.message_id not in rows:
                continue
            message_id = report.message_id
            event.attempt = report.attempt or 0
            matched[key] = (report.message_id, event.attempt)
        events[message_id].append(event)
    give_to(matched)
    return events


def _event(said: Sequence[Any]) -> Event:
    """From the columns `_READ_OF_EVENTS` without the keys."""
    status, source, at, attempt, smsbat_id, fingerprint, payload = said
    return Event(status, source, at, attempt, smsbat_id, fingerprint.hex, payload)


@dataclass(slots=True)
class New:
    """A report on its way into the table."""

    event: Event
    message_id: int | None
    raw_status: str
    payload: str
    account: str

    @property
    def identity(self) -> tuple[str, str]:
        return self.event.smsbat_id, self.event.fingerprint

    def columns(self, now: datetime) -> tuple[Any, ...]:
        """In the order of `_EVENT_FIELDS`."""
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
    """The report as it will stand in the table.

    Whoever names a message by our key is believed; an attempt that is not named is the present one.
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
    """Add the reports to the table and to what is known of their messages, each once."""
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
    """Message and attempt by SMSBAT's name for it."""
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
_OWN_PLACES: Final = [_EVENT_FIELDS.index(name) for name in _NAMED_FIELDS]


def store_named(reports: Iterable[Report], now: datetime) -> list[int | None]:
    """Add reports that name their message by SMSBAT's id alone, each once.

    Returns:
        For each report that is new its message, locked; None for an unknown message.
    """
    fresh = {made.identity: made for made in (new(report, {}, now) for report in reports)}
    rows = []
    for made in fresh.values():
        columns = made.columns(now)
        rows.append([columns[place] for place in _OWN_PLACES])
    return insert_named(_NAMED_FIELDS, rows)


def row_and_events(message_id: int) -> tuple[dict[int, Row], dict[int, list[Event]]]:
    """A message, and all that was reported of it, in one statement."""
    width = len(_SAID)
    told = _told_of(message_id=message_id)
    rows = {message_id: Row(*told[0][width:])} if told else {}
    return rows, {message_id: [_event(values[:width]) for values in told]}


_SAID: Final = _READ_OF_EVENTS[_READ_OF_EVENTS.index("status") :]


def _asked(message_id: int) -> QuerySet[StatusEvent, Any]:
    own = ("has_fallback", "is_redacted")
    of_its_message = [name if name in own else f"message__{name}" for name in ROW_FIELDS]
    return (
        StatusEvent.objects.filter(message=message_id)
        .annotate(
            has_fallback=~Q(message__fallback_text=""),
            is_redacted=Q(message__purged_at__isnull=False),
        )
        .order_by()
        .values_list(*_SAID, *of_its_message)
    )


_told_of: Final = Prepared(_asked, message_id=int)


def _fingerprint(report: Report, payload: str) -> str:
    """Equal for identical reports. A moment of ours is no part of it: only what was said is."""
    whose = f"{report.smsbat_id or report.message_id}:{report.attempt or ''}"
    if report.account != DEFAULT_ACCOUNT:
        whose = f"{report.account}\0{whose}"
    moment = report.occurred_at.isoformat() if report.occurred_at else ""
    said = "\0".join((whose, report.source, report.raw_status, moment, payload))
    digest = blake2b(said.encode(), digest_size=16).hexdigest()
    # A UUID with a version, though none fits a digest: MariaDB turns any other into zeros.
    return f"{digest[:12]}5{digest[13:16]}8{digest[17:]}"
