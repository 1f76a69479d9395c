"""Import consent from files: store each change once, and apply changes in order of time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import transaction

from django_smsbat import signals
from django_smsbat.db.set_based import insert_rows, keys_in, update_rows
from django_smsbat.models import ConsentChange, ConsentSource, Recipient
from django_smsbat.services import signal_dispatch
from django_smsbat.services.consent.changes import REASON_MAX

_WRITTEN: Final = (
    *("recipient", "is_opt_out", "source", "reason", "entered_by", "at", "recorded_at"),
)


class ImportedChange(NamedTuple):
    """An opt-out or an opt-in of a recipient, read from a file.

    Attributes:
        at: when the recipient decided; None if the file contains no date.
        reason: where the recipient decided, or the name of the file.
    """

    recipient: int
    is_opt_out: bool
    at: datetime | None
    reason: str


@dataclass
class _Known:
    """The stored consent of the recipients of a chunk."""

    opted_out_at: dict[int, datetime | None]
    latest: dict[int, datetime] = field(default_factory=dict)
    recorded: set[tuple[int, bool, datetime]] = field(default_factory=set)


class Applied(NamedTuple):
    """The numbers of recipients who opted out and in."""

    opted_out: int = 0
    opted_in: int = 0


@transaction.atomic
def record(
    changes: Sequence[ImportedChange], entered_by: str, now: datetime, *, dry_run: bool = False
) -> Applied:
    """Store changes of consent, and apply each that no later change outdates.

    Changes that are already stored are skipped, so a file can be imported twice. An undated
    opt-out of a recipient who has opted out changes nothing. The number of SQL statements is fixed.
    """
    if not changes:
        return Applied()
    known = _known(change.recipient for change in changes)
    rows, applied = _plan(changes, known, entered_by, now)
    return _counted(applied) if dry_run else _store(rows, applied, now)


def _plan(
    changes: Iterable[ImportedChange], known: "_Known", entered_by: str, now: datetime
) -> tuple[list[tuple[Any, ...]], dict[int, datetime | None]]:
    """Return the rows to store, and the new `opted_out_at` of each recipient to update."""
    rows: list[tuple[Any, ...]] = []
    applied: dict[int, datetime | None] = {}
    for change in changes:
        at = min(change.at or now, now)
        is_out = known.opted_out_at[change.recipient] is not None
        if change.at is None and change.is_opt_out == is_out:
            continue
        if (change.recipient, change.is_opt_out, _second(at)) in known.recorded:
            continue
        rows.append(_row(change, at, entered_by, now))
        if change.is_opt_out != is_out and not _is_outdated(change.recipient, at, known):
            applied[change.recipient] = at if change.is_opt_out else None
    return rows, applied


def _known(recipients: Iterable[int]) -> _Known:
    chosen = keys_in(Recipient, recipients)
    locked = Recipient.objects.select_for_update().filter(pk__in=chosen).order_by("pk")
    known = _Known(dict(locked.values_list("pk", "opted_out_at")))
    stored = ConsentChange.objects.filter(recipient__in=keys_in(Recipient, known.opted_out_at))
    for recipient, is_opt_out, at, source in stored.order_by("at").values_list(
        "recipient_id", "is_opt_out", "at", "source"
    ):
        if is_opt_out or source != ConsentSource.KEYWORD:  # opt-in keywords undo only keywords
            known.latest[recipient] = at
        known.recorded.add((recipient, is_opt_out, _second(at)))
    for recipient, opted_out_at in known.opted_out_at.items():
        if opted_out_at is not None:
            known.recorded.add((recipient, True, _second(opted_out_at)))
    return known


def _second(at: datetime) -> datetime:
    """Remove the microseconds, which spreadsheets do not store."""
    return at.replace(microsecond=0)


def _is_outdated(recipient: int, at: datetime, known: _Known) -> bool:
    later = (known.latest.get(recipient), known.opted_out_at[recipient])
    return any(other is not None and other > at for other in later)


def _row(change: ImportedChange, at: datetime, entered_by: str, now: datetime) -> tuple[Any, ...]:
    source, reason = ConsentSource.IMPORT.value, change.reason[:REASON_MAX]
    return change.recipient, change.is_opt_out, source, reason, entered_by, at, now


def _store(
    rows: Sequence[tuple[Any, ...]], applied: Mapping[int, datetime | None], now: datetime
) -> Applied:
    if rows:
        insert_rows(ConsentChange, _WRITTEN, rows)
    update_rows(Recipient, ("opted_out_at",), list(applied.items()))
    for signal, is_opt_out in (
        (signals.recipient_opted_out, True),
        (signals.recipient_opted_in, False),
    ):
        keys = [key for key, at in applied.items() if (at is not None) == is_opt_out]
        if keys and signal.has_listeners(Recipient):
            signal_dispatch.after_commit(signal, list(_occasions(keys, now)), sender=Recipient)
    return _counted(applied)


def _counted(applied: Mapping[int, datetime | None]) -> Applied:
    opted_out = sum(at is not None for at in applied.values())
    return Applied(opted_out, len(applied) - opted_out)


def _occasions(recipients: Sequence[int], now: datetime) -> Iterator[dict[str, Any]]:
    changes = ConsentChange.objects.filter(
        recipient__in=keys_in(Recipient, recipients), recorded_at=now, source=ConsentSource.IMPORT
    )
    for change in changes.select_related("recipient"):
        yield {"recipient": change.recipient, "change": change}
