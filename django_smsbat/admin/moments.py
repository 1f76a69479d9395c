"""Moments as people read them: in their own zone, with its name, and to the second."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.utils.formats import date_format
from django.utils.timezone import localtime


def moment(at: datetime | None) -> str:
    """With seconds: most of a message's story happens within one minute."""
    return "—" if at is None else date_format(localtime(at), "Y-m-d H:i:s T")


def column(model: type[Model], name: str) -> Any:
    """The field as a column of a list, or as a line of a page."""
    field = model._meta.get_field(name)

    @admin.display(description=getattr(field, "verbose_name", name), ordering=name)
    def shown(obj: Any) -> str:
        return moment(getattr(obj, name))

    shown.__name__ = name  # by which styles know the column
    return shown


def columns(model: type[Model], *names: str) -> tuple[Any, ...]:
    return tuple(column(model, name) for name in names)
