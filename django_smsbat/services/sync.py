"""Asking SMSBAT what became of messages: the safety net where callbacks do not come.

Least recently due first, after 5, 10, 20 ... seconds for each message, up to a few hours, and not
beyond its time to live: then the message is `expired` by our own word, which a report may correct.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from django_smsbat import conf
from django_smsbat.gateway.answers import StatusReport
from django_smsbat.gateway.client import Client
from django_smsbat.gateway.errors import ErrorKind, Fate, GatewayError
from django_smsbat.gateway.message_types import TYPES, MessageType
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Message, Source
from django_smsbat.models.set_based import update_rows
from django_smsbat.services import connection, holdback, tracking
from django_smsbat.services.clock import Clock, SystemClock
from django_smsbat.services.derivation import FIRST_POLL_AFTER
from django_smsbat.services.event_store import Report

logger = logging.getLogger("django_smsbat")

_BATCH: Final = 200  # messages asked about before their answers are written
_LONGEST_PAUSE: Final = timedelta(hours=4)
_GRACE: Final = timedelta(hours=1)  # after the time to live, for reports that come late

_Reply = StatusReport | GatewayError


@dataclass
class Summary:
    """What one run did.

    Attributes:
        requests: status requests made.
        changed: messages whose status changed.
        matched: messages found for reports that had come before their ids were known.
        failure: why the run stopped before its work was done, empty when it did not.
    """

    requests: int = 0
    changed: int = 0
    matched: int = 0
    failure: str = ""


def sync(
    *,
    campaign_id: int | None = None,
    limit: int | None = None,
    client: Client | None = None,
    clock: Clock | None = None,
    on_progress: Callable[[int], object] = lambda asked: None,
) -> Summary:
    """Ask once about every message that is due, and record the answers.

    Args:
        campaign_id: only this campaign's messages.
        limit: at most so many requests.
        on_progress: called after each batch with the number of requests made.

    Raises:
        ImproperlyConfigured: when the settings do not say how to reach SMSBAT.
    """
    client, clock = client or connection.client(), clock or SystemClock()
    summary = Summary(matched=tracking.match_waiting(clock.now()))
    refusals = 0
    with ThreadPoolExecutor(conf.current().concurrency, "smsbat-sync") as pool:
        while not clock.stopping and not summary.failure:
            if delay := holdback.remaining(holdback.STATUS, clock.now()):
                summary.failure = holdback.wait(delay, clock)
                continue
            room = _BATCH if limit is None else min(_BATCH, limit - summary.requests)
            messages = _take(campaign_id, room, clock.now(), summary) if room > 0 else []
            if not messages:
                break
            replies = list(pool.map(lambda m: _ask(client, m.smsbat_id), messages))
            refused = _write(messages, replies, clock.now(), summary)
            on_progress(len(messages))
            refusals = refusals + 1 if refused else 0
            if refusals == holdback.REFUSALS_MAX:
                summary.failure = f"gave up after {refusals} refusals in a row: {refused}"
    return summary


def _ask(client: Client, smsbat_id: str) -> _Reply:
    try:
        return client.status(smsbat_id)
    except GatewayError as error:
        return error


def _take(campaign_id: int | None, size: int, now: datetime, summary: Summary) -> list[Message]:
    """Messages to ask about now, each put off to its next turn before the request leaves."""
    while True:
        with transaction.atomic():
            due = Message.objects.to_ask_about(now)
            if campaign_id is not None:
                due = due.filter(campaign=campaign_id)
            messages = list(due.locked(skip=True)[:size])
            late = [m for m in messages if _is_given_up(m, now)]
            reports = [tracking.local(m, Status.EXPIRED, "ttl") for m in late]
            expired = len(tracking.record(reports, now))
            rest = [message for message in messages if message not in late]
            for message in rest:
                message.next_poll_at = _next_turn(message, now)
                message.polls += bool(message.smsbat_id)
            columns = [(message.pk, message.next_poll_at, message.polls) for message in rest]
            update_rows(Message, ("next_poll_at", "polls"), columns)
        summary.changed += expired
        asked = [message for message in rest if message.smsbat_id]
        if asked or not (rest or expired):  # nothing moved: looking again would find the same
            return asked


def _next_turn(message: Message, now: datetime) -> datetime:
    """When to ask again; one that SMSBAT took without an id is only waited for."""
    return now + _pause(message.polls) if message.smsbat_id else _asked_until(message, now)


def _pause(polls: int) -> timedelta:
    """How long to wait after the poll that follows `polls` earlier ones."""
    doubled: int = 2 ** min(polls + 1, 20)
    return min(FIRST_POLL_AFTER * doubled, _LONGEST_PAUSE)


def _is_given_up(message: Message, now: datetime) -> bool:
    """Each message is asked about once at least, however long no worker was there to do it."""
    was_asked = message.polls or not message.smsbat_id
    return bool(was_asked) and now > _asked_until(message, now)


def _asked_until(message: Message, now: datetime) -> datetime:
    """SMSBAT's advice on the type stands in where the message has no time to live of its own."""
    longest_advised = TYPES[MessageType(message.type)].ttl_advice[1]
    lifetime = timedelta(seconds=message.ttl or longest_advised)
    return (message.submitted_at or now) + lifetime + _GRACE


def _write(
    messages: Sequence[Message], replies: Sequence[_Reply], now: datetime, summary: Summary
) -> GatewayError | None:
    """Record all answers at once, each failure in its own way; a refusal is returned."""
    pairs = list(zip(messages, replies, strict=True))
    reports = [_report(m, reply) for m, reply in pairs if isinstance(reply, StatusReport)]
    failed = [(m, reply) for m, reply in pairs if isinstance(reply, GatewayError)]
    summary.requests += len(messages)
    summary.changed += len(tracking.record(reports, now))
    if failed:
        logger.warning("%d status requests failed: %s", len(failed), failed[0][1])
    # An id that SMSBAT does not know yet was asked about all the same: the next turn is later.
    refused = [
        (message, error)
        for message, error in failed
        if error.kind.fate is Fate.NOT_TAKEN and error.kind is not ErrorKind.NOT_FOUND
    ]
    if not refused:
        if reports:
            holdback.succeeded(holdback.STATUS, now)
        return None
    _put_off([message for message, _error in refused], now)
    return _hold_back([error for _message, error in refused], now, summary)


def _report(message: Message, reply: StatusReport) -> Report:
    return Report(
        source=Source.POLL,
        status=reply.status,
        raw_status=reply.raw_status,
        payload=reply.payload,
        smsbat_id=message.smsbat_id,
        message_id=message.pk,
    )


def _put_off(messages: Sequence[Message], now: datetime) -> None:
    """A request that was refused was no poll: it is made up for when SMSBAT answers again.

    What became final meanwhile, or was sent again, is left as it is.
    """
    for message in messages:
        same = Message.objects.filter(pk=message.pk, next_poll_at=message.next_poll_at)
        same.filter(smsbat_id=message.smsbat_id).update(next_poll_at=now, polls=F("polls") - 1)


def _hold_back(errors: Sequence[GatewayError], now: datetime, summary: Summary) -> GatewayError:
    """What is wrong for everybody ends the run; after anything else all workers wait."""
    for error in errors:
        if error.kind.for_everybody:
            summary.failure = error.explanation
            return error
    asked = [error.retry_after for error in errors if error.retry_after is not None]
    holdback.refused(holdback.STATUS, max(asked, default=None), now)
    return errors[0]
