"""Hourly quotas that limit the effects of callbacks."""

from django.db import models

from django_smsbat.db.primary import PrimaryModel


class CallbackQuota(PrimaryModel):
    """One kind of effect for one account, in the hour that began at `since`.

    Attributes:
        name: the kind and the account, such as ``unknown_reports:default``.
        used: number of effects allowed.
        refused: number of effects refused.
    """

    name = models.CharField(max_length=80, primary_key=True)
    since = models.DateTimeField()
    used = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    class Meta(PrimaryModel.Meta):
        verbose_name = "callback quota"

    def __str__(self) -> str:
        return self.name
