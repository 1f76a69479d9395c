"""Under which name a message was sent, so that whoever asks twice for it gets it once."""

from django.db import models

from django_smsbat.db.primary import PrimaryModel
from django_smsbat.models.message import Message

KEY_MAX = 128  # characters


class IdempotencyKey(PrimaryModel):
    """A caller's own name for one message. It goes with the message.

    Attributes:
        digest: of the key: databases whose collation ignores case would take two for one.
        said: a keyed fingerprint of what was to be sent, and to whom.
    """

    digest = models.CharField(max_length=32, primary_key=True)
    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, related_name="idempotency_key"
    )
    said = models.CharField(max_length=64)

    class Meta(PrimaryModel.Meta):
        verbose_name = "idempotency key"

    def __str__(self) -> str:
        return self.digest[:8]
