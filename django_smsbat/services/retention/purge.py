"""Purge old messages in batches: first redact their text, then delete their rows.

Their totals are retained. Messages without a final status are not purged: a person settles them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, F, Max, Q, Sum

from django_smsbat import conf
from django_smsbat.db.set_based import keys_in, texts_in
from django_smsbat.gateway.message_types import BATCH_MAX
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.gateway.statuses import FINAL
from django_smsbat.models import EmailState, InboundMessage, Message, PurgedMessages
from django_smsbat.models.message import MessageQuerySet
from django_smsbat.models.status_event import empty_payloads, remove_with_messages
from django_smsbat.services.clock import Clock, until_stopped
from django_smsbat.services.money import exact
from django_smsbat.services.recipients.imports import uploads
from django_smsbat.services.retention import senders
from django_smsbat.services.tracking import orphans
from django_smsbat.services.verification import finishing

_CHUNK: Final = 1_000
_SIDE_BY_SIDE: Final = 2 * BATCH_MAX
_IS_OVER: Final = Q(status__in=[status.value for status in FINAL])
_NO_WORDS: Final[dict[str, Any]] = {
    "text": "",
    "message_data": {},
    "fallback_text": "",
    "error_message": "",  # SMSBAT's text, which may quote a phone
}


@dataclass
class Result:
    """The counts of a purge.

    Attributes:
        emptied: messages with redacted text and payloads.
        removed: deleted messages.
        inbound: deleted incoming messages.
        recipients: deleted recipients that callbacks had created.
        orphans: deleted reports that matched no message.
        left: old messages without a final status.
        is_complete: False if the purge was stopped before the end.
    """

    emptied: int = 0
    removed: int = 0
    inbound: int = 0
    recipients: int = 0
    orphans: int = 0
    left: int = 0
    is_complete: bool = True


@private_frames
def purge(
    before: datetime,
    clock: Clock,
    *,
    keep_rows: bool = False,
    on_progress: Callable[[int], object] = lambda messages: None,
) -> Result:
    """Purge messages created before that time.

    The purge first redacts the messages and the payloads of their reports, then deletes incoming
    messages, then the rows. If it is killed in between, the next purge continues.

    Args:
        keep_rows: redact the messages but retain the rows, with recipient, time and cost.
        on_progress: called after each batch with its number of messages.
    """
    old = Message.objects.filter(created_at__lt=before)
    over = _over(old)
    uploads.forget_old(max(before, clock.now() - uploads.KEPT))
    result = Result()
    wordy = over.filter(purged_at=None).batches_of_keys(_CHUNK)
    for keys in until_stopped(wordy, clock):
        result.emptied += _empty(keys, clock.now())
        on_progress(len(keys))
    result.inbound = _remove_inbound(before, clock)
    result.recipients = senders.remove_old(before, clock)
    for keys in () if keep_rows else until_stopped(over.batches_of_keys(_CHUNK), clock):
        result.removed += remove(keys, only=_IS_OVER)
        on_progress(len(keys))
    if not keep_rows:
        finishing.forget(before)
    result.orphans = orphans.forget_old(clock.now())
    result.left = old.exclude(_IS_OVER).count()
    result.is_complete = not clock.stopping
    return result


def _over(old: MessageQuerySet) -> MessageQuerySet:
    """Return the messages in a final status without a pending fallback e-mail."""
    over = old.filter(_IS_OVER)
    if not conf.current().email_fallback:
        return over
    to_be_mailed = [EmailState.QUEUED, EmailState.SENDING]
    return over.exclude(fallback_email__state__in=to_be_mailed)


@transaction.atomic
def _empty(keys: Collection[int], now: datetime) -> int:
    """Redact messages. Check the status under the lock: a user may have resent a message."""
    rows = Message.objects.among(keys).filter(_IS_OVER).locked()
    locked = list(rows.values_list("pk", flat=True))
    Message.objects.among(locked).update(**_NO_WORDS, purged_at=now)
    empty_payloads(locked)
    return len(locked)


def _remove_inbound(before: datetime, clock: Clock) -> int:
    removed = 0
    old = InboundMessage.objects.filter(received_at__lt=before).order_by("pk")
    while not clock.stopping:
        keys = list(old.values_list("pk", flat=True)[:_CHUNK])
        if not keys:
            break
        with transaction.atomic():
            _keep_replies(keys)
            InboundMessage.objects.filter(pk__in=keys).delete()
        removed += len(keys)
    return removed


def _keep_replies(inbound: Collection[int]) -> None:
    """Add the replies to campaigns to the totals before the replies are deleted."""
    answers = InboundMessage.objects.filter(pk__in=inbound).exclude(in_reply_to=None)
    counted = answers.order_by().values_list(*(f"in_reply_to__{name}" for name in _GROUP))
    for *group, replies in counted.annotate(replies=Count("pk")):
        _add(group, {"replies": replies})


@transaction.atomic
def remove(keys: Collection[int], only: Q = Q()) -> int:  # noqa: B008 - never changed
    """Delete these messages with all their reports, and add them to the totals.

    Args:
        only: a condition that is checked again when the messages are locked.

    Returns:
        The number of deleted messages.
    """
    rows = Message.objects.among(keys).filter(only).locked().values_list("pk", flat=True)
    locked = list(rows)
    if not locked:
        return 0
    _keep_numbers(locked)
    remove_with_messages(locked)
    Message.objects.among(locked).delete()
    return len(locked)


_GROUP: Final = ("campaign", "status", "delivered_by", "currency")


def _keep_numbers(keys: Collection[int]) -> None:
    messages = Message.objects.among(keys).order_by()
    counted = messages.values_list(*_GROUP).annotate(
        messages=Count("pk"),
        priced=Count("cost"),
        total_cost=Sum("cost"),
        total_parts=Sum("parts"),
        total_polls=Sum("polls"),
        last=Max("final_at"),
    )
    for *group, number, priced, cost, parts, polls, last in counted:
        numbers = {"messages": number, "priced": priced, "cost": exact(cost), "parts": parts}
        _add(group, {**numbers, "requests": polls}, last)
    answered = messages.filter(replies__isnull=False).values_list(*_GROUP)
    for *group, replies in answered.annotate(n=Count("replies")):
        _add(group, {"replies": replies})
    _keep_requests(keys)


def _keep_requests(keys: Collection[int]) -> None:
    """Count each send request when its last remaining message is deleted.

    Only messages with nearby keys are searched, as a request's messages have adjacent keys. A wider
    search would scan the whole campaign for each batch.
    """
    for run in _runs(keys):
        near = Message.objects.filter(pk__range=(run[0] - _SIDE_BY_SIDE, run[-1] + _SIDE_BY_SIDE))
        among = near.filter(pk__in=keys_in(Message, run)).exclude(messagelist_id="").order_by()
        ends = {(of[0], of[-1]): of[:-1] for of in among.values_list(*_GROUP, "messagelist_id")}
        same = near.filter(messagelist_id__in=texts_in(Message, {name for _, name in ends}))
        left = same.exclude(pk__in=keys_in(Message, run)).order_by()
        known = set(left.values_list("campaign", "messagelist_id").distinct())
        for request, group in ends.items():
            if request not in known:
                _add(group, {"requests": 1})


def _runs(keys: Collection[int]) -> list[list[int]]:
    """Return the sorted keys, split at large gaps."""
    runs: list[list[int]] = []
    for key in sorted(keys):
        if runs and key - runs[-1][-1] <= _SIDE_BY_SIDE:
            runs[-1].append(key)
        else:
            runs.append([key])
    return runs


def _add(group: Sequence[object], numbers: Mapping[str, Any], last: datetime | None = None) -> None:
    of: dict[str, Any] = dict(zip(_GROUP, group, strict=True))
    of["campaign_id"] = of.pop("campaign")
    # No constraint prevents duplicate rows without a campaign, so readers sum the rows.
    known = PurgedMessages.objects.filter(**of).order_by("pk").first()
    totals = known or PurgedMessages.objects.create(**of)
    PurgedMessages.objects.filter(pk=totals.pk).update(
        **{name: F(name) + (number or 0) for name, number in numbers.items()},
    )
    if last is not None:
        later = Q(last_final_at=None) | Q(last_final_at__lt=last)
        PurgedMessages.objects.filter(later, pk=totals.pk).update(last_final_at=last)
