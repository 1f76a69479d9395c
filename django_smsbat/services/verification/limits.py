"""How often codes may be asked for: by phone, by address, by the whole site; and for which phones.

Counters are locked in one order, so that two who ask at once are counted one after the other.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import phonenumbers
from django.utils.crypto import salted_hmac

from django_smsbat import conf
from django_smsbat.models import Verification, VerificationCounter, VerificationStatus
from django_smsbat.services.verification.refusals import NotStarted, Why

_HOUR: Final = timedelta(hours=1)
_SITE: Final = "site"
_SALT: Final = "django_smsbat.verification.limits"


def hashed(words: str) -> str:
    """A phone or an address as counters know it."""
    key = conf.secret_keys()[0]
    return salted_hmac(_SALT, words, secret=key, algorithm="sha256").hexdigest()


def insist_on_allowed(phone: str) -> None:
    """
    Raises:
        NotStarted: for a phone of another country or prefix than the settings allow.
    """
    settings = conf.current()
    countries = settings.verify_countries or (settings.default_region,)
    country = phonenumbers.region_code_for_number(phonenumbers.parse(phone))
    prefixes = settings.verify_prefixes
    if country not in countries or (prefixes and not phone.startswith(prefixes)):
        raise NotStarted(Why.NOT_ALLOWED)


def draw(phone: str, address: str, now: datetime) -> None:
    """Count one code more. Within a transaction, which holds the counters until its end.

    Raises:
        NotStarted: when that would be too many, or too soon.
    """
    settings = conf.current()
    allowed = {
        f"phone:{hashed(phone)}": (Why.PHONE_LIMIT, settings.verify_per_phone),
        **(
            {f"address:{hashed(address)}": (Why.ADDRESS_LIMIT, settings.verify_per_address)}
            if address
            else {}
        ),
        _SITE: (Why.SITE_LIMIT, settings.verify_per_hour),
    }
    counters = _locked(allowed, now)
    _insist_on_cooldown(phone, now)
    for counter in counters:
        if now - counter.since >= _HOUR:
            counter.since, counter.used = now, 0
        why, most = allowed[counter.name]
        if counter.used >= most:
            raise NotStarted(why, (counter.since + _HOUR - now).total_seconds())
        counter.used += 1
    VerificationCounter.objects.bulk_update(counters, ["since", "used"])


def _locked(allowed: Mapping[str, object], now: datetime) -> list[VerificationCounter]:
    names = sorted(allowed)
    VerificationCounter.objects.bulk_create(
        [VerificationCounter(name=name, since=now) for name in names], ignore_conflicts=True
    )
    rows = VerificationCounter.objects.filter(name__in=names).order_by("name")
    return list(rows.select_for_update())


def _insist_on_cooldown(phone: str, now: datetime) -> None:
    """What could not be sent is no reason to wait."""
    sent = Verification.objects.filter(phone=phone).exclude(status=VerificationStatus.FAILED)
    last = sent.order_by("-created_at").values_list("created_at", flat=True).first()
    if last is None:
        return
    left = conf.current().verify_cooldown - (now - last).total_seconds()
    if left > 0:
        raise NotStarted(Why.COOLDOWN, left)


def forget_old(now: datetime) -> None:
    """Counters of hours that are over."""
    VerificationCounter.objects.filter(since__lt=now - _HOUR).delete()
