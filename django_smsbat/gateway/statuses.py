"""Message statuses: their order and their spellings in SMSBAT's format.

Choices, filters, colours and documents that show a status are derived from this module.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final


class Status(StrEnum):
    """The status of a message. Members are in the order in which a message progresses."""

    QUEUED = "queued"
    SENDING = "sending"
    UNCONFIRMED = "unconfirmed"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    PROCESSING = "processing"
    SENT = "sent"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    UNDELIVERABLE = "undeliverable"
    EXPIRED = "expired"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"

    @property
    def is_failure(self) -> bool:
        return self in FAILURES

    @property
    def is_final(self) -> bool:
        """Whether polling stops for such a message; a later report may still change its status."""
        return self in FINAL


MEANINGS: Final[dict[Status, str]] = {
    Status.QUEUED: "waits for a worker, or for a moment at which it may leave",
    Status.SENDING: "a worker holds it and hands it to SMSBAT",
    Status.UNCONFIRMED: "it is unknown whether SMSBAT took it; the software never sends it again",
    Status.ACCEPTED: "SMSBAT took it",
    Status.SCHEDULED: "SMSBAT sends it later",
    Status.PROCESSING: "SMSBAT is delivering it",
    Status.SENT: "it is on its way to the phone",
    Status.REJECTED: "SMSBAT did not take it, and says why",
    Status.CANCELLED: "it was cancelled before it was sent",
    Status.UNDELIVERABLE: "it cannot be delivered to that phone",
    Status.EXPIRED: "its time to live was over before it arrived",
    Status.FAILED: "it failed for good (`permanenterror` on the wire), or was given up",
    Status.DELIVERED: "it is on the phone",
    Status.READ: "the recipient has read it",
}
FAILURES: Final = frozenset(
    {Status.REJECTED, Status.CANCELLED, Status.UNDELIVERABLE, Status.EXPIRED, Status.FAILED}
)
# Excludes messages that a user cancelled.
UNDELIVERED: Final = FAILURES - {Status.CANCELLED}
REACHED: Final = frozenset({Status.DELIVERED, Status.READ})
FINAL: Final = FAILURES | REACHED
UNSENT: Final = frozenset({Status.QUEUED, Status.SENDING})
IN_DELIVERY: Final = frozenset({Status.ACCEPTED, Status.SCHEDULED, Status.PROCESSING, Status.SENT})

_ORDER: Final = {status: place for place, status in enumerate(Status)}
_FAILURE_PLACE: Final = min(_ORDER[status] for status in FAILURES)

# Spellings in SMSBAT's status page, API overview and RCS page, and those that other Viber partners
# use for "read". Reduced to lower-case letters.
_WIRE: Final = {
    "accepted": Status.ACCEPTED,
    "scheduled": Status.SCHEDULED,
    "processing": Status.PROCESSING,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "seen": Status.READ,
    "viewed": Status.READ,
    "rejected": Status.REJECTED,
    "undeliverable": Status.UNDELIVERABLE,
    "undelivered": Status.UNDELIVERABLE,
    "expired": Status.EXPIRED,
    "failed": Status.FAILED,
    "permanenterror": Status.FAILED,
}


@lru_cache(maxsize=1_024)
def from_wire(raw: str) -> Status | None:
    """Return the status in a delivery report, or None if it is unknown."""
    return _WIRE.get(re.sub(r"[^a-z]", "", raw.lower()))


def from_submit_answer(raw: str) -> Status | None:
    """Return the status in the response to a send.

    The API overview returns ``sent`` where the help pages return ``accepted``: both only mean that
    SMSBAT has accepted the message.
    """
    status = from_wire(raw)
    return Status.ACCEPTED if status is Status.SENT else status


def latest_status(reports: Iterable[tuple[Status, datetime]]) -> tuple[Status, datetime] | None:
    """Return the report that determines the status, whatever the order of arrival.

    A status only moves forward. Failures rank equally: among them the latest occurrence wins, and
    of two at the same time the later member of `Status`. None if there are no reports.
    """
    known = list(reports)
    return max(known, key=_precedence) if len(known) > 1 else next(iter(known), None)


def _precedence(report: tuple[Status, datetime]) -> tuple[int, float, int]:
    status, occurred_at = report
    if status.is_failure:
        return _FAILURE_PLACE, occurred_at.timestamp(), _ORDER[status]
    # Of equal statuses, the earliest report has the time at which it happened.
    return _ORDER[status], -occurred_at.timestamp(), 0
