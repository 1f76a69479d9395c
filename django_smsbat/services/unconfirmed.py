"""Settle unconfirmed messages: it is unknown whether SMSBAT took them.

Only a person sends such a message again, unless the site sets `RESEND_UNCONFIRMED`, which prefers
duplicates to losses. A later report may still settle the message.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain, islice
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from django_smsbat import runners
from django_smsbat.db.set_based import keys_in
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Campaign, CampaignStatus, Message
from django_smsbat.models.message import MessageQuerySet
from django_smsbat.services.tracking import recorder

_CHUNK: Final = 2_000
_ATTEMPTS_MAX: Final = 5  # of a message that is resent automatically


def resend(message_ids: Iterable[int]) -> int:
    """Requeue unconfirmed messages. A recipient who got the first one gets a duplicate.

    Only reports of the new attempt count. A finished campaign becomes `sending` again.

    Returns:
        How many messages were queued. Messages that are no longer unconfirmed, or that belong to a
        cancelled campaign, do not change.
    """
    queued = sum(_queue_again(keys) for keys in _chunks(message_ids))
    transaction.on_commit(runners.wake)
    return queued


def give_up(message_ids: Iterable[int], now: datetime | None = None) -> int:
    """Mark unconfirmed messages as failed; a later report of their delivery still counts.

    Returns:
        How many messages were settled. Messages that are no longer unconfirmed do not change.
    """
    settled_at = now or timezone.now()
    return sum(_fail(keys, settled_at) for keys in _chunks(message_ids))


def resend_all(campaign_id: int | None = None) -> int:
    """`resend` for all unconfirmed messages: of one campaign, or of all and single messages."""
    return resend(_keys_of(_unconfirmed(campaign_id)))


def give_up_all(campaign_id: int | None = None) -> int:
    """`give_up` for the same messages as `resend_all`."""
    return give_up(_keys_of(_unconfirmed(campaign_id)))


def resend_automatically() -> int:
    """Requeue unconfirmed messages for `RESEND_UNCONFIRMED`; return how many.

    After a few attempts, a person must settle the message. Called by a worker, which then sends the
    queued messages.
    """
    return sum(_queue_again(keys) for keys in _chunks(_keys_of(tried_little())))


def tried_little() -> MessageQuerySet:
    """Return the messages for `resend_automatically`: few attempts, and the text is not purged."""
    live = Q(campaign=None) | ~Q(campaign__status=CampaignStatus.CANCELLED)
    return _unconfirmed(None).filter(live, attempts__lt=_ATTEMPTS_MAX, purged_at=None)


def _unconfirmed(campaign_id: int | None) -> MessageQuerySet:
    messages = Message.objects.filter(status=Status.UNCONFIRMED.value)
    return messages if campaign_id is None else messages.filter(campaign=campaign_id)


def _keys_of(wanted: MessageQuerySet) -> Iterator[int]:
    return chain.from_iterable(wanted.batches_of_keys(_CHUNK))


def _chunks(keys: Iterable[int]) -> Iterator[list[int]]:
    iterator = iter(keys)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def _among(keys: list[int]) -> MessageQuerySet:
    return _unconfirmed(None).filter(pk__in=keys_in(Message, keys))


@transaction.atomic
def _fail(keys: list[int], now: datetime) -> int:
    reports = [
        recorder.local(m, Status.FAILED, "given_up", "given up by hand")
        for m in _among(keys).locked()
    ]
    return len(recorder.record(reports, now))


@transaction.atomic
def _queue_again(keys: list[int]) -> int:
    campaigns = _lock_campaigns(keys)
    over = [c.pk for c in campaigns if c.status == CampaignStatus.CANCELLED]
    finished = [c.pk for c in campaigns if c.status == CampaignStatus.SENT]
    queued = _among(keys).exclude(campaign__in=over).requeue()
    again = Message.objects.filter(pk__in=keys_in(Message, keys), campaign__in=finished).queued()
    Campaign.objects.filter(pk__in=set(again.values_list("campaign", flat=True))).update(
        status=CampaignStatus.SENDING, finished_at=None
    )
    return queued


def _lock_campaigns(keys: list[int]) -> list[Campaign]:
    """Lock and return the campaigns, so that none is finished or cancelled during the requeue."""
    ids = Message.objects.filter(pk__in=keys_in(Message, keys)).values("campaign")
    return list(Campaign.objects.filter(pk__in=ids).order_by("pk").select_for_update())
