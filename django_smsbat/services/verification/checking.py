"""Check entered codes. Each sent code allows a limited number of attempts."""

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
    """The result of a check. It is true only for the right code.

    Attributes:
        status: of the verification; None if there is no such verification.
        phone: the phone just verified, in E.164; empty unless the code was right.
        attempts_left: number of remaining attempts.
        proof: the proof to pass to `take`; empty unless the code was right.
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
    """Compare an entered code with the sent code. Every attempt counts, also concurrent attempts.

    Input with fewer digits than the code does not count as an attempt.

    The result for the right code contains a proof, which `take` accepts once. A code is valid once:
    if it is entered again, the result has the status `verified`, but it is false and has no proof.

    Args:
        verification_id: the `id` of the verification that `start` returned.
        code: the raw input; for a flash call the last digits or the whole number of the caller.
        purpose: the purpose with which the verification was started.
    """
    at = now or clock.moment()

    @sensitive_variables()
    def attempt() -> Checked:  # not a partial: its repr in an error report would show the code
        return _check(verification_id, code, purpose, at)

    return tried_again(attempt)


@sensitive_variables()
def _check(verification_id: UUID | str, code: str, purpose: str, now: datetime) -> Checked:
    verification = _find(verification_id, purpose)
    if verification is None:
        return Checked(None)
    if verification.status != VerificationStatus.PENDING:
        return Checked(VerificationStatus(verification.status))
    if verification.expires_at <= now:
        finish(verification, VerificationStatus.EXPIRED, now)
        return Checked(VerificationStatus.EXPIRED)
    return _compare(verification, code, now)


def _find(verification_id: UUID | str, purpose: str) -> Verification | None:
    """Return the locked verification. The lock makes concurrent attempts count separately."""
    try:
        rows = Verification.objects.select_for_update().filter(id=verification_id, purpose=purpose)
        return rows.first()
    except (ValidationError, ValueError):  # not a UUID
        return None


@sensitive_variables()
def _compare(verification: Verification, code: str, now: datetime) -> Checked:
    most = callers.attempts(verification.channel, conf.current())
    failures = Failures(verification, now)
    left = min(most - verification.attempts, failures.left)
    if left <= 0:
        return _exhausted(verification, now)
    if not codes.is_written_like(code, verification):
        return Checked(VerificationStatus.PENDING, attempts_left=left)
    verification.attempts += 1
    verification.save(update_fields=["attempts"])
    if codes.matches(verification, code):
        return _verified(verification, left - 1, now)
    failures.add()
    left = min(most - verification.attempts, failures.left)
    if left <= 0:
        return _exhausted(verification, now)
    return Checked(VerificationStatus.PENDING, attempts_left=left)


def _exhausted(verification: Verification, now: datetime) -> Checked:
    finish(verification, VerificationStatus.EXHAUSTED, now)
    return Checked(VerificationStatus.EXHAUSTED)


@sensitive_variables()
def _verified(verification: Verification, left: int, now: datetime) -> Checked:
    proof = proofs.new()
    finish(verification, VerificationStatus.VERIFIED, now, proof_hash=proofs.hashed(proof))
    occasion = {"verification": verification}
    signal_dispatch.after_commit(signals.phone_verified, [occasion], sender=Verification)
    return Checked(VerificationStatus.VERIFIED, verification.phone, left, proof)
