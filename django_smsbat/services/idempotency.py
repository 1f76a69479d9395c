"""One message for each of the caller's keys, however often it is asked for and by whom at once."""

import json
from hashlib import blake2b
from typing import Final

from django.db import IntegrityError, transaction

from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.gateway.messages.rules import require
from django_smsbat.models import IdempotencyKey, Message
from django_smsbat.models.content import CONTENT_FIELDS
from django_smsbat.models.idempotency import KEY_MAX

_FIELD: Final = "idempotency_key"


def stored_once(message: Message, key: str) -> Message:
    """Store the message under that key; the one that is stored already where there is one.

    Of two who ask in the same moment the second one waits for the first one's commit, and after its
    rollback stores the message itself.

    Raises:
        InvalidMessage: when the key is no key, or was used for another message.
    """
    fits = isinstance(key, str) and 0 < len(key) <= KEY_MAX and key.isprintable()
    require(fits, _FIELD, f"give 1 to {KEY_MAX} printable characters")
    said = _fingerprint(message)
    digest = _digest(key)
    known = _find(digest)
    if known is None:
        try:
            with transaction.atomic():
                message.save(force_insert=True)
                IdempotencyKey.objects.create(digest=digest, message=message, said=said)
        except IntegrityError:
            known = _find(digest)
            if known is None:
                raise
        else:
            return message
    if known.said != said:
        raise InvalidMessage(_FIELD, "was used for another message: give each its own")
    return known.message


def _find(digest: str) -> IdempotencyKey | None:
    return IdempotencyKey.objects.select_related("message").filter(digest=digest).first()


def _fingerprint(message: Message) -> str:
    said = [message.account, message.to, *(getattr(message, name) for name in CONTENT_FIELDS)]
    return _digest(json.dumps(said, sort_keys=True))


def _digest(text: str) -> str:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()
