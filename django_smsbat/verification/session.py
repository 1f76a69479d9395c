"""Session data: the current verification, and the proof of a successful one.

The session stores the id of the former and the proof of the latter for each purpose. The phone is
read from the database each time, so that a deleted verification proves nothing.
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
    """Require session support.

    Raises:
        ImproperlyConfigured: if there is no session. The site would pay for a code that cannot be
            entered.
    """
    if not hasattr(request, "session"):
        raise ImproperlyConfigured(
            "the pages that verify phones remember their visitor: put "
            "django.contrib.sessions.middleware.SessionMiddleware into MIDDLEWARE"
        )


def remember(request: HttpRequest, verification: Verification) -> None:
    request.session[_key(_UNDER_WAY, verification.purpose)] = str(verification.id)


def remember_next(request: HttpRequest, next_url: str) -> None:
    """Store the URL to redirect to afterwards, replacing any earlier one."""
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
    """Store the proof; return the URL to redirect to, if any.

    The session gets a new key: a client that knows the old one has proved nothing.
    """
    request.session.cycle_key()
    request.session[_key(_PROOF, purpose)] = proof
    request.session[_LAST] = purpose
    request.session.pop(_key(_UNDER_WAY, purpose), None)
    return str(request.session.pop(_NEXT, ""))


@sensitive_variables()
def phone_of(request: HttpRequest, *, purpose: str = "", within: float = 600) -> str | None:
    """Return the phone that this session has verified, None if there is none.

    It stays verified until `take_phone` uses the proof.

    Args:
        purpose: that of the views; a proof for one purpose is not valid for another.
        within: maximum age of the proof in seconds.
    """
    proof = request.session.get(_key(_PROOF, purpose), "")
    return proofs.phone_proved_by(proof, purpose=purpose, within=within)


@sensitive_variables()
def take_phone(request: HttpRequest, *, purpose: str = "", within: float = 600) -> str | None:
    """Return the phone that this session has verified, and use up the proof: it works once."""
    proof = request.session.pop(_key(_PROOF, purpose), "")
    return proofs.take(proof, purpose=purpose, within=within)


def last_phone_of(request: HttpRequest) -> str | None:
    """Return the phone verified last, for any purpose: for display only."""
    return phone_of(request, purpose=request.session.get(_LAST, ""))


def _key(name: str, purpose: str) -> str:
    return f"{name}:{purpose}" if purpose else name
