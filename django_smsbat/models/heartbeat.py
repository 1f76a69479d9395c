"""Heartbeats: when each recurring activity last happened."""

from django.db import models

from django_smsbat.db.primary import PrimaryModel


class HeartbeatName(models.TextChoices):
    """The activities that record a heartbeat."""

    STATUS_CALLBACK = "status callback"
    INBOUND = "incoming message"
    SEND = "smsbat_send"
    SYNC = "smsbat_sync"


class Heartbeat(PrimaryModel):
    """The last time of one activity, accurate to 30 seconds."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    class Meta(PrimaryModel.Meta):
        verbose_name = "heartbeat"

    def __str__(self) -> str:
        return self.name
