"""Closes a prefix whose codes are asked for but not entered: somebody earns by each of them.

That is how it looks when a site is "pumped": codes to numbers of one operator, which shares what
they cost with whoever asks for them. Nobody who wants to get in leaves the codes unentered.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

import phonenumbers
from django.db import transaction
from django.db.models import Count, Q

from django_smsbat import conf, signals
from django_smsbat.models import ClosedPrefix, Verification, VerificationStatus
from django_smsbat.services import announcing
from django_smsbat.services.verification.refusals import NotStarted, Why

logger = logging.getLogger("django_smsbat")

_WINDOW: Final = timedelta(hours=1)
_CLOSED_FOR: Final = timedelta(hours=1)
_TIME_TO_ENTER: Final = timedelta(minutes=2)  # a code that young may still be entered
_NATIONAL_DIGITS: Final = 3


def prefix_of(phone: str) -> str:
    """Country code and the first three digits after it: a range of numbers, not a person."""
    country = str(phonenumbers.parse(phone).country_code)
    return phone[: 1 + len(country) + _NATIONAL_DIGITS]


def insist_on_open(prefix: str, now: datetime) -> None:
    """
    Raises:
        NotStarted: for a prefix that is closed, or that is closed by this very look.
    """
    closed = ClosedPrefix.objects.filter(prefix=prefix).first()
    if closed is None or closed.closed_until <= now:
        closed = _close_if_pumped(prefix, closed, now)
    if closed is not None:
        raise NotStarted(Why.CLOSED, (closed.closed_until - now).total_seconds())


def _close_if_pumped(prefix: str, last: ClosedPrefix | None, now: datetime) -> ClosedPrefix | None:
    settings = conf.current()
    begin = max(now - _WINDOW, last.counted_from) if last else now - _WINDOW
    in_time = Q(status=VerificationStatus.PENDING, created_at__gt=now - _TIME_TO_ENTER)
    counted = (
        Verification.objects.filter(prefix=prefix, created_at__gte=begin)
        .exclude(in_time)
        .exclude(status=VerificationStatus.FAILED)
        .aggregate(
            asked=Count("pk"), entered=Count("pk", filter=Q(status=VerificationStatus.VERIFIED))
        )
    )
    asked, entered = counted["asked"], counted["entered"]
    is_enough = settings.verify_breaker_after and asked >= settings.verify_breaker_after
    if not is_enough or entered * 100 >= settings.verify_breaker_share * asked:
        return None
    return _close(prefix, asked, entered, now)


def _close(prefix: str, asked: int, entered: int, now: datetime) -> ClosedPrefix:
    until = now + _CLOSED_FOR
    told = {"asked": asked, "entered": entered, "closed_at": now, "closed_until": until}
    with transaction.atomic():
        closed, _ = ClosedPrefix.objects.update_or_create(
            prefix=prefix, defaults={**told, "counted_from": until}
        )
        occasion = {"closed_prefix": closed}
        announcing.after_commit(signals.verification_prefix_closed, [occasion], ClosedPrefix)
    logger.warning("%s is closed: %d of %d codes were entered", prefix, entered, asked)
    return closed


def open_again(prefix: ClosedPrefix, now: datetime) -> None:
    """By a person's word: codes of before are not counted any more."""
    prefix.closed_until = prefix.counted_from = now
    prefix.save(update_fields=["closed_until", "counted_from"])
