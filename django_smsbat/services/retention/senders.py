"""Recipients who exist only because they wrote: removed when their messages are purged.

Whoever has a webhook secret could fill the table with them.
"""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from django_smsbat.models import (
    ConsentChange,
    ConsentSource,
    InboundMessage,
    Message,
    Recipient,
)
from django_smsbat.services.clock import Clock

_CHUNK: Final = 1_000


def remove_old(before: datetime, clock: Clock) -> int:
    """Remove those created before that moment of whom nothing else is known; how many there were.

    A person who has opted out stays: an opt-out must hold when an import brings the same phone.
    """
    removed = last = 0
    while not clock.stopping:
        rows = _only_wrote(before).filter(pk__gt=last).order_by("pk")
        found = list(rows.values_list("pk", "attributes")[:_CHUNK])
        if not found:
            break
        last = found[-1][0]
        removed += _remove([key for key, attributes in found if not attributes], before)
    return removed


def _only_wrote(before: datetime) -> QuerySet[Recipient]:
    owner = OuterRef("pk")
    by_others = ConsentChange.objects.filter(recipient=owner).exclude(source=ConsentSource.KEYWORD)
    return Recipient.objects.filter(
        ~Exists(InboundMessage.objects.filter(recipient=owner)),
        ~Exists(Message.objects.filter(recipient=owner)),
        ~Exists(Message.objects.filter(to=OuterRef("phone"))),
        ~Exists(by_others),
        created_by_callback=True,
        created_at__lt=before,
        opted_out_at=None,
        lists=None,
        name="",
        email="",
    )


@transaction.atomic
def _remove(keys: list[int], before: datetime) -> int:
    """Locked first: a callback or an import may use one of them at this moment."""
    locked = Recipient.objects.filter(pk__in=keys).select_for_update().order_by("pk")
    held = list(locked.values_list("pk", flat=True))
    still = list(_only_wrote(before).filter(pk__in=held).values_list("pk", flat=True))
    Recipient.objects.filter(pk__in=still).delete()
    return len(still)
