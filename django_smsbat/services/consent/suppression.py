"""Phones of people who were erased, known again by a keyed hash alone.

The key is Django's `SECRET_KEY`; what was hashed with one of `SECRET_KEY_FALLBACKS` still holds.
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
    """Let no import bring this phone back."""
    digest = _digest(phone, conf.secret_keys()[0])
    Suppression.objects.get_or_create(digest=digest, defaults={"at": now})


def lift(phone: str) -> None:
    """A person on this site, or the site's code, has opted them in again."""
    Suppression.objects.filter(digest__in=digests(phone)).delete()


def since(phone: str) -> datetime | None:
    """When the person was erased; None for everybody else."""
    found = Suppression.objects.filter(digest__in=digests(phone))
    return found.values_list("at", flat=True).first()


def digests(phone: str) -> list[str]:
    """The hashes by which this phone would be known, one for each key."""
    return [_digest(phone, key) for key in conf.secret_keys()]


@sensitive_variables()
def among(phones: Collection[str]) -> set[str]:
    """Those of these phones that are suppressed."""
    if not phones or not Suppression.objects.exists():  # hashing a chunk takes its time
        return set()
    digests = _digests(phones)
    known = Suppression.objects.filter(digest__in=texts_in(Suppression, digests))
    return {digests[digest] for digest in known.values_list("digest", flat=True)}


def _digests(phones: Iterable[str]) -> Mapping[str, str]:
    """Phone by digest, for each key."""
    keys = conf.secret_keys()
    return {_digest(phone, key): phone for phone in phones for key in keys}


def _digest(phone: str, key: str) -> str:
    return salted_hmac(_SALT, phone, secret=key, algorithm="sha256").hexdigest()
