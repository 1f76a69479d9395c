"""Derive the columns of a message from the set of its reports. Pure: no database, no clock.

The same set gives the same row, in whatever order the reports arrive. Rows and events are plain
objects, not models, because this runs once for each message of a campaign.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from operator import attrgetter
from typing import Any, Final

from django_smsbat.gateway import answers
from django_smsbat.gateway.answers import Money, StatusReport
from django_smsbat.gateway.message_types import TYPES, MessageType
from django_smsbat.gateway.statuses import (
    FAILURES,
    FINAL,
    IN_DELIVERY,
    REACHED,
    Status,
    latest_status,
)
from django_smsbat.models import Source

FIRST_POLL_AFTER: Final = timedelta(seconds=5)  # SMSBAT's advice: every 5 to 10 s at first
# No status request follows a callback for this long: polling is only a fallback while callbacks
# arrive.
REST_AFTER_CALLBACK: Final = timedelta(minutes=10)
# A callback reports a delivery, but neither the channel nor the billed cost. If the channel is
# unknown, one more status request follows.
LAST_POLL_AFTER: Final = timedelta(minutes=1)
_LOCAL: Final = Source.LOCAL.value
_SUBMIT: Final = Source.SUBMIT.value
_POLL: Final = Source.POLL.value
_STATUSES: Final = {status.value: status for status in Status}
_FAILURES: Final = frozenset(status.value for status in FAILURES)
_FINAL: Final = frozenset(status.value for status in FINAL)
_REACHED: Final = frozenset(status.value for status in REACHED)


@dataclass(slots=True)
class Row:
    """The input columns of a message, followed by the columns derived from its reports."""

    pk: int
    attempts: int
    resent_after: int
    type: str
    has_fallback: bool
    is_redacted: bool
    status: str
    smsbat_id: str = ""
    messagelist_id: str = ""
    parts: int | None = None
    cost: Decimal | None = None
    currency: str = ""
    delivered_by: str = ""
    channels: Mapping[str, str] = field(default_factory=dict)
    error_code: str = ""
    error_message: str = ""
    submitted_at: datetime | None = None
    final_at: datetime | None = None
    next_poll_at: datetime | None = None


ROW_FIELDS: Final = tuple(field.name for field in fields(Row))
DERIVED_FIELDS: Final = ROW_FIELDS[ROW_FIELDS.index("status") :]
derived: Final = attrgetter(*DERIVED_FIELDS)


def blank(row: Row) -> Row:
    """Return the row without its derived columns, except the status and the next poll."""
    return Row(
        row.pk,
        row.attempts,
        row.resent_after,
        row.type,
        row.has_fallback,
        row.is_redacted,
        row.status,
        next_poll_at=row.next_poll_at,
    )


@dataclass(eq=False)
class Event:
    """One stored report, without its message."""

    status: str
    source: str
    occurred_at: datetime
    attempt: int
    smsbat_id: str
    fingerprint: str
    payload: Mapping[str, Any] = field(repr=False)

    @cached_property
    def report(self) -> StatusReport:
        return answers.read_report(self.payload)


def derive(
    row: Row, events: Sequence[Event], now: datetime, *, is_called_back: bool = False
) -> None:
    """Set the derived columns of the row from its reports.

    Args:
        now: only used to schedule the next status request.
        is_called_back: whether the new reports came from a callback.
    """
    before = row.status
    if len(events) == 1 and events[0].attempt > row.resent_after:
        _derive_from_one(row, events[0])
    else:
        _derive_from_all(row, events)
    _set_next_poll(row, before, events, now, is_called_back=is_called_back)


def _derive_from_one(row: Row, event: Event) -> None:
    """A fast path of `_derive_from_all` for a single report, the usual case in a campaign."""
    status = _STATUSES.get(event.status)
    if status is None:
        return
    row.status = event.status
    report = event.report
    if event.smsbat_id or event.source == _SUBMIT:
        row.submitted_at = event.occurred_at
        row.smsbat_id = event.smsbat_id
        row.messagelist_id = (report.messagelist_id or row.messagelist_id)[:32]
    if event.source != _LOCAL:
        row.parts = row.parts if report.parts is None else report.parts
        if report.money is not None:
            row.cost, row.currency = report.money.amount, report.money.currency
    _set_channels(row, [event])
    _set_error(row, [event])
    row.final_at = event.occurred_at if status.is_final else None


def _derive_from_all(row: Row, events: Sequence[Event]) -> None:
    events = sorted(events, key=lambda event: (event.occurred_at, event.fingerprint))
    counted = [event for event in events if event.attempt > row.resent_after]
    _take_costs(row, [event for event in events if event.status and event.source != _LOCAL])
    decided = latest_status([(_STATUSES[e.status], e.occurred_at) for e in _deciding(counted)])
    if decided is None:
        return
    row.status = decided[0].value
    _set_ids(row, counted)
    _set_channels(row, counted)
    _set_error(row, counted)
    row.final_at = _final_at(counted, decided)


def _set_next_poll(
    row: Row, before: str, events: Sequence[Event], now: datetime, *, is_called_back: bool
) -> None:
    if row.status in _FINAL:
        if not _is_channel_open(row, events):
            row.next_poll_at = None
        elif before not in _FINAL:
            row.next_poll_at = now + LAST_POLL_AFTER
    elif not row.smsbat_id and row.status not in IN_DELIVERY:
        row.next_poll_at = None
    elif is_called_back:
        row.next_poll_at = max(row.next_poll_at or now, now + REST_AFTER_CALLBACK)
    elif row.next_poll_at is None:
        row.next_poll_at = now + FIRST_POLL_AFTER


def _is_channel_open(row: Row, events: Sequence[Event]) -> bool:
    """Whether the message was delivered by an unknown channel, and no poll has reported since."""
    if row.status not in _REACHED or row.delivered_by or not row.smsbat_id:
        return False
    return not any(event.source == _POLL and event.status in _REACHED for event in events)


def _deciding(counted: Sequence[Event]) -> list[Event]:
    """Return the reports that decide the status.

    A local failure gives way to a failure that SMSBAT reports, whichever came first. A later
    delivery counts in any case.
    """
    known = [event for event in counted if event.status]
    failures = [event for event in known if event.status in _FAILURES]
    if any(event.source != _LOCAL for event in failures):
        return [e for e in known if e.source != _LOCAL or e not in failures]
    return known


def _set_ids(row: Row, counted: Sequence[Event]) -> None:
    """Take the ids from SMSBAT's answer to the send request, or else from the first report."""
    submitted = [e for e in counted if e.smsbat_id or e.source == _SUBMIT]
    if not submitted:
        return
    if len(submitted) > 1:
        submitted.sort(key=lambda e: (e.source != _SUBMIT, e.occurred_at, e.smsbat_id))
    row.submitted_at = submitted[0].occurred_at
    ids = [event.smsbat_id for event in submitted if event.smsbat_id]
    row.smsbat_id = ids[0] if ids else ""
    lists = [event.report.messagelist_id for event in submitted if event.report.messagelist_id]
    row.messagelist_id = (lists[0] if lists else row.messagelist_id)[:32]


