"""Counters of an hour or a day: rows that are locked while they are counted."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q

from django_smsbat.models import VerificationCounter

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OF_A_DAY = "failed"  # names of counters that begin so count for a day, all others for an hour


def locked(names: Collection[str], now: datetime) -> list[VerificationCounter]:
    """Return these counters, locked in the order of their names; missing ones are created.

    Call it within a transaction, which holds the locks until its end. Existing rows are locked
    before any row is inserted: an insert over an existing row takes a weaker lock, from which
    MariaDB cannot go on without a deadlock.
    """
    rows = VerificationCounter.objects.filter(name__in=names).order_by("name")
    while True:
        found = list(rows.select_for_update())
        missing = set(names) - {counter.name for counter in found}
        if not missing:
            return [_begun_anew(counter, now) for counter in found]
        new = [VerificationCounter(name=name, since=now) for name in sorted(missing)]
        VerificationCounter.objects.bulk_create(new, ignore_conflicts=True)


def store(counters: Collection[VerificationCounter]) -> None:
    VerificationCounter.objects.bulk_update(counters, ["since", "used"])


def ends_at(counter: VerificationCounter) -> datetime:
    """When the counter begins at zero again."""
    return counter.since + _period(counter.name)


def delete_expired(now: datetime) -> None:
    """Delete the counters of hours and days that are over."""
    of_a_day = Q(name__startswith=OF_A_DAY)
    over = ~of_a_day & Q(since__lt=now - HOUR) | of_a_day & Q(since__lt=now - DAY)
    VerificationCounter.objects.filter(over).delete()


def _period(name: str) -> timedelta:
    return DAY if name.startswith(OF_A_DAY) else HOUR


def _begun_anew(counter: VerificationCounter, now: datetime) -> VerificationCounter:
    if now >= ends_at(counter):
        counter.since, counter.used = now, 0
    return counter
