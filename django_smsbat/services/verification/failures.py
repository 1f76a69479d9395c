"""Failed attempts in a day: for a phone by one requester, and for a phone by all of them.

A requester is the network address that asked for the code. Attempts of one requester do not use up
those of another; all together have a few times as many, so that nobody guesses on from address to
address.
"""

from datetime import datetime
from math import ceil
from typing import Final

from django_smsbat import conf
from django_smsbat.models import Channel, Verification, VerificationCounter
from django_smsbat.services.verification import counters, limits
from django_smsbat.services.verification.refusals import NotStarted, Why

_FLASH_CALL_WEIGHT: Final = 4  # a call has fewer codes, so that a guess is right more often


class Failures:
    """The failed attempts of the day for one verification's phone, locked.

    Create it within a transaction: attempts that are made at once are counted one by one.
    """

    def __init__(self, verification: Verification, now: datetime) -> None:
        self._most = _most(verification.phone, verification.address_hash)
        self._counters = counters.locked(self._most, now)
        is_call = verification.channel == Channel.FLASH_CALL
        self._weight = _FLASH_CALL_WEIGHT if is_call else 1

    @property
    def left(self) -> int:
        """How many may still fail; with none left the right code is refused, too."""
        free = min(self._most[one.name] - one.used for one in self._counters)
        return max(0, ceil(free / self._weight))

    def add(self) -> None:
        """Count one failed attempt."""
        for counter in self._counters:
            counter.used += self._weight
        counters.store(self._counters)


def ensure_some_left(phone: str, address_hash: str, now: datetime) -> None:
    """Refuse to send a code that could not be entered.

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
    """The names of the two counters, with the number of failures that each allows."""
    allowed = conf.current().verify_failures_per_day
    return {
        f"{counters.OF_A_DAY}:{limits.hashed(phone)}": allowed * limits.ALL_REQUESTERS,
        f"{counters.OF_A_DAY}-by:{limits.hashed_pair(phone, address_hash)}": allowed,
    }
