"""The inbox: a conversation for each sender's phone, and the number of unread messages.

Messages that may be requests to opt out are flagged until a person or a later keyword decides.
"""

from datetime import datetime
from typing import Final

from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from django_smsbat.models import InboundMessage

UNREAD_MAX: Final = 1_000  # counting stops here
PROBABLE_OPT_OUTS_MAX: Final = 1_000  # likewise


def latest_of_each(rows: QuerySet[InboundMessage]) -> QuerySet[InboundMessage]:
    """Return the last message of each phone, annotated with facts about its conversation.

    `unread_count` is the number of unread messages. `has_probable_opt_out` is whether a message
    waits for a decision.
    """
    same_phone = InboundMessage.objects.filter(phone=OuterRef("phone")).order_by()
    newer = same_phone.filter(pk__gt=OuterRef("pk"))
    counted = same_phone.filter(read_at=None).values("phone").annotate(n=Count("pk")).values("n")
    number = Coalesce(Subquery(counted, output_field=IntegerField()), 0)
    flagged = Exists(probable_opt_outs(same_phone))
    return rows.filter(~Exists(newer)).annotate(unread_count=number, has_probable_opt_out=flagged)


def probable_opt_outs(rows: QuerySet[InboundMessage]) -> QuerySet[InboundMessage]:
    """Return the flagged messages of recipients who have not opted out since.

    Imports opt recipients out and leave the flags set, so the flag alone does not decide.
    """
    # With IN all databases use the index: SQLite needs a comparison for that.
    return rows.filter(
        may_be_opt_out__in=[True], recipient__isnull=False, recipient__opted_out_at=None
    )


def is_probable_opt_out(inbound: InboundMessage) -> bool:
    """Return whether `probable_opt_outs` contains this message."""
    recipient = inbound.recipient
    return inbound.may_be_opt_out and recipient is not None and recipient.opted_out_at is None


def probable_opt_out_count() -> int:
    """Count the messages that wait for a decision, up to `PROBABLE_OPT_OUTS_MAX`."""
    waiting = probable_opt_outs(InboundMessage.objects.order_by())
    return len(waiting.values_list("pk")[:PROBABLE_OPT_OUTS_MAX])


def probable_opt_out_of(phone: str) -> InboundMessage | None:
    """Return the latest message of a conversation that waits for a decision."""
    waiting = probable_opt_outs(InboundMessage.objects.filter(phone=phone))
    return waiting.order_by("-pk").first()


def dismiss_opt_out(inbound: InboundMessage) -> bool:
    """Clear the flag of a message that, as a person decided, does not ask to opt out.

    Returns:
        Whether it was flagged.
    """
    flagged = InboundMessage.objects.filter(pk=inbound.pk, may_be_opt_out=True)
    return bool(flagged.update(may_be_opt_out=False))


def of_unread(rows: QuerySet[InboundMessage]) -> QuerySet[InboundMessage]:
    return rows.filter(read_at=None)


def unread_count() -> int:
    """Count the unread messages, up to `UNREAD_MAX`."""
    return len(of_unread(InboundMessage.objects.order_by()).values_list("pk")[:UNREAD_MAX])


def mark_read(seen: InboundMessage, now: datetime | None = None) -> int:
    """Mark a conversation as read up to this message.

    Returns:
        The number of messages that were unread.
    """
    unread = of_unread(InboundMessage.objects.filter(phone=seen.phone, pk__lte=seen.pk))
    return unread.order_by().update(read_at=now or timezone.now())
