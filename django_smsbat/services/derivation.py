"""What a message's row says, worked out from the set of its reports. Pure: no database, no clock.

The same set gives the same row, whatever the order of arrival. Rows and events are read without
their models here: a campaign waits for this work once a row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from operator import attrgetter
from typing import Any, Final

from django_smsbat.gateway import answers
from django_smsbat.gateway.answers import StatusReport
from django_smsbat.gateway.statuses import FAILURES, IN_DELIVERY, Status, furthest
from django_smsbat.models import Source

FIRST_POLL_AFTER: Final = timedelta(seconds=5)  # SMSBAT's advice: every 5 to 10 s at first
_LOCAL: Final = Source.LOCAL.value
_SUBMIT: Final = Source.SUBMIT.value
_STATUSES: Final = {status.value: status for status in Status}
_FAILURES: Final = frozenset(status.value for status in FAILURES)
_REACHED: Final = (Status.DELIVERED.value, Status.READ.value)


@dataclass(slots=True)
class Row:
    """The columns of a message that its reports decide, behind those that they are read with."""

    pk: int
    attempts: int
    resent_after: int
    status: str
    smsbat_id: str = ""
    messagelist_id: str = ""
    parts: int | None = None
    cost: Decimal | None = None
    currency: str = ""
    delivered_by: str = ""
    error_code: str = ""
    error_message: str = ""
    submitted_at: datetime | None = None
    final_at: datetime | None = None
    next_poll_at: datetime | None = None


ROW_FIELDS: Final = tuple(field.name for field in fields(Row))
DERIVED_FIELDS: Final = ROW_FIELDS[ROW_FIELDS.index("status") :]
derived: Final = attrgetter(*DERIVED_FIELDS)


@dataclass(eq=False)
class Event:
    """One report as it is kept, without its row."""

    status: str
    source: str
    occurred_at: datetime
    attempt: int
    smsbat_id: str
    fingerprint: str
    payload: Mapping[str, Any] = field(repr=False)

    @cached_property
    def told(self) -> StatusReport:
        return answers.read_report(self.payload)


def derive(row: Row, events: Sequence[Event], now: datetime) -> None:
    """Set the derived columns of the row from its reports.

    Args:
        now: only says when to ask SMSBAT first, where it was not asked yet.
    """
    counted = [event for event in events if event.attempt > row.resent_after]
    if len(counted) == 1:
        _derive_from_one(row, counted[0], now)
    elif counted:
        _derive_from_all(row, counted, now)


def _derive_from_one(row: Row, event: Event, now: datetime) -> None:
    """The same as `_derive_from_all`, for what almost every message of a campaign begins with."""
    status = _STATUSES.get(event.status)
    if status is None:
        return
    row.status = event.status
    told = event.told
    if event.smsbat_id or event.source == _SUBMIT:
        row.submitted_at = event.occurred_at
        row.smsbat_id = event.smsbat_id
        row.messagelist_id = (told.messagelist_id or row.messagelist_id)[:32]
    if event.source != _LOCAL:
        _take_costs(row, [told])
    _set_error(row, [event])
    row.final_at = event.occurred_at if status.is_final else None
    _set_next_poll(row, status, now)


def _derive_from_all(row: Row, counted: list[Event], now: datetime) -> None:
    counted.sort(key=lambda event: (event.occurred_at, event.fingerprint))
    decided = furthest([(_STATUSES[e.status], e.occurred_at) for e in _deciding(counted)])
    if decided is None:
        return
    row.status = decided[0].value
    _set_ids(row, counted)
    _take_costs(row, [event.told for event in counted if event.source != _LOCAL])
    _set_error(row, counted)
    row.final_at = _final_at(counted, decided)
    _set_next_poll(row, decided[0], now)


def _set_next_poll(row: Row, status: Status, now: datetime) -> None:
    followed = row.smsbat_id or status in IN_DELIVERY
    if status.is_final or not followed:
        row.next_poll_at = None
    elif row.next_poll_at is None:
        row.next_poll_at = now + FIRST_POLL_AFTER


def _deciding(counted: Sequence[Event]) -> list[Event]:
    """The reports that the status follows from.

    Our own word that a message failed gives way to a failure that SMSBAT tells of, whichever came
    first; that it arrived after all counts anyway.
    """
    known = [event for event in counted if event.status]
    failures = [event for event in known if event.status in _FAILURES]
    if any(event.source != _LOCAL for event in failures):
        return [e for e in known if e.source != _LOCAL or e not in failures]
    return known


def _set_ids(row: Row, counted: Sequence[Event]) -> None:
    """From the answer to the request where there is one, else from the first report."""
    told = [e for e in counted if e.smsbat_id or e.source == _SUBMIT]
    if not told:
        return
    if len(told) > 1:
        told.sort(key=lambda e: (e.source != _SUBMIT, e.occurred_at, e.smsbat_id))
    row.submitted_at = told[0].occurred_at
    ids = [event.smsbat_id for event in told if event.smsbat_id]
    row.smsbat_id = ids[0] if ids else ""
    lists = [event.told.messagelist_id for event in told if event.told.messagelist_id]
    row.messagelist_id = (lists[0] if lists else row.messagelist_id)[:32]


def _take_costs(row: Row, told: Sequence[StatusReport]) -> None:
    """Of several sums what is billed counts, and of these the last said; none is ever added."""
    best_rank = 0
    for report in told:
        if report.parts is not None:
            row.parts = report.parts
        if report.money is not None and report.money.rank >= best_rank:
            best_rank = report.money.rank
            row.cost, row.currency = report.money.amount, report.money.currency
        row.delivered_by = report.delivered_by or row.delivered_by


def _set_error(row: Row, counted: Sequence[Event]) -> None:
    """The words of the report that decided, where it tells of a failure or of a doubt."""
    row.error_code = row.error_message = ""
    if row.status in _FAILURES or row.status == Status.UNCONFIRMED:
        told = [answers.read_error(e.payload) for e in counted if e.status == row.status]
        code, words = next((error for error in told if any(error)), ("", ""))
        row.error_code, row.error_message = code[:64], words


def _final_at(counted: Sequence[Event], decided: tuple[Status, datetime]) -> datetime | None:
    """When it was over: a message that was delivered and then read was over when delivered."""
    status, occurred_at = decided
    if status.value in _REACHED:
        return min(event.occurred_at for event in counted if event.status in _REACHED)
    return occurred_at if status.is_final else None
