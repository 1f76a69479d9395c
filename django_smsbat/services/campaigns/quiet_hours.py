"""When nothing promotional may leave: by the recipient's own clock where it is known.

Held at the moment of sending, and by the time to live: what is sent before the quiet hours must not
arrive in them.
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
_LAST_MINUTES: Final = timedelta(minutes=5)  # before them: too short to be delivered in


@cache
def _zones() -> Collection[str]:
    return available_timezones()


def told() -> str:
    """The hours that the site sets, such as ``21:00-09:00``; empty for none."""
    hours = conf.current().quiet_hours
    return f"{hours[0]:%H:%M}-{hours[1]:%H:%M}" if hours else ""


@dataclass(frozen=True)
class QuietHours:
    """The quiet hours as they stand at a moment."""

    start: time
    end: time
    now: datetime

    def binds(self, zone: str = "") -> bool:
        """Whether nothing promotional may leave to that zone now; empty for the site's."""
        moment = self._local(zone)
        return self._in_between(moment) or self._in_between(moment + _LAST_MINUTES)

    def seconds_left(self, zone: str = "") -> int:
        """Seconds until they begin there."""
        moment = self._local(zone)
        begin = moment.replace(
            hour=self.start.hour, minute=self.start.minute, second=self.start.second, microsecond=0
        )
        if begin <= moment:
            begin += timedelta(days=1)
        # Across a change of the clocks the wall's difference is not what passes.
        return int(begin.timestamp() - moment.timestamp())

    def awake(self) -> Q:
        """Messages to those zones where they do not bind now."""
        quiet = [name for name in _zones() if self.binds(name)]
        if self.binds():
            return Q(time_zone__in=sorted(set(_zones()) - set(quiet)))
        return ~Q(time_zone__in=sorted(quiet))

    def _local(self, zone: str) -> datetime:
        known = zone in _zones()
        return timezone.localtime(
            self.now, ZoneInfo(zone) if known else timezone.get_default_timezone()
        )

    def _in_between(self, moment: datetime) -> bool:
        at = moment.time()
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end  # over midnight


def at(now: datetime) -> QuietHours | None:
    """The site's quiet hours at that moment; None where it has none."""
    hours = conf.current().quiet_hours
    return QuietHours(*hours, now) if hours else None


def in_quiet_hours(now: datetime) -> bool:
    """Whether nothing promotional may leave now by the site's own clock."""
    hours = at(now)
    return hours is not None and hours.binds()
