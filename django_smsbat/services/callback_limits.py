"""Limits on the effects of callbacks, per hour and account.

Anyone with a webhook secret can forge callbacks. Without limits, a forger could spend money on
confirmations, or fill the database with unknown senders and with reports of unknown messages.
"""

import logging
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db.models import F

from django_smsbat import conf
from django_smsbat.models import CallbackQuota

logger = logging.getLogger("django_smsbat")

_HOUR: Final = timedelta(hours=1)
_TRIES: Final = 3  # another request may start the hour, or create the row, concurrently


class Effect(StrEnum):
    """A limited effect of a callback."""

    UNKNOWN_SENDERS = "unknown_senders"
    UNKNOWN_REPORTS = "unknown_reports"
    CONFIRMATIONS = "confirmations"

    @property
    def setting(self) -> str:
        return _SETTINGS[self]


_SETTINGS: Final = {
    Effect.UNKNOWN_SENDERS: "INBOUND_UNKNOWN_PER_HOUR",
    Effect.UNKNOWN_REPORTS: "UNKNOWN_REPORTS_PER_HOUR",
    Effect.CONFIRMATIONS: "OPT_OUT_CONFIRMATIONS_PER_HOUR",
}


class LimitReached(Exception):
    """The limit of this hour is used up.

    Attributes:
        retry_after: seconds until the next hour begins.
    """

    def __init__(self, effect: Effect, account: str, retry_after: float) -> None:
        self.effect = effect
        self.account = account
        self.retry_after = retry_after
        super().__init__(f"{effect.setting} is used up")


def consume(effect: Effect, account: str, now: datetime) -> None:
    """Count one effect.

    Each step is one conditional UPDATE, so that concurrent requests cannot exceed the limit.

    Raises:
        LimitReached: if the limit is used up; nothing is counted.
    """
    limit = int(getattr(conf.current(), effect.setting.lower()))
    quota = CallbackQuota.objects.filter(name=_name(effect, account))
    earliest = now - _HOUR
    since = now
    for _ in range(_TRIES if limit else 0):
        if quota.filter(since__gt=earliest, used__lt=limit).update(used=F("used") + 1):
            return
        if quota.filter(since__lte=earliest).update(since=now, used=1, refused=0):
            return
        began = quota.values_list("since", flat=True).first()
        if began is not None and began > earliest:
            since = began
            break
        _create(effect, account, now)
    raise LimitReached(effect, account, max(1.0, (since + _HOUR - now).total_seconds()))


def count_refusal(reached: LimitReached, now: datetime) -> None:
    """Count a refusal, and log the first one in an hour.

    Separate from `consume`, because the caller may have to roll back first.
    """
    quota = CallbackQuota.objects.filter(name=_name(reached.effect, reached.account))
    if quota.filter(since__lte=now - _HOUR).update(since=now, used=0, refused=0):
        pass  # with a limit of zero, only this starts a new hour
    elif not quota.exists():
        _create(reached.effect, reached.account, now)
    if quota.filter(refused=0).update(refused=1):
        logger.warning(
            "account %s: %s is used up for this hour", reached.account, reached.effect.setting
        )
    else:
        quota.update(refused=F("refused") + 1)


def refusals(now: datetime) -> dict[Effect, int]:
    """Return how often each effect was refused in the current hour."""
    counts = dict.fromkeys(Effect, 0)
    rows = CallbackQuota.objects.filter(since__gt=now - _HOUR, refused__gt=0)
    for name, refused in rows.values_list("name", "refused"):
        effect = name.partition(":")[0]
        if effect in counts:
            counts[Effect(effect)] += refused
    return counts


def _name(effect: Effect, account: str) -> str:
    return f"{effect}:{account}"


def _create(effect: Effect, account: str, now: datetime) -> None:
    row = CallbackQuota(name=_name(effect, account), since=now)
    CallbackQuota.objects.bulk_create([row], ignore_conflicts=True)
