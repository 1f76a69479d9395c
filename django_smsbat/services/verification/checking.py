"""Compares a code that somebody entered, a few times at most for each that was sent."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from django_smsbat import conf, signals
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.models import Verification, VerificationStatus
from django_smsbat.services import announcing, clock
from django_smsbat.services.verification import callers, codes
from django_smsbat.services.verification.finishing import finish


@dataclass(frozen=True)
class Checked:
    """What came of a check; true for the right code, and for nothing else.

    Attributes:
        status: of the verification; None where there is none.
        phone: in E.164, of who has just proved to hold it; empty for everything else.
        attempts_left: codes that may still be tried.
    """

    status: VerificationStatus | None
    phone: str = ""
    attempts_left: int = 0

    def __bool__(self) -> bool:
        return bool(self.phone)

    def __repr__(self) -> str:
        return f"Checked({self.status}, attempts_left={self.attempts_left})"


@private_frames
@sensitive_variables()
def check(
    verification_id: UUID | str, code: str, *, purpose: str = "", now: datetime | None = None
) -> Checked:
    """Compare a code with the one that was sent. Each try counts, also of several at once.

    What cannot be the code, with fewer digits than it has, is no try.

    A code is good once: whoever enters it again is told that it was `verified`, but the answer is
    not true any more.

    Args:
        verification_id: the `id` of what `start` returned.
        code: as it was written; of a flash call its last digits, or the whole number that called.
        purpose: the one it was started with.
    """
    moment = now or clock.moment()
    with transaction.atomic():
        found = _find(verification_id, purpose)
        if found is None:
            return Checked(None)
        if found.status != VerificationStatus.PENDING:
            return Checked(VerificationStatus(found.status))
        if found.expires_at <= moment:
            finish(found, VerificationStatus.EXPIRED, moment)
            return Checked(VerificationStatus.EXPIRED)
        return _compare(found, code, moment)


def _find(verification_id: UUID | str, purpose: str) -> Verification | None:
    """Locked, so that of two who try at once each counts."""
    try:
        rows = Verification.objects.select_for_update().filter(id=verification_id, purpose=purpose)
        return rows.first()
    except (ValidationError, ValueError):  # no UUID at all
        return None


@sensitive_variables()
def _compare(found: Verification, code: str, now: datetime) -> Checked:
    most = callers.attempts(found.channel, conf.current())
    if not codes.is_written_like(code, found):
        return Checked(VerificationStatus.PENDING, attempts_left=most - found.attempts)
    found.attempts += 1
    found.save(update_fields=["attempts"])
    if found.attempts <= most and codes.matches(found, code):
        finish(found, VerificationStatus.VERIFIED, now)
        occasion = {"verification": found}
        announcing.after_commit(signals.phone_verified, [occasion], sender=Verification)
        return Checked(VerificationStatus.VERIFIED, found.phone, most - found.attempts)
    if found.attempts >= most:
        finish(found, VerificationStatus.EXHAUSTED, now)
        return Checked(VerificationStatus.EXHAUSTED)
    return Checked(VerificationStatus.PENDING, attempts_left=most - found.attempts)


@private_frames
def verified_phone(
    verification_id: UUID | str,
    *,
    purpose: str = "",
    within: float = 600,
    now: datetime | None = None,
) -> str | None:
    """The phone that was verified by that verification, for code that was not there when it was.

    Args:
        within: seconds that may have passed since the right code was entered.

    Returns:
        None where there is no such verification, it did not succeed, or that was too long ago.
    """
    since = (now or clock.moment()) - timedelta(seconds=within)
    try:
        found = Verification.objects.filter(
            id=verification_id,
            purpose=purpose,
            status=VerificationStatus.VERIFIED,
            finished_at__gte=since,
        )
        return found.values_list("phone", flat=True).first()
    except (ValidationError, ValueError):
        return None
