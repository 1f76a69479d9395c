"""Purge recipients that a callback created, after their messages are purged.

Otherwise anyone with a webhook secret could fill the table with recipients.
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
    """Delete recipients created by a callback before that time who have no other data.

    Recipients who have opted out are retained: the opt-out must apply if an import contains the
    same phone.

    Returns:
        The number of deleted recipients.
    """
    removed = last = 0
    while not clock.stopping:
        candidates = _only_wrote(before).filter(pk__gt=last).order_by("pk")
        rows = list(candidates.values_list("pk", "attributes")[:_CHUNK])
        if not rows:
            break
        last = rows[-1][0]
        removed += _remove([key for key, attributes in rows if not attributes], before)
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
    """Lock the recipients, check them again, and delete them.

    A callback or an import may use them concurrently.
    """
    rows = Recipient.objects.filter(pk__in=keys).select_for_update().order_by("pk")
    locked = list(rows.values_list("pk", flat=True))
    still = list(_only_wrote(before).filter(pk__in=locked).values_list("pk", flat=True))
    Recipient.objects.filter(pk__in=still).delete()
    return len(still)
