"""Suppression of the phones of erased people. Only a keyed hash of the phone is stored.

The key is Django's `SECRET_KEY`. Hashes with one of `SECRET_KEY_FALLBACKS` stay valid.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final

from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from django_smsbat import conf
from django_smsbat.db.set_based import texts_in
from django_smsbat.models import Suppression

_SALT: Final = "django_smsbat.suppression"


def suppress(phone: str, now: datetime) -> None:
    """Prevent imports from adding this phone again."""
    digest = _digest(phone, conf.secret_keys()[0])
    Suppression.objects.get_or_create(digest=digest, defaults={"at": now})


def lift(phone: str) -> None:
    """Lift the suppression, after a user or the site's code has opted the person in again."""
    Suppression.objects.filter(digest__in=digests(phone)).delete()


def since(phone: str) -> datetime | None:
    """Return when the person was erased; None if they were not."""
    matching = Suppression.objects.filter(digest__in=digests(phone))
    return matching.values_list("at", flat=True).first()


def digests(phone: str) -> list[str]:
    """Return the possible hashes of this phone, one for each secret key."""
    return [_digest(phone, key) for key in conf.secret_keys()]


@sensitive_variables()
def among(phones: Collection[str]) -> set[str]:
    """Return the suppressed phones among these phones."""
    if not phones or not Suppression.objects.exists():  # avoids hashing a chunk, which is slow
        return set()
    digests = _digests(phones)
    known = Suppression.objects.filter(digest__in=texts_in(Suppression, digests))
    return {digests[digest] for digest in known.values_list("digest", flat=True)}


def _digests(phones: Iterable[str]) -> Mapping[str, str]:
    """Map the digests of each phone, one per secret key, to the phone."""
    keys = conf.secret_keys()
    return {_digest(phone, key): phone for phone in phones for key in keys}


def _digest(phone: str, key: str) -> str:
    return salted_hmac(_SALT, phone, secret=key, algorithm="sha256").hexdigest()