def _take_costs(row: Row, priced: Sequence[Event]) -> None:
    """Add up the cost of all attempts, with one amount for each attempt.

    If an attempt has several amounts, the billed amount counts, and the latest of these. An amount
    without a currency takes the currency of another attempt: callbacks name none.
    """
    best: dict[int, Money] = {}
    for event in priced:
        report = event.report
        if report.parts is not None and event.attempt > row.resent_after:
            row.parts = report.parts
        money, known = report.money, best.get(event.attempt)
        if money is not None and (known is None or money.rank >= known.rank):
            best[event.attempt] = money
    if best:
        named = [best[attempt].currency for attempt in sorted(best) if best[attempt].currency]
        row.currency = named[-1] if named else ""
        own = [money.amount for money in best.values() if money.currency in ("", row.currency)]
        row.cost = sum(own, Decimal())


def _set_channels(row: Row, counted: Sequence[Event]) -> None:
    """Set the latest status of each channel, and the channel that delivered the message."""
    history: dict[str, list[tuple[str, datetime]]] = {}
    for event in counted:
        if event.source != _LOCAL and event.report.channels:
            for channel, status in event.report.channels.items():
                history.setdefault(channel, []).append((status, event.occurred_at))
    if not history and row.status not in _REACHED:
        return
    if history:
        row.channels = {
            channel: _latest_channel_status(history[channel]) for channel in sorted(history)
        }
    own = TYPES[MessageType(row.type)].channel
    arrived = [channel for channel, status in row.channels.items() if status in _REACHED]
    if arrived:
        row.delivered_by = own if own in arrived else arrived[0]
    elif row.status in _REACHED and not row.has_fallback:
        row.delivered_by = own


def _latest_channel_status(history: Sequence[tuple[str, datetime]]) -> str:
    """Return the latest known status; an unknown one only if there is no other."""
    known = latest_status(
        [(_STATUSES[status], at) for status, at in history if status in _STATUSES]
    )
    return known[0].value if known else history[-1][0]


def _set_error(row: Row, counted: Sequence[Event]) -> None:
    """Set the error of the deciding report, if the status is a failure or `unconfirmed`."""
    code, text = "", ""
    if row.status in _FAILURES or row.status == Status.UNCONFIRMED:
        errors = [answers.read_error(e.payload) for e in counted if e.status == row.status]
        code, text = next((error for error in errors if any(error)), ("", ""))
    row.error_code, row.error_message = code[:64], text


def _final_at(counted: Sequence[Event], decided: tuple[Status, datetime]) -> datetime | None:
    """Return when the message became final; for a message that was read, its delivery time."""
    status, occurred_at = decided
    if status.value in _REACHED:
        return min(event.occurred_at for event in counted if event.status in _REACHED)
    return occurred_at if status.is_final else None
