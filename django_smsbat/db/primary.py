"""Reads from the database that is written to, whatever a site's routers say about reads.

The services read rows in order to write: whether a key was used, who opted out, what a message's
reports are. A replica that lags behind would answer with the past.
"""

from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, models

_Row = TypeVar("_Row", bound=models.Model)


class PrimaryManager(models.Manager[_Row]):
    """Uses the default database unless `using` names another one.

    Managers of relations are derived from it, and `refresh_from_db` and foreign keys use it, too,
    because `PrimaryModel` makes it the base manager.
    """

    def get_queryset(self) -> models.QuerySet[_Row]:
        queryset = super().get_queryset()
        return queryset if self._db else queryset.using(DEFAULT_DB_ALIAS)


class PrimaryModel(models.Model):
    """Base of all models. A model's own `Meta` inherits from `PrimaryModel.Meta`."""

    objects = PrimaryManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
