"""The one door for everything that is reported of a message, whoever says it.

A report is stored as it came, once; the message's status then follows from the set of all its
reports, whatever the order in which they arrived. Nothing else changes a status that a report gave.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.db import transaction

from django_smsbat import signals
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Message, Source, StatusEvent
from django_smsbat.models.fields import WireJSONEncoder
from django_smsbat.models.set_based import update_rows
from django_smsbat.models.status_event import give_waiting
from django_smsbat.services import announcing
from django_smsbat.services.derivation import DERIVED_FIELDS, derive


@dataclass(frozen=True, kw_only=True)
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

    message: Message
    old_status: str
    new_status: str


def local(message: Message, status: Status, code: str = "", words: str = "") -> Report:
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

    A fixed number of queries, however many reports. One that names an unknown id is kept without a
    message, and matched as soon as that id is known.

    Returns:
        The messages whose status changed; they are announced by signal after the commit.
    """
    if not reports:
        return []
    with transaction.atomic():
        owners = _owners(reports)
        named = [report.message_id for report in reports if report.message_id]
        messages = _lock([*(key for key, _attempt in owners.values()), *named])
        events = [_event(report, owners, messages, now) for report in reports]
        StatusEvent.objects.bulk_create(events, ignore_conflicts=True)
        _match_waiting(events)
        return _follow(messages, now)


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
        messages = _lock(key for key, _attempt in owners.values())
        give_waiting(owners)
        _follow(messages, now)
    return len(messages)


def _owners(reports: Iterable[Report]) -> dict[str, tuple[int, int]]:
    """Message and attempt by SMSBAT's id, for reports that do not say them themselves."""
    return _owners_of({r.smsbat_id for r in reports if r.smsbat_id and r.attempt is None})


def _owners_of(smsbat_ids: Iterable[str]) -> dict[str, tuple[int, int]]:
    ids = set(smsbat_ids)
    if not ids:
        return {}
    named = StatusEvent.objects.filter(smsbat_id__in=ids, message__isnull=False)
    known = named.order_by("attempt", "id")
    rows = known.values_list("smsbat_id", "message_id", "attempt")
    return {smsbat_id: (key, attempt) for smsbat_id, key, attempt in rows if key is not None}


def _lock(keys: Iterable[int]) -> dict[int, Message]:
    wanted = set(keys)
    if not wanted:
        return {}
    return {message.pk: message for message in Message.objects.filter(pk__in=wanted).locked()}


def _event(
    report: Report,
    owners: Mapping[str, tuple[int, int]],
    messages: Mapping[int, Message],
    now: datetime,
) -> StatusEvent:
    key, attempt = owners.get(report.smsbat_id, (report.message_id, report.attempt))
    message = messages.get(key) if key is not None else None
    if attempt is None and message is not None:
        attempt = message.attempts
    return StatusEvent(
        message=message,
        smsbat_id=report.smsbat_id,
        status=report.status.value if report.status else "",
        raw_status=report.raw_status[:64],
        source=report.source,
        occurred_at=report.occurred_at or now,
        recorded_at=now,
        payload=dict(report.payload),
        attempt=attempt or 0,
        fingerprint=_fingerprint(report),
    )


def _fingerprint(report: Report) -> uuid.UUID:
    """Equal for identical reports. A moment of ours is no part of it: only what was said is."""
    whose = f"{report.smsbat_id or report.message_id}:{report.attempt or ''}"
    moment = report.occurred_at.isoformat() if report.occurred_at else ""
    said = [whose, report.source, report.raw_status, moment, dict(report.payload)]
    text = json.dumps(said, sort_keys=True, ensure_ascii=True, cls=WireJSONEncoder)
    digest = blake2b(text.encode(), digest_size=16).digest()
    # With a version, though none fits a digest: MariaDB turns any other UUID into zeros.
    return uuid.UUID(bytes=digest, version=5)


def _match_waiting(events: Iterable[StatusEvent]) -> None:
    """Give reports that came before the answer to the messages that the answer has named."""
    give_waiting(
        {
            event.smsbat_id: (event.message_id, event.attempt)
            for event in events
            if event.message_id and event.smsbat_id and event.source == Source.SUBMIT
        }
    )


def _follow(messages: Mapping[int, Message], now: datetime) -> list[Change]:
    """Let each message say what follows from all its reports; announce what changed."""
    if not messages:
        return []
    events: dict[int, list[StatusEvent]] = defaultdict(list)
    for event in StatusEvent.objects.filter(message__in=messages).order_by("id"):
        events[event.message_id or 0].append(event)
    changes, touched = [], []
    for key, message in messages.items():
        before = {name: getattr(message, name) for name in DERIVED_FIELDS}
        derive(message, events[key], now)
        if any(getattr(message, name) != value for name, value in before.items()):
            touched.append(message)
        if message.status != before["status"]:
            changes.append(Change(message, str(before["status"]), message.status))
    update_rows(touched, DERIVED_FIELDS)
    announcing.after_commit(
        signals.message_status_changed,
        [
            {"message": c.message, "old_status": c.old_status, "new_status": c.new_status}
            for c in changes
        ],
        sender=Message,
    )
    return changes
