"""Until when all workers leave SMSBAT alone, because it asked for that."""

from django.db import models

from django_smsbat.db.primary import PrimaryModel


class Backoff(PrimaryModel):
    """One row for each kind of request of an account's.

    `refusals` counts those in a row, without a success.
    """

    name = models.CharField(max_length=48, primary_key=True)
    not_before = models.DateTimeField(null=True)
    refusals = models.PositiveSmallIntegerField(default=0)

    class Meta(PrimaryModel.Meta):
        verbose_name = "back-off"

    def __str__(self) -> str:
        return self.name
