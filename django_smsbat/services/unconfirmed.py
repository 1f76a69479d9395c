"""Messages of which nobody knows whether SMSBAT took them: a person settles them here.

The software never sends such a message again on its own, unless `RESEND_UNCONFIRMED` says that this
site prefers twice to never. A later report may still settle it.
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
_ATTEMPTS_MAX: Final = 5  # of a message that is sent again without a person's word


def resend(message_ids: Iterable[int]) -> int:
    """Send unconfirmed messages again: whoever did get the first one gets it twice.

    Only reports of the new attempt will count. A campaign that was finished is sending again.

    Returns:
        How many were queued; those that are no longer unconfirmed, or whose campaign was
        cancelled, are left alone.
    """
    queued = sum(_queue_again(keys) for keys in _chunks(message_ids))
    transaction.on_commit(runners.wake)
    return queued


def give_up(message_ids: Iterable[int], now: datetime | None = None) -> int:
    """Take unconfirmed messages for failed; a later report of their delivery still counts.

    Returns:
        How many were settled; those that are no longer unconfirmed are left alone.
    """
    moment = now or timezone.now()
    return sum(_fail(keys, moment) for keys in _chunks(message_ids))


def resend_all(campaign_id: int | None = None) -> int:
    """`resend` for all that are unconfirmed, of one campaign or of all, and of single messages."""
    return resend(_keys_of(_unconfirmed(campaign_id)))


def give_up_all(campaign_id: int | None = None) -> int:
    """`give_up`, likewise."""
    return give_up(_keys_of(_unconfirmed(campaign_id)))


def resend_automatically() -> int:
    """What `RESEND_UNCONFIRMED` asks for. After a few attempts it is a person's turn all the same.

    Called by a worker, which then finds them in the queue. Returns how many were queued.
    """
    return sum(_queue_again(keys) for keys in _chunks(_keys_of(tried_little())))


def tried_little() -> MessageQuerySet:
    """Unconfirmed messages that `resend_automatically` is for: their words are still here."""
    live = Q(campaign=None) | ~Q(campaign__status=CampaignStatus.CANCELLED)
    return _unconfirmed(None).filter(live, attempts__lt=_ATTEMPTS_MAX, purged_at=None)


def _unconfirmed(campaign_id: int | None) -> MessageQuerySet:
    found = Message.objects.filter(status=Status.UNCONFIRMED.value)
    return found if campaign_id is None else found.filter(campaign=campaign_id)


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
    """The campaigns concerned, locked: none can be finished or cancelled while we queue again."""
    ids = Message.objects.filter(pk__in=keys_in(Message, keys)).values("campaign")
    return list(Campaign.objects.filter(pk__in=ids).order_by("pk").select_for_update())
