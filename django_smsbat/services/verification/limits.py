"""How often codes may be asked for: by phone, by address, by the whole site; and for which phones.

Counters are locked in one order, so that two who ask at once are counted one after the other.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final

import phonenumbers
from django.db import transaction
from django.utils.crypto import salted_hmac

from django_smsbat import conf
from django_smsbat.models import Verification, VerificationCounter
from django_smsbat.services.verification.refusals import NotStarted, Why

_HOUR: Final = timedelta(hours=1)
_SITE: Final = "site"
_IPV6_BITS: Final = 64  # of a network, as providers give them to one customer
_SALT: Final = "django_smsbat.verification.limits"


def hashed(words: str) -> str:
    """A phone or an address as counters know it."""
    key = conf.secret_keys()[0]
    return salted_hmac(_SALT, words, secret=key, algorithm="sha256").hexdigest()


def hashed_address(address: str) -> str:
    """A network address likewise; of IPv6 the network, for whoever has one has all of it."""
    return hashed(_network(address))


def _network(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:  # some name that the project gives
        return address
    if isinstance(known, IPv4Address):
        return str(known)
    return str(known.ipv4_mapped or ip_network((known, _IPV6_BITS), strict=False))


def _of_phone(phone: str) -> str:
    return f"phone:{hashed(phone)}"


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
        _of_phone(phone): (Why.PHONE_LIMIT, settings.verify_per_phone),
        _SITE: (Why.SITE_LIMIT, settings.verify_per_hour),
    }
    if address:
        name = f"address:{hashed_address(address)}"
        allowed[name] = (Why.ADDRESS_LIMIT, settings.verify_per_address)
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


def _locked(names: Collection[str], now: datetime) -> list[VerificationCounter]:
    """All of them, locked; made where they are missing, also where they go in this very moment.

    Rows that are there are locked first: inserting over them would lock them in a weaker way, from
    which MariaDB cannot go on without a deadlock.
    """
    rows = VerificationCounter.objects.filter(name__in=names).order_by("name")
    while True:
        found = list(rows.select_for_update())
        missing = set(names) - {counter.name for counter in found}
        if not missing:
            return found
        made = [VerificationCounter(name=name, since=now) for name in sorted(missing)]
        VerificationCounter.objects.bulk_create(made, ignore_conflicts=True)


def give_back(phone: str) -> None:
    """What was not sent does not count for the phone and the site; it does for who asked."""
    counters = VerificationCounter.objects.filter(name__in=[_of_phone(phone), _SITE], used__gt=0)
    with transaction.atomic():
        for counter in counters.order_by("name").select_for_update():
            counter.used -= 1
            counter.save(update_fields=["used"])


def _insist_on_cooldown(phone: str, now: datetime) -> None:
    """What was not sent is no reason to wait."""
    sent = Verification.objects.filter(phone=phone).sent()
    last = sent.order_by("-created_at").values_list("created_at", flat=True).first()
    if last is None:
        return
    left = conf.current().verify_cooldown - (now - last).total_seconds()
    if left > 0:
        raise NotStarted(Why.COOLDOWN, left)


def forget_old(now: datetime) -> None:
    """Counters of hours that are over."""
    VerificationCounter.objects.filter(since__lt=now - _HOUR).delete()
