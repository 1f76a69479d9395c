"""What a message's row says, worked out from the set of its reports. Pure: no database, no clock.

The same set gives the same row, whatever the order of arrival.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django_smsbat.gateway import answers
from django_smsbat.gateway.statuses import IN_DELIVERY, UNSENT, Status, furthest
from django_smsbat.models import Message, Source, StatusEvent

DERIVED_FIELDS: Final = (
    "status",
    "smsbat_id",
    "messagelist_id",
    "parts",
    "cost",
    "currency",
    "delivered_by",
    "error_code",
    "error_message",
    "submitted_at",
    "final_at",
    "claim",
    "lease_until",
    "next_poll_at",
)
FIRST_POLL_AFTER: Final = timedelta(seconds=5)  # SMSBAT's advice: every 5 to 10 s at first
_REACHED: Final = (Status.DELIVERED.value, Status.READ.value)


def derive(message: Message, events: Sequence[StatusEvent], now: datetime) -> None:
    """Set the derived fields of the row from its reports; it is not saved.

    Args:
        now: only says when to ask SMSBAT first, where it was not asked yet.
    """
    counted = sorted(
        (event for event in events if event.attempt > message.resent_after),
        key=lambda event: (event.occurred_at, str(event.fingerprint)),
    )
    decided = furthest((Status(e.status), e.occurred_at) for e in _deciding(counted))
    if decided is None:
        return
    message.status = decided[0].value
    _set_ids(message, counted)
    _set_what_it_cost(message, counted)
    _set_error(message, counted)
    message.final_at = _final_at(counted, decided)
    if decided[0] not in UNSENT:
        message.lease_until = None
        message.claim = None
    followed = message.smsbat_id or decided[0] in IN_DELIVERY
    if decided[0].is_final or not followed:
        message.next_poll_at = None
    elif message.next_poll_at is None:
        message.next_poll_at = now + FIRST_POLL_AFTER


def _deciding(counted: Sequence[StatusEvent]) -> list[StatusEvent]:
    """The reports that the status follows from.

    Our own word that a message failed gives way to a failure that SMSBAT tells of, whichever came
    first; that it arrived after all counts anyway.
    """
    known = [event for event in counted if event.status]
    failures = [event for event in known if Status(event.status).is_failure]
    if any(event.source != Source.LOCAL for event in failures):
        return [e for e in known if e.source != Source.LOCAL or e not in failures]
    return known


def _set_ids(message: Message, counted: Sequence[StatusEvent]) -> None:
    """From the answer to the request where there is one, else from the first report."""
    told = [e for e in counted if e.smsbat_id or e.source == Source.SUBMIT]
    if not told:
        return
    told.sort(key=lambda e: (e.source != Source.SUBMIT, e.occurred_at, e.smsbat_id))
    message.submitted_at = told[0].occurred_at
    message.smsbat_id = next((e.smsbat_id for e in told if e.smsbat_id), "")
    lists = [answers.read_report(event.payload).messagelist_id for event in told]
    message.messagelist_id = next((key for key in lists if key), message.messagelist_id)[:32]


def _set_what_it_cost(message: Message, counted: Sequence[StatusEvent]) -> None:
    """Of several sums what is billed counts, and of these the last said; none is ever added."""
    best_rank = 0
    for event in counted:
        if event.source == Source.LOCAL:
            continue
        report = answers.read_report(event.payload)
        if report.parts is not None:
            message.parts = report.parts
        if report.money is not None and report.money.rank >= best_rank:
            best_rank = report.money.rank
            message.cost, message.currency = report.money.amount, report.money.currency
        message.delivered_by = report.delivered_by or message.delivered_by


def _set_error(message: Message, counted: Sequence[StatusEvent]) -> None:
    """The words of the report that decided, where it tells of a failure or of a doubt."""
    status = Status(message.status)
    message.error_code = message.error_message = ""
    if status.is_failure or status is Status.UNCONFIRMED:
        told = [answers.read_error(e.payload) for e in counted if e.status == message.status]
        code, words = next((error for error in told if any(error)), ("", ""))
        message.error_code, message.error_message = code[:64], words


def _final_at(counted: Sequence[StatusEvent], decided: tuple[Status, datetime]) -> datetime | None:
    """When it was over: a message that was delivered and then read was over when delivered."""
    status, occurred_at = decided
    if status.value in _REACHED:
        return min(event.occurred_at for event in counted if event.status in _REACHED)
    return occurred_at if status.is_final else None
