"""Store at most one message per idempotency key, also under concurrent calls."""

import json
from functools import partial
from hashlib import blake2b
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from django_smsbat import conf
from django_smsbat.gateway.messages import Content, InvalidMessage
from django_smsbat.gateway.messages.rules import require
from django_smsbat.models import IdempotencyKey, Message
from django_smsbat.models.content import fields_of
from django_smsbat.models.idempotency import KEY_MAX
from django_smsbat.services.transactions import tried_again

_FIELD: Final = "idempotency_key"
_SALT: Final = "django_smsbat.idempotency"


def stored_once(message: Message, key: str, given: Content) -> Message:
    """Store the message under the key, or return the message already stored under it.

    Of two concurrent calls, the second waits for the first to commit. If the first rolls back, the
    second stores the message itself.

    Args:
        given: the content that the caller passed, before defaults from the settings.

    Raises:
        InvalidMessage: if the key is malformed, or was used for another message.
    """
    fits = isinstance(key, str) and 0 < len(key) <= KEY_MAX and key.isprintable()
    require(fits, _FIELD, f"give 1 to {KEY_MAX} printable characters")
    fingerprints = _fingerprints(message, given)
    digest = _digest(key)
    known = _find(digest) or tried_again(partial(_stored, message, digest, fingerprints[0]))
    if known is None:
        return message
    if not any(
        constant_time_compare(known.fingerprint, fingerprint) for fingerprint in fingerprints
    ):
        raise InvalidMessage(_FIELD, "was used for another message: give each its own")
    return known.message


def _stored(message: Message, digest: str, fingerprint: str) -> IdempotencyKey | None:
    """Store message and key. Return None, or the existing key if there is one."""
    if known := _find(digest):
        return known
    try:
        with transaction.atomic():
            message.pk = None
            message.save(force_insert=True)
            IdempotencyKey.objects.create(digest=digest, message=message, fingerprint=fingerprint)
    except IntegrityError:
        if known := _find(digest):
            return known
        raise
    return None


def _find(digest: str) -> IdempotencyKey | None:
    return IdempotencyKey.objects.select_related("message").filter(digest=digest).first()


def _digest(key: str) -> str:
    return blake2b(key.encode(), digest_size=16).hexdigest()


def _fingerprints(message: Message, given: Content) -> list[str]:
    """Return a keyed hash of the request for each of Django's secret keys, newest first.

    A keyed hash cannot be used to guess the text, which it outlives. Callers pass only the hashes
    on, so that no stack frame of a database error contains the text.
    """
    request = json.dumps([message.account, message.to, fields_of(given)], sort_keys=True)
    return [
        salted_hmac(_SALT, request, secret=key, algorithm="sha256").hexdigest()
        for key in conf.secret_keys()
    ]
