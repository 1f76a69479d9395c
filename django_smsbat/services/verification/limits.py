"""Rate limits on codes (per phone, per address, per site), and the phones that may get a code.

A requester is the network address of the caller. All calls without an address count as the same
requester.
"""

from datetime import datetime
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Final

import phonenumbers
from django.db import transaction
from django.utils.crypto import salted_hmac

from django_smsbat import conf
from django_smsbat.gateway.number_types import number_type
from django_smsbat.models import Verification, VerificationCounter
from django_smsbat.services.verification import counters
from django_smsbat.services.verification.refusals import NotStarted, Why

# The limit of all requesters together for a phone, as a multiple of the limit of each requester.
ALL_REQUESTERS: Final = 3
_SITE: Final = "site"
_IPV6_BITS: Final = 64  # prefix length of the network that a provider assigns to a customer
_SALT: Final = "django_smsbat.verification.limits"


def hashed(words: str) -> str:
    """Return the keyed hash of a phone or an address, as used in the names of counters."""
    key = conf.secret_keys()[0]
    return salted_hmac(_SALT, words, secret=key, algorithm="sha256").hexdigest()


def hashed_address(address: str) -> str:
    """Return the keyed hash of a network address.

    For IPv6 it is the hash of the /64 network: a customer controls all addresses of theirs.
    """
    return hashed(_network(address))


def _network(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:  # the project passed a name instead of an IP address
        return address
    if isinstance(known, IPv4Address):
        return str(known)
    return str(known.ipv4_mapped or ip_network((known, _IPV6_BITS), strict=False))


def hashed_pair(phone: str, address_hash: str) -> str:
    """Return the keyed hash of a phone together with its requester."""
    return hashed(f"{phone} {address_hash}")


def _of_phone(phone: str) -> str:
    return f"phone:{hashed(phone)}"


def _of_requester(phone: str, address_hash: str) -> str:
    return f"phone-by:{hashed_pair(phone, address_hash)}"


def insist_on_allowed(phone: str) -> None:
    """Check that the settings allow codes for this phone.

    Raises:
        NotStarted: if they do not allow its country, prefix or number type.
    """
    settings = conf.current()
    countries = settings.verify_countries or (settings.default_region,)
    country = phonenumbers.region_code_for_number(phonenumbers.parse(phone))
    prefixes = settings.verify_prefixes
    if country not in countries or (prefixes and not phone.startswith(prefixes)):
        raise NotStarted(Why.NOT_ALLOWED)
    if number_type(phone) not in settings.verify_number_types:
        raise NotStarted(Why.NOT_MOBILE)


def draw(phone: str, address_hash: str, now: datetime) -> None:
    """Count a code. Call it within a transaction, which locks the counters until its end.

    Codes for a phone are counted per requester, and for all requesters together with a higher
    limit. Thus a stranger's requests do not use up the limit of the phone's owner.

    Raises:
        NotStarted: if the code exceeds a limit or comes too soon after the previous code.
    """
    allowed = _allowed(phone, address_hash)
    rows = counters.locked(allowed, now)
    _insist_on_cooldown(phone, address_hash, now)
    for counter in rows:
        why, most = allowed[counter.name]
        if counter.used >= most:
            raise NotStarted(why, (counters.ends_at(counter) - now).total_seconds())
        counter.used += 1
    counters.store(rows)


def _allowed(phone: str, address_hash: str) -> dict[str, tuple[Why, int]]:
    settings = conf.current()
    per_phone = settings.verify_per_phone
    allowed = {
        _of_phone(phone): (Why.PHONE_LIMIT, per_phone * ALL_REQUESTERS),
        _of_requester(phone, address_hash): (Why.PHONE_LIMIT, per_phone),
        _SITE: (Why.SITE_LIMIT, settings.verify_per_hour),
    }
    if address_hash:
        name = f"address:{address_hash}"
        allowed[name] = (Why.ADDRESS_LIMIT, settings.verify_per_address)
    return allowed


def give_back(verification: Verification) -> None:
    """Subtract an unsent code from the phone and site counters. It still counts for the address."""
    phone = verification.phone
    names = [_of_phone(phone), _of_requester(phone, verification.address_hash), _SITE]
    rows = VerificationCounter.objects.filter(name__in=names, used__gt=0)
    with transaction.atomic():
        for counter in rows.order_by("name").select_for_update():
            counter.used -= 1
            counter.save(update_fields=["used"])


def _insist_on_cooldown(phone: str, address_hash: str, now: datetime) -> None:
    """Require the cooldown since the last code sent to this phone for the same requester."""
    sent = Verification.objects.filter(phone=phone, address_hash=address_hash).sent()
    last = sent.order_by("-created_at").values_list("created_at", flat=True).first()
    if last is None:
        return
    left = conf.current().verify_cooldown - (now - last).total_seconds()
    if left > 0:
        raise NotStarted(Why.COOLDOWN, left)
