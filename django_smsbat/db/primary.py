"""Read from the primary database, whatever a site's routers return for reads.

The services read rows in order to write: used keys, opt-outs, a message's reports. A replica that
lags behind would return outdated rows.
"""

from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, models

_Row = TypeVar("_Row", bound=models.Model)


class PrimaryManager(models.Manager[_Row]):
    """Uses the default database unless `using` names another one.

    Managers of relations derive from it. `refresh_from_db` and foreign keys also use it, because
    `PrimaryModel` makes it the base manager.
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
