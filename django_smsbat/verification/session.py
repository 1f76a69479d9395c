"""What the session remembers: which verification is under way, and which has succeeded.

Only its id, for each purpose: the phone is asked for in the database each time, so that a
verification that is gone proves nothing.
"""

from typing import Final

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from django_smsbat.models import Verification
from django_smsbat.services.verification.checking import verified_phone

_UNDER_WAY: Final = "smsbat_verification"
_DONE: Final = "smsbat_verified"
_NEXT: Final = "smsbat_verification_next"
_LAST: Final = "smsbat_verified_last"


def insist_on_one(request: HttpRequest) -> None:
    """
    Raises:
        ImproperlyConfigured: where there is none. A code that nobody can enter would be paid for.
    """
    if not hasattr(request, "session"):
        raise ImproperlyConfigured(
            "the pages that verify phones remember their visitor: put "
            "django.contrib.sessions.middleware.SessionMiddleware into MIDDLEWARE"
        )


def remember(request: HttpRequest, verification: Verification) -> None:
    request.session[_key(_UNDER_WAY, verification.purpose)] = str(verification.id)


def remember_next(request: HttpRequest, next_url: str) -> None:
    """Where to go on afterwards; whatever was asked for before is forgotten."""
    request.session[_NEXT] = next_url


def under_way(request: HttpRequest, purpose: str) -> Verification | None:
    key = request.session.get(_key(_UNDER_WAY, purpose))
    if key is None:
        return None
    return Verification.objects.filter(id=key, purpose=purpose).first()


def succeeded(request: HttpRequest, verification: Verification) -> str:
    """Note that the phone is proved; the address that was asked for next, if any.

    The session gets a new key: whoever knew the old one has proved nothing.
    """
    request.session.cycle_key()
    request.session[_key(_DONE, verification.purpose)] = str(verification.id)
    request.session[_LAST] = verification.purpose
    request.session.pop(_key(_UNDER_WAY, verification.purpose), None)
    return str(request.session.pop(_NEXT, ""))


def phone_of(request: HttpRequest, *, purpose: str = "", within: float = 600) -> str | None:
    """The phone that this session has proved to hold, None where there is none.

    Args:
        purpose: that of the views; a proof for one purpose is none for another.
        within: seconds that may have passed since.
    """
    key = request.session.get(_key(_DONE, purpose))
    return verified_phone(key, purpose=purpose, within=within) if key else None


def last_phone_of(request: HttpRequest) -> str | None:
    """The phone that was proved last, whatever for: to be shown, and for nothing else."""
    return phone_of(request, purpose=request.session.get(_LAST, ""))


def _key(name: str, purpose: str) -> str:
    return f"{name}:{purpose}" if purpose else name
