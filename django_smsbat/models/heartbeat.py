"""Signs of life: when something that should happen again and again happened last."""

from django.db import models

from django_smsbat.db.primary import PrimaryModel


class HeartbeatName(models.TextChoices):
    """What leaves a sign of life."""

    STATUS_CALLBACK = "status callback"
    INBOUND = "incoming message"
    SEND = "smsbat_send"
    SYNC = "smsbat_sync"


class Heartbeat(PrimaryModel):
    """The last time, to half a minute."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    class Meta(PrimaryModel.Meta):
        verbose_name = "heartbeat"

    def __str__(self) -> str:
        return self.name
