"""Finish verifications. A verification finishes once, and its code hash is then cleared."""

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
    """Finish a verification if it is still pending.

    Returns:
        Whether this call finished it.
    """
    values = {"status": status.value, "finished_at": now, "code_hash": "", "proof_hash": proof_hash}
    ended = Verification.objects.pending().filter(pk=verification.pk).update(**values)
    if ended:
        for name, value in values.items():
            setattr(verification, name, value)
    return bool(ended)


def expire_overdue(now: datetime) -> int:
    """Expire pending verifications past `expires_at`, and settle their unconfirmed messages.

    Returns:
        The number of expired verifications.
    """
    ended = 0
    while keys := list(Verification.objects.overdue(now).values_list("pk", flat=True)[:_CHUNK]):
        values = {"status": VerificationStatus.EXPIRED, "finished_at": now, "code_hash": ""}
        ended += Verification.objects.pending().filter(pk__in=keys).update(**values)
    _settle_doubts(now)
    counters.delete_expired(now)
    return ended


def _settle_doubts(now: datetime) -> None:
    """Expire unconfirmed messages of finished verifications: their codes are no longer valid."""
    over = Verification.objects.exclude(status=VerificationStatus.PENDING)
    doubts = Message.objects.filter(status=Status.UNCONFIRMED.value, verifications__in=over)
    reason = "the code that it holds is good no longer"
    recorder.record(
        [
            recorder.local(message, Status.EXPIRED, "code_over", reason)
            for message in doubts.order_by("pk")[:_CHUNK]
        ],
        now,
    )


def forget(before: datetime) -> int:
    """Delete verifications created before that time, except those with an unconfirmed message.

    Returns:
        The number of deleted rows.
    """
    doubts = Q(message__status=Status.UNCONFIRMED.value)  # settled first, then deleted
    removed, _ = Verification.objects.filter(created_at__lt=before).exclude(doubts).delete()
    VerificationCounter.objects.filter(since__lt=before).delete()
    return removed
