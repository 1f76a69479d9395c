"""How a verification ends: once, and without its code."""

from datetime import datetime

from django.db.models import Q

from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Message, Verification, VerificationCounter, VerificationStatus
from django_smsbat.services.tracking import recorder
from django_smsbat.services.verification import counters

_CHUNK = 1_000


def finish(
    verification: Verification, status: VerificationStatus, now: datetime, *, proof_hash: str = ""
) -> bool:
    """Let it end, unless it has ended already; whether it was this call that ended it."""
    told = {"status": status.value, "finished_at": now, "code_hash": "", "proof_hash": proof_hash}
    ended = Verification.objects.pending().filter(pk=verification.pk).update(**told)
    if ended:
        for name, value in told.items():
            setattr(verification, name, value)
    return bool(ended)


def expire_overdue(now: datetime) -> int:
    """End all whose time is over, with messages of theirs that are in doubt: nobody needs them.

    Returns:
        How many verifications ended.
    """
    ended = 0
    while keys := list(Verification.objects.overdue(now).values_list("pk", flat=True)[:_CHUNK]):
        told = {"status": VerificationStatus.EXPIRED, "finished_at": now, "code_hash": ""}
        ended += Verification.objects.pending().filter(pk__in=keys).update(**told)
    _settle_doubts(now)
    counters.delete_expired(now)
    return ended


def _settle_doubts(now: datetime) -> None:
    """A code that may or may not have left is worth nothing any more: no person need settle it."""
    over = Verification.objects.exclude(status=VerificationStatus.PENDING)
    doubts = Message.objects.filter(status=Status.UNCONFIRMED.value, verifications__in=over)
    found = list(doubts.order_by("pk")[:_CHUNK])
    words = "the code that it holds is good no longer"
    recorder.record([recorder.local(one, Status.EXPIRED, "code_over", words) for one in found], now)


def forget(before: datetime) -> int:
    """Remove verifications of before; how many there were."""
    doubts = Q(message__status=Status.UNCONFIRMED.value)  # these are settled first
    removed, _ = Verification.objects.filter(created_at__lt=before).exclude(doubts).delete()
    VerificationCounter.objects.filter(since__lt=before).delete()
    return removed
