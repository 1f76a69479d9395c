"""Proofs: what the right code is answered with, good once and for a short time.

A proof is random and independent of the verification's id, which is part of URLs and of their logs.
The database knows only its hash.
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
    """A random proof, in characters that URLs and JSON take as they are."""
    return secrets.token_urlsafe(_BYTES)


@sensitive_variables()
def hashed(proof: str) -> str:
    """What is stored of a proof. It is too long to be guessed, so the hash needs no key."""
    return hashlib.sha256(proof.encode(errors="replace")).hexdigest()


@private_frames
@sensitive_variables()
def take(
    proof: str, *, purpose: str = "", within: float = LIFETIME, now: datetime | None = None
) -> str | None:
    """Use a proof: the phone that it proves, in E.164, the first time and never again.

    Of several calls with one proof at the same time one gets the phone. A call with another purpose
    gets nothing, and uses nothing up. Inside a transaction that is rolled back the proof was not
    used.

    Args:
        proof: from `Checked.proof`, or from the ``proof`` of the API's answer.
        purpose: the one that the verification was started with.
        within: seconds that may have passed since the right code was entered.

    Returns:
        None for a proof that is unknown, used, too old, or for another purpose.
    """
    now = now or clock.moment()
    return _use(_good(proof, purpose, within, now), now)


@sensitive_variables()
def phone_proved_by(
    proof: str, *, purpose: str = "", within: float = LIFETIME, now: datetime | None = None
) -> str | None:
    """The phone that a proof would prove; the proof stays good."""
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
    """The phone of a verification by its id, once. Deprecated: use `take` with the proof.

    The id is part of the URL that the code is posted to, and therefore of access logs. Proof and id
    share their one use.
    """
    warnings.warn(
        "verification.verified_phone(id) will be removed: use verification.take(proof), with the "
        "proof that the right code was answered with",
        DeprecationWarning,
        stacklevel=3,  # beyond the decorator
    )
    now = now or clock.moment()
    try:
        return _use(_unused(purpose, within, now).filter(id=verification_id), now)
    except (ValidationError, ValueError):  # no UUID at all
        return None


@sensitive_variables()
def _good(proof: str, purpose: str, within: float, now: datetime) -> VerificationQuerySet:
    """The verification that a proof belongs to, if the proof is good; it may come from outside."""
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
    """Mark the verification as used; its phone if it was this call that did so."""
    found = rows.only("phone").first()
    if found is None:
        return None
    unused = Verification.objects.filter(pk=found.pk, taken_at=None)
    return found.phone if unused.update(taken_at=now, proof_hash="") else None
