"""Circuit breaker against SMS pumping: closes a prefix if too few of its codes are entered.

In SMS pumping, a fraudster requests codes for numbers of an operator that shares its revenue with
them. The codes are never entered. People who want to log in do enter their codes.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

import phonenumbers
from django.db import transaction
from django.db.models import Count, Min, Q

from django_smsbat import conf, signals
from django_smsbat.models import ClosedPrefix, Verification, VerificationStatus
from django_smsbat.models.verification import VerificationQuerySet
from django_smsbat.services import signal_dispatch
from django_smsbat.services.verification.refusals import NotStarted, Why

logger = logging.getLogger("django_smsbat")

_WINDOW: Final = timedelta(hours=1)
_CLOSED_FOR: Final = timedelta(hours=1)
_TIME_TO_ENTER: Final = timedelta(minutes=2)  # younger pending codes are not yet judged
_NATIONAL_DIGITS: Final = 3
_OF_ONE_ADDRESS: Final = 4  # an address may leave 1/4 of VERIFY_BREAKER_AFTER codes unentered


def prefix_of(phone: str) -> str:
    """Return the country code and the next three digits: a range of numbers, not a person."""
    country = str(phonenumbers.parse(phone).country_code)
    return phone[: 1 + len(country) + _NATIONAL_DIGITS]


def insist_on_open(prefix: str, now: datetime) -> None:
    """Check that a prefix is open. Close it if too few of its codes were entered.

    Raises:
        NotStarted: if the prefix is closed, or if this call closes it.
    """
    closed = ClosedPrefix.objects.filter(prefix=prefix).first()
    if closed is None or closed.closed_until <= now:
        closed = _close_if_pumped(prefix, closed, now)
    if closed is not None:
        raise NotStarted(Why.CLOSED, (closed.closed_until - now).total_seconds())


def _close_if_pumped(prefix: str, last: ClosedPrefix | None, now: datetime) -> ClosedPrefix | None:
    settings = conf.current()
    asked, entered, young = _counted(prefix, last, now)
    settled = asked - young
    is_enough = settings.verify_breaker_after and settled >= settings.verify_breaker_after
    if not is_enough or entered * 100 >= settings.verify_breaker_share * settled:
        return None
    return _close(prefix, settled, entered, now)


def _counted(prefix: str, last: ClosedPrefix | None, now: datetime) -> tuple[int, int, int]:
    """Count the codes of the past hour: sent, entered, and too young to be judged."""
    in_time = Q(status=VerificationStatus.PENDING, created_at__gt=now - _TIME_TO_ENTER)
    counted = _sent(prefix, last, now).aggregate(
        asked=Count("pk"),
        entered=Count("pk", filter=Q(status=VerificationStatus.VERIFIED)),
        young=Count("pk", filter=in_time),
    )
    return counted["asked"], counted["entered"], counted["young"]


def _sent(prefix: str, last: ClosedPrefix | None, now: datetime) -> VerificationQuerySet:
    """Return the verifications sent in the past hour, since the prefix was last reopened."""
    begin = max(now - _WINDOW, last.counted_from) if last else now - _WINDOW
    return Verification.objects.filter(prefix=prefix, created_at__gte=begin).sent()


def insist_on_few_open(prefix: str, address_hash: str, now: datetime) -> None:
    """Limit the codes that are not yet entered; entered codes raise the limit.

    Call it within the transaction that counts the code, so that concurrent requests do not exceed
    the limit. An address is refused long before its codes close the prefix for all requesters.

    Raises:
        NotStarted: if too many sent codes are not entered.
    """
    after = conf.current().verify_breaker_after
    if not after:
        return
    last = ClosedPrefix.objects.filter(prefix=prefix).first()
    if address_hash:
        _insist_on_few_of(address_hash, max(1, after // _OF_ONE_ADDRESS), prefix, last, now)
    asked, entered, _young = _counted(prefix, last, now)
    if asked >= after + _earned(entered):
        raise NotStarted(Why.CLOSED, _TIME_TO_ENTER.total_seconds())


def _insist_on_few_of(
    address_hash: str, allowed: int, prefix: str, last: ClosedPrefix | None, now: datetime
) -> None:
    of_address = _sent(prefix, last, now).filter(address_hash=address_hash)
    is_entered = Q(status=VerificationStatus.VERIFIED)
    counted = of_address.aggregate(
        asked=Count("pk"), entered=Count("pk", filter=is_entered), first=Min("created_at")
    )
    if counted["asked"] >= allowed + _earned(counted["entered"]):
        over = (counted["first"] + _WINDOW - now).total_seconds()
        raise NotStarted(Why.ADDRESS_LIMIT, over)


def _earned(entered: int) -> int:
    """Return the number of additional codes that the entered codes allow."""
    return entered * 100 // conf.current().verify_breaker_share


def _close(prefix: str, asked: int, entered: int, now: datetime) -> ClosedPrefix:
    until = now + _CLOSED_FOR
    state = {"asked": asked, "entered": entered, "closed_at": now, "closed_until": until}
    with transaction.atomic():
        closed, _ = ClosedPrefix.objects.update_or_create(
            prefix=prefix, defaults={**state, "counted_from": until}
        )
        occasion = {"closed_prefix": closed}
        signal_dispatch.after_commit(signals.verification_prefix_closed, [occasion], ClosedPrefix)
    logger.warning("%s is closed: %d of %d codes were entered", prefix, entered, asked)
    return closed


def open_again(prefix: ClosedPrefix, now: datetime) -> None:
    """Reopen a prefix by an admin's decision. Earlier codes no longer count."""
    prefix.closed_until = prefix.counted_from = now
    prefix.save(update_fields=["closed_until", "counted_from"])
