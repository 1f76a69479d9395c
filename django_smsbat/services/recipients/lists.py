"""Membership of recipient lists, changed for a whole selection in one SQL statement."""

from typing import Any

from django.db import transaction
from django.db.models import (
    CharField,
    Count,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from django_smsbat.db.set_based import insert_from
from django_smsbat.models import Message, Recipient, RecipientList, memberships
from django_smsbat.services.exceptions import ActionNotAllowed


def with_counts() -> QuerySet[RecipientList]:
    """Return all lists with `people_count`, counted from the membership table."""
    places = memberships().filter(recipientlist=OuterRef("pk")).order_by()
    counted = places.values("recipientlist").annotate(n=Count("pk")).values("n")
    number = Coalesce(Subquery(counted, output_field=IntegerField()), 0)
    return RecipientList.objects.annotate(people_count=number)


def add(target: RecipientList, people: QuerySet[Recipient]) -> int:
    """Add recipients to a list.

    Returns:
        The number of recipients who were not on it.
    """
    places = memberships().filter(recipientlist=target)
    # Exclude the members: MariaDB would count ignored rows, too.
    new = people.exclude(pk__in=places.values("recipient"))
    return _insert(new.values_list("pk", Value(target.pk)))


def remove(target: RecipientList, people: QuerySet[Recipient]) -> int:
    """Remove recipients from a list.

    Returns:
        The number of recipients who were on it.
    """
    places = memberships().filter(recipientlist=target)
    removed, _ = places.filter(recipient__in=people.order_by().values("pk")).delete()
    return removed


def make_from_messages(name: str, messages: QuerySet[Message]) -> RecipientList:
    """Create a list of the recipients of these messages. Deleted recipients are not on it.

    Raises:
        ActionNotAllowed: if a list of that name exists, or the list would be empty.
    """
    return _make(name, messages.exclude(recipient=None).values_list("recipient"))


def with_attribute(people: QuerySet[Recipient], name: str, value: str) -> QuerySet[Recipient]:
    """Return the recipients with that text or number as the attribute's value.

    Names that the database does not accept, such as digits alone, match no recipient. No index
    supports this query: use it to create a list, not on a page.
    """
    shown = Cast(KeyTextTransform(name, "attributes"), CharField())
    return people.alias(chosen_attribute=shown).filter(chosen_attribute=value)


def make(name: str, people: QuerySet[Recipient]) -> RecipientList:
    """Create a list of these people.

    Raises:
        ActionNotAllowed: if a list of that name exists, or the list would be empty.
    """
    return _make(name, people.values_list("pk"))


@transaction.atomic
def _make(name: str, keys: QuerySet[Any, Any]) -> RecipientList:
    if not keys.exists():
        raise ActionNotAllowed("The list would be empty.")
    created, is_new = RecipientList.objects.get_or_create(name=name)
    if not is_new:
        raise ActionNotAllowed(f"There is a list “{name}” already.")
    _insert(keys.annotate(target=Value(created.pk)).distinct())
    return created


def _insert(rows: QuerySet[Any, Any]) -> int:
    through = Recipient.lists.through
    return insert_from(through, ("recipient", "recipientlist"), rows, {}, ignore_conflicts=True)
