"""What the session remembers: which verification is under way, and the proof of one that succeeded.

For each purpose the id of the one and the proof of the other: the phone is read from the database
each time, so that a verification that is gone proves nothing.
"""

from typing import Final

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from django_smsbat.models import Verification
from django_smsbat.services.verification import proofs

_UNDER_WAY: Final = "smsbat_verification"
_PROOF: Final = "smsbat_proof"
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


def id_under_way(request: HttpRequest, purpose: str) -> str | None:
    key = request.session.get(_key(_UNDER_WAY, purpose))
    return None if key is None else str(key)


def under_way(request: HttpRequest, purpose: str) -> Verification | None:
    key = id_under_way(request, purpose)
    if key is None:
        return None
    return Verification.objects.filter(id=key, purpose=purpose).first()


@sensitive_variables()
def succeeded(request: HttpRequest, purpose: str, proof: str) -> str:
    """Remember the proof that the phone is proved; the address that was asked for next, if any.

    The session gets a new key: whoever knew the old one has proved nothing.
    """
    request.session.cycle_key()
    request.session[_key(_PROOF, purpose)] = proof
    request.session[_LAST] = purpose
    request.session.pop(_key(_UNDER_WAY, purpose), None)
    return str(request.session.pop(_NEXT, ""))


@sensitive_variables()
def phone_of(request: HttpRequest, *, purpose: str = "", within: float = 600) -> str | None:
    """The phone that this session has proved to hold, None if there is none.

    It stays proved until `take_phone` uses the proof.

    Args:
        purpose: that of the views; a proof for one purpose is none for another.
        within: seconds that may have passed since.
    """
    proof = request.session.get(_key(_PROOF, purpose), "")
    return proofs.phone_proved_by(proof, purpose=purpose, within=within)


@sensitive_variables()
def take_phone(request: HttpRequest, *, purpose: str = "", within: float = 600) -> str | None:
    """The phone that this session has proved to hold, once: for what one proof is to allow once."""
    proof = request.session.pop(_key(_PROOF, purpose), "")
    return proofs.take(proof, purpose=purpose, within=within)


def last_phone_of(request: HttpRequest) -> str | None:
    """The phone that was proved last, whatever for: to be shown, and for nothing else."""
    return phone_of(request, purpose=request.session.get(_LAST, ""))


def _key(name: str, purpose: str) -> str:
    return f"{name}:{purpose}" if purpose else name
