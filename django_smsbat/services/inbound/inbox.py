"""The inbox: one conversation for each phone that wrote, the newest first, and what is unread.

Messages that might ask to opt out carry a flag until a person, or a later keyword, decides.
"""

from datetime import datetime
from typing import Final

from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from django_smsbat.models import InboundMessage

UNREAD_MAX: Final = 1_000  # so many are counted
PROBABLE_OPT_OUTS_MAX: Final = 1_000  # likewise


def latest_of_each(rows: QuerySet[InboundMessage]) -> QuerySet[InboundMessage]:
    """Of each phone the last message alone, with how many of its messages are unread.

    `has_probable_opt_out` is whether any of them waits for a decision.
    """
    same_phone = InboundMessage.objects.filter(phone=OuterRef("phone")).order_by()
    newer = same_phone.filter(pk__gt=OuterRef("pk"))
    counted = same_phone.filter(read_at=None).values("phone").annotate(n=Count("pk")).values("n")
    number = Coalesce(Subquery(counted, output_field=IntegerField()), 0)
    flagged = Exists(probable_opt_outs(same_phone))
    return rows.filter(~Exists(newer)).annotate(unread_count=number, has_probable_opt_out=flagged)


def probable_opt_outs(rows: QuerySet[InboundMessage]) -> QuerySet[InboundMessage]:
    """Flagged messages of recipients who have not opted out since.

    Imports opt people out without looking at their messages, so the flag alone does not decide.
    """
    # With IN the index is used on all databases: SQLite needs a comparison for that.
    return rows.filter(
        may_be_opt_out__in=[True], recipient__isnull=False, recipient__opted_out_at=None
    )


def is_probable_opt_out(inbound: InboundMessage) -> bool:
    """Whether `probable_opt_outs` would give this message."""
    recipient = inbound.recipient
    return inbound.may_be_opt_out and recipient is not None and recipient.opted_out_at is None


def probable_opt_out_count() -> int:
    """Messages that wait for a decision; `PROBABLE_OPT_OUTS_MAX` at most are counted."""
    found = probable_opt_outs(InboundMessage.objects.order_by())
    return len(found.values_list("pk")[:PROBABLE_OPT_OUTS_MAX])


def probable_opt_out_of(phone: str) -> InboundMessage | None:
    """The latest message of a conversation that waits for a decision."""
    found = probable_opt_outs(InboundMessage.objects.filter(phone=phone))
    return found.order_by("-pk").first()


def dismiss_opt_out(inbound: InboundMessage) -> bool:
    """A person has decided that a flagged message does not ask to opt out.

    Returns:
        Whether it was flagged.
    """
    flagged = InboundMessage.objects.filter(pk=inbound.pk, may_be_opt_out=True)
    return bool(flagged.update(may_be_opt_out=False))


def of_unread(rows: QuerySet[InboundMessage]) -> QuerySet[InboundMessage]:
    return rows.filter(read_at=None)


def unread_count() -> int:
    """Messages that nobody has read yet; more than `UNREAD_MAX` are not counted."""
    return len(of_unread(InboundMessage.objects.order_by()).values_list("pk")[:UNREAD_MAX])


def mark_read(seen: InboundMessage, now: datetime | None = None) -> int:
    """A person has read the conversation up to this message; how many became read."""
    unread = of_unread(InboundMessage.objects.filter(phone=seen.phone, pk__lte=seen.pk))
    return unread.order_by().update(read_at=now or timezone.now())
