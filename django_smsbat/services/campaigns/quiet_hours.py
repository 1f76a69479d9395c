"""Quiet hours: no promotional messages, in the recipient's time zone if it is known.

Workers check them before sending and limit the TTL, so that a message sent before quiet hours does
not arrive during them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from django.db.models import Q
from django.utils import timezone

from django_smsbat import conf

ZONE_ATTRIBUTE: Final = "timezone"  # of a recipient, such as "Europe/Kyiv"
_LAST_MINUTES: Final = timedelta(minutes=5)  # before quiet hours: too short for a delivery


@cache
def _zones() -> Collection[str]:
    return available_timezones()


def as_text() -> str:
    """Return the site's quiet hours as text, such as ``21:00-09:00``; empty if it has none."""
    hours = conf.current().quiet_hours
    return f"{hours[0]:%H:%M}-{hours[1]:%H:%M}" if hours else ""


@dataclass(frozen=True)
class QuietHours:
    """The quiet hours at a point in time."""

    start: time
    end: time
    now: datetime

    def binds(self, zone: str = "") -> bool:
        """Whether it is quiet hours in the time zone now; an empty zone means the site's zone."""
        local = self._local(zone)
        return self._in_between(local) or self._in_between(local + _LAST_MINUTES)

    def seconds_left(self, zone: str = "") -> int:
        """Return the seconds until quiet hours begin in the time zone."""
        local = self._local(zone)
        begin = local.replace(
            hour=self.start.hour, minute=self.start.minute, second=self.start.second, microsecond=0
        )
        if begin <= local:
            begin += timedelta(days=1)
        # Timestamps, because a clock change makes the wall-clock difference wrong.
        return int(begin.timestamp() - local.timestamp())

    def awake(self) -> Q:
        """Return the filter for messages to time zones outside quiet hours."""
        quiet = [name for name in _zones() if self.binds(name)]
        if self.binds():
            return Q(time_zone__in=sorted(set(_zones()) - set(quiet)))
        return ~Q(time_zone__in=sorted(quiet))

    def _local(self, zone: str) -> datetime:
        known = zone in _zones()
        return timezone.localtime(
            self.now, ZoneInfo(zone) if known else timezone.get_default_timezone()
        )

    def _in_between(self, local: datetime) -> bool:
        clock_time = local.time()
        if self.start < self.end:
            return self.start <= clock_time < self.end
        return clock_time >= self.start or clock_time < self.end  # over midnight


def at(now: datetime) -> QuietHours | None:
    """Return the site's quiet hours at `now`; None if it has none."""
    hours = conf.current().quiet_hours
    return QuietHours(*hours, now) if hours else None


def in_quiet_hours(now: datetime) -> bool:
    """Whether it is quiet hours now in the site's time zone."""
    hours = at(now)
    return hours is not None and hours.binds()
