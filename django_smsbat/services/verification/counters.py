"""Hourly and daily counters: rows that are locked while they are updated."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q

from django_smsbat.models import VerificationCounter

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OF_A_DAY = "failed"  # prefix of the names of daily counters; all others are hourly


def locked(names: Collection[str], now: datetime) -> list[VerificationCounter]:
    """Return these counters, locked in the order of their names. Create missing counters.

    Call it within a transaction, which keeps the locks until its end. Existing rows are locked
    before any row is inserted: an insert over an existing row takes a weaker lock, from which
    MariaDB cannot continue without a deadlock.
    """
    rows = VerificationCounter.objects.filter(name__in=names).order_by("name")
    while True:
        existing = list(rows.select_for_update())
        missing = set(names) - {counter.name for counter in existing}
        if not missing:
            return [_begun_anew(counter, now) for counter in existing]
        new = [VerificationCounter(name=name, since=now) for name in sorted(missing)]
        VerificationCounter.objects.bulk_create(new, ignore_conflicts=True)


def store(counters: Collection[VerificationCounter]) -> None:
    VerificationCounter.objects.bulk_update(counters, ["since", "used"])


def ends_at(counter: VerificationCounter) -> datetime:
    """Return the time at which the counter restarts at zero."""
    return counter.since + _period(counter.name)


def delete_expired(now: datetime) -> None:
    """Delete the counters of past hours and days."""
    of_a_day = Q(name__startswith=OF_A_DAY)
    over = ~of_a_day & Q(since__lt=now - HOUR) | of_a_day & Q(since__lt=now - DAY)
    VerificationCounter.objects.filter(over).delete()


def _period(name: str) -> timedelta:
    return DAY if name.startswith(OF_A_DAY) else HOUR


def _begun_anew(counter: VerificationCounter, now: datetime) -> VerificationCounter:
    if now >= ends_at(counter):
        counter.since, counter.used = now, 0
    return counter
