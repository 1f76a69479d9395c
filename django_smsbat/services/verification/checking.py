"""Compares a code that somebody entered, a few times at most for each that was sent."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from django_smsbat import conf, signals
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.models import Verification, VerificationStatus
from django_smsbat.services import clock, signal_dispatch
from django_smsbat.services.transactions import tried_again
from django_smsbat.services.verification import callers, codes, proofs
from django_smsbat.services.verification.failures import Failures
from django_smsbat.services.verification.finishing import finish


@dataclass(frozen=True)
class Checked:
    """What came of a check; true for the right code, and for nothing else.

    Attributes:
        status: of the verification; None where there is none.
        phone: in E.164, of who has just proved to hold it; empty for everything else.
        attempts_left: codes that may still be tried.
        proof: of the right code, for `take`; empty for everything else.
    """

    status: VerificationStatus | None
    phone: str = ""
    attempts_left: int = 0
    proof: str = field(default="", repr=False)

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

    The right code is answered with a proof, which `take` accepts once. A code is good once: whoever
    enters it again is told that it was `verified`, but the answer is not true any more, and has no
    proof.

    Args:
        verification_id: the `id` of what `start` returned.
        code: as it was written; of a flash call its last digits, or the whole number that called.
        purpose: the one it was started with.
    """
    moment = now or clock.moment()

    @sensitive_variables()
    def attempt() -> Checked:  # no partial, whose repr in an error report would show the code
        return _check(verification_id, code, purpose, moment)

    return tried_again(attempt)


@sensitive_variables()
def _check(verification_id: UUID | str, code: str, purpose: str, now: datetime) -> Checked:
    found = _find(verification_id, purpose)
    if found is None:
        return Checked(None)
    if found.status != VerificationStatus.PENDING:
        return Checked(VerificationStatus(found.status))
    if found.expires_at <= now:
        finish(found, VerificationStatus.EXPIRED, now)
        return Checked(VerificationStatus.EXPIRED)
    return _compare(found, code, now)


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
    failures = Failures(found, now)
    left = min(most - found.attempts, failures.left)
    if left <= 0:
        return _exhausted(found, now)
    if not codes.is_written_like(code, found):
        return Checked(VerificationStatus.PENDING, attempts_left=left)
    found.attempts += 1
    found.save(update_fields=["attempts"])
    if codes.matches(found, code):
        return _verified(found, left - 1, now)
    failures.add()
    left = min(most - found.attempts, failures.left)
    if left <= 0:
        return _exhausted(found, now)
    return Checked(VerificationStatus.PENDING, attempts_left=left)


def _exhausted(found: Verification, now: datetime) -> Checked:
    finish(found, VerificationStatus.EXHAUSTED, now)
    return Checked(VerificationStatus.EXHAUSTED)


@sensitive_variables()
def _verified(found: Verification, left: int, now: datetime) -> Checked:
    proof = proofs.new()
    finish(found, VerificationStatus.VERIFIED, now, proof_hash=proofs.hashed(proof))
    occasion = {"verification": found}
    signal_dispatch.after_commit(signals.phone_verified, [occasion], sender=Verification)
    return Checked(VerificationStatus.VERIFIED, found.phone, left, proof)
