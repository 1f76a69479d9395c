"""One message for each of the caller's keys, however often it is asked for and by whom at once."""

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
    """Store the message under that key; the one that is stored already where there is one.

    Of two who ask in the same moment the second one waits for the first one's commit, and after its
    rollback stores the message itself.

    Args:
        given: what the caller asked for, before the settings filled anything in.

    Raises:
        InvalidMessage: when the key is no key, or was used for another message.
    """
    fits = isinstance(key, str) and 0 < len(key) <= KEY_MAX and key.isprintable()
    require(fits, _FIELD, f"give 1 to {KEY_MAX} printable characters")
    fingerprints = _fingerprints(message, given)
    digest = _digest(key)
    known = _find(digest) or tried_again(partial(_stored, message, digest, fingerprints[0]))
    if known is None:
        return message
    if not any(constant_time_compare(known.said, one) for one in fingerprints):
        raise InvalidMessage(_FIELD, "was used for another message: give each its own")
    return known.message


def _stored(message: Message, digest: str, said: str) -> IdempotencyKey | None:
    """None when this call stored it, else what stores it already."""
    if known := _find(digest):
        return known
    try:
        with transaction.atomic():
            message.pk = None
            message.save(force_insert=True)
            IdempotencyKey.objects.create(digest=digest, message=message, said=said)
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
    """Keyed, so that nobody can try words on what outlives them; by Django's keys, newest first.

    Only these are passed on: no frame that the database's errors pass through holds the words.
    """
    asked = json.dumps([message.account, message.to, fields_of(given)], sort_keys=True)
    return [
        salted_hmac(_SALT, asked, secret=key, algorithm="sha256").hexdigest()
        for key in conf.secret_keys()
    ]
