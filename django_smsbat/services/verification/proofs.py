"""Proofs: single-use, short-lived tokens that `check` returns for the right code.

A proof is random and independent of the verification's id, which appears in URLs and access logs.
The database stores only its hash.
"""

import hashlib
import secrets
import warnings
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.models import Verification, VerificationStatus
from django_smsbat.models.verification import VerificationQuerySet
from django_smsbat.services import clock

_BYTES: Final = 32
LIFETIME: Final = 600.0  # seconds


def new() -> str:
    """Return a random proof that needs no escaping in URLs and JSON."""
    return secrets.token_urlsafe(_BYTES)


@sensitive_variables()
def hashed(proof: str) -> str:
    """Return the stored hash of a proof. It needs no key: a proof is too long to guess."""
    return hashlib.sha256(proof.encode(errors="replace")).hexdigest()


@private_frames
@sensitive_variables()
def take(
    proof: str, *, purpose: str = "", within: float = LIFETIME, now: datetime | None = None
) -> str | None:
    """Use up a proof and return the phone that it proves.

    If several calls use the same proof concurrently, only one gets the phone. A call with another
    purpose does not use up the proof. If the surrounding transaction is rolled back, the proof
    stays valid.

    Args:
        proof: from `Checked.proof`, or from the ``proof`` field of the API's response.
        purpose: the purpose with which the verification was started.
        within: the longest time in seconds since the right code was entered.

    Returns:
        The phone in E.164; None if the proof is unknown, used, too old, or for another purpose.
    """
    now = now or clock.moment()
    return _use(_good(proof, purpose, within, now), now)


@sensitive_variables()
def phone_proved_by(
    proof: str, *, purpose: str = "", within: float = LIFETIME, now: datetime | None = None
) -> str | None:
    """Return the phone that a proof proves, without using up the proof."""
    good = _good(proof, purpose, within, now or clock.moment())
    return good.values_list("phone", flat=True).first()


@private_frames
def verified_phone(
    verification_id: UUID | str,
    *,
    purpose: str = "",
    within: float = LIFETIME,
    now: datetime | None = None,
) -> str | None:
    """Return the phone of a verification by its id, once. Deprecated: use `take` with the proof.

    The id is part of the URL to which the code is posted, and therefore appears in access logs.
    Using either the proof or the id uses up both.
    """
    warnings.warn(
        "verification.verified_phone(id) will be removed: use verification.take(proof), with the "
        "proof that the right code was answered with",
        DeprecationWarning,
        stacklevel=3,  # skips the decorator's frame
    )
    now = now or clock.moment()
    try:
        return _use(_unused(purpose, within, now).filter(id=verification_id), now)
    except (ValidationError, ValueError):  # not a UUID
        return None


@sensitive_variables()
def _good(proof: str, purpose: str, within: float, now: datetime) -> VerificationQuerySet:
    """Return the verification of a valid proof. The proof is untrusted input of any type."""
    if not isinstance(proof, str) or not proof:
        return Verification.objects.none()
    return _unused(purpose, within, now).filter(proof_hash=hashed(proof))


def _unused(purpose: str, within: float, now: datetime) -> VerificationQuerySet:
    return Verification.objects.filter(
        purpose=purpose,
        status=VerificationStatus.VERIFIED,
        taken_at=None,
        finished_at__gte=now - timedelta(seconds=within),
    )


def _use(rows: VerificationQuerySet, now: datetime) -> str | None:
    """Mark the verification as used. Return its phone if this call marked it."""
    verification = rows.only("phone").first()
    if verification is None:
        return None
    unused = Verification.objects.filter(pk=verification.pk, taken_at=None)
    return verification.phone if unused.update(taken_at=now, proof_hash="") else None
