"""Shared back-off state: no worker sends before `not_before`, because SMSBAT asked for a pause."""

from django.db import models

from django_smsbat.db.primary import PrimaryModel


class Backoff(PrimaryModel):
    """The back-off of one account for one kind of request.

    `refusals` counts consecutive refusals since the last success.
    """

    name = models.CharField(max_length=48, primary_key=True)
    not_before = models.DateTimeField(null=True)
    refusals = models.PositiveSmallIntegerField(default=0)

    class Meta(PrimaryModel.Meta):
        verbose_name = "back-off"

    def __str__(self) -> str:
        return self.name
