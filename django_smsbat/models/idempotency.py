"""Idempotency keys: a repeated request with the same key sends the message once."""

from django.db import models

from django_smsbat.db.primary import PrimaryModel
from django_smsbat.models.message import Message

KEY_MAX = 128  # characters


class IdempotencyKey(PrimaryModel):
    """A caller's key for one message. It is deleted with the message.

    Attributes:
        digest: digest of the key. Databases with a case-insensitive collation would treat two keys
            as equal.
        fingerprint: keyed fingerprint of the content and the recipient.
    """

    digest = models.CharField(max_length=32, primary_key=True)
    message = models.OneToOneField(
        Message, on_delete=models.CASCADE, related_name="idempotency_key"
    )
    fingerprint = models.CharField(max_length=64)

    class Meta(PrimaryModel.Meta):
        verbose_name = "idempotency key"

    def __str__(self) -> str:
        return self.digest[:8]
