"""What the session remembers: which verification is under way, and which has succeeded.

Only its id: the phone is asked for in the database each time, so that a verification that is gone
proves nothing.
"""

from typing import Final
from uuid import UUID

from django.http import HttpRequest

from django_smsbat.models import Verification
from django_smsbat.services.verification.checking import verified_phone

_UNDER_WAY: Final = "smsbat_verification"
_DONE: Final = "smsbat_verified"
_NEXT: Final = "smsbat_verification_next"


def remember(request: HttpRequest, verification: Verification, next_url: str = "") -> None:
    request.session[_UNDER_WAY] = str(verification.id)
    if next_url:
        request.session[_NEXT] = next_url


def under_way(request: HttpRequest, purpose: str) -> Verification | None:
    key = request.session.get(_UNDER_WAY)
    if key is None:
        return None
    return Verification.objects.filter(id=key, purpose=purpose).first()


def succeeded(request: HttpRequest, key: UUID) -> str:
    """Note that the phone is proved; the address that was asked for next, if any."""
    request.session[_DONE] = str(key)
    request.session.pop(_UNDER_WAY, None)
    return str(request.session.pop(_NEXT, ""))


def phone_of(request: HttpRequest, *, purpose: str = "", within: float = 600) -> str | None:
    """The phone that this session has proved to hold, None where there is none.

    Args:
        within: seconds that may have passed since.
    """
    key = request.session.get(_DONE)
    return verified_phone(key, purpose=purpose, within=within) if key else None
