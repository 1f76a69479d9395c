"""Times for people: in their own time zone, with its name and with seconds."""

from datetime import datetime
from typing import Any, Final

from django.contrib import admin
from django.db.models import Model
from django.utils.formats import date_format
from django.utils.timezone import get_current_timezone_name, localtime

_TO_THE_SECOND: Final = "Y-m-d H:i:s"


def zone_name() -> str:
    """Return the name of the time zone in which times are shown, such as Europe/Kyiv.

    Abbreviations are avoided: they change between summer and winter, and several zones share one.
    """
    return get_current_timezone_name()


def moment(at: datetime | None, form: str = _TO_THE_SECOND) -> str:
    """Format a time with seconds: most of a message's history happens within one minute.

    Args:
        form: Django's format of the date and time.
    """
    return "—" if at is None else f"{date_format(localtime(at), form)} {_zone_of(at)}"


def _zone_of(at: datetime) -> str:
    """Return the zone's name, plus the offset in the hour that clocks repeat in autumn."""
    local = localtime(at)
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return zone_name()
    return f"{zone_name()} {local:%z}"


def column(model: type[Model], name: str) -> Any:
    """Return the field as a list column or a detail line."""
    field = model._meta.get_field(name)

    @admin.display(description=getattr(field, "verbose_name", name), ordering=name)
    def shown(obj: Any) -> str:
        return moment(getattr(obj, name))

    shown.__name__ = name  # becomes the column's CSS class
    return shown


def columns(model: type[Model], *names: str) -> tuple[Any, ...]:
    return tuple(column(model, name) for name in names)
