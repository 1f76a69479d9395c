"""The inbox: one conversation for each phone that wrote, the newest first, and what is unread."""

from datetime import datetime
from typing import Final

from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from django_smsbat.models import InboundMessage

UNREAD_MAX: Final = 1_000  # so many are counted


def latest_of_each(rows: QuerySet[InboundMessage]) -> QuerySet[InboundMessage]:
    """Of each phone the last message alone, with how many of its messages are unread."""
    same_phone = InboundMessage.objects.filter(phone=OuterRef("phone")).order_by()
    newer = same_phone.filter(pk__gt=OuterRef("pk"))
    counted = same_phone.filter(read_at=None).values("phone").annotate(n=Count("pk")).values("n")
    number = Coalesce(Subquery(counted, output_field=IntegerField()), 0)
    return rows.filter(~Exists(newer)).annotate(unread_count=number)


def of_unread(rows: QuerySet[InboundMessage]) -> QuerySet[InboundMessage]:
    return rows.filter(read_at=None)


def unread_count() -> int:
    """Messages that nobody has read yet; more than `UNREAD_MAX` are not counted."""
    return len(of_unread(InboundMessage.objects.order_by()).values_list("pk")[:UNREAD_MAX])


def mark_read(seen: InboundMessage, now: datetime | None = None) -> int:
    """A person has read the conversation up to this message; how many became read."""
    unread = of_unread(InboundMessage.objects.filter(phone=seen.phone, pk__lte=seen.pk))
    return unread.order_by().update(read_at=now or timezone.now())
