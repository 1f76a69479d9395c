"""Failed attempts per day and phone: for each requester, and for all requesters together.

A requester is the network address that requested the code. Requesters do not use up each other's
attempts. The limit for all requesters together is a small multiple of the limit for each, so that
an attacker cannot continue to guess from other addresses.
"""

from datetime import datetime
from math import ceil
from typing import Final

from django_smsbat import conf
from django_smsbat.models import Channel, Verification, VerificationCounter
from django_smsbat.services.verification import counters, limits
from django_smsbat.services.verification.refusals import NotStarted, Why

_FLASH_CALL_WEIGHT: Final = 4  # a flash call has fewer codes, so a guess succeeds more often


class Failures:
    """The day's failed attempts for the phone of a verification, locked.

    Create it within a transaction, so that concurrent attempts are counted one after another.
    """

    def __init__(self, verification: Verification, now: datetime) -> None:
        self._most = _most(verification.phone, verification.address_hash)
        self._counters = counters.locked(self._most, now)
        is_call = verification.channel == Channel.FLASH_CALL
        self._weight = _FLASH_CALL_WEIGHT if is_call else 1

    @property
    def left(self) -> int:
        """The number of attempts that may still fail. At zero the right code is refused, too."""
        free = min(self._most[one.name] - one.used for one in self._counters)
        return max(0, ceil(free / self._weight))

    def add(self) -> None:
        """Count a failed attempt."""
        for counter in self._counters:
            counter.used += self._weight
        counters.store(self._counters)


def ensure_some_left(phone: str, address_hash: str, now: datetime) -> None:
    """Check that an attempt is left for a new code.

    Raises:
        NotStarted: if the failed attempts of the day are used up.
    """
    most = _most(phone, address_hash)
    rows = VerificationCounter.objects.filter(name__in=most)
    ends = [counters.ends_at(one) for one in rows if one.used >= most[one.name]]
    left = max(((end - now).total_seconds() for end in ends), default=0)
    if left > 0:
        raise NotStarted(Why.FAILURES, left)


def _most(phone: str, address_hash: str) -> dict[str, int]:
    """Return the names of the two counters, each with its limit of failures."""
    allowed = conf.current().verify_failures_per_day
    return {
        f"{counters.OF_A_DAY}:{limits.hashed(phone)}": allowed * limits.ALL_REQUESTERS,
        f"{counters.OF_A_DAY}-by:{limits.hashed_pair(phone, address_hash)}": allowed,
    }
