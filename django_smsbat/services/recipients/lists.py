"""Who stands in which list: changed for all of a selection in one statement, however many."""

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
    """All lists with `people_count`, counted for each from the table of places."""
    places = memberships().filter(recipientlist=OuterRef("pk")).order_by()
    counted = places.values("recipientlist").annotate(n=Count("pk")).values("n")
    number = Coalesce(Subquery(counted, output_field=IntegerField()), 0)
    return RecipientList.objects.annotate(people_count=number)


def add(target: RecipientList, people: QuerySet[Recipient]) -> int:
    """Put them into the list; how many were not in it yet."""
    places = memberships().filter(recipientlist=target)
    # MariaDB would count those that were left out.
    new = people.exclude(pk__in=places.values("recipient"))
    return _insert(new.values_list("pk", Value(target.pk)))


def remove(target: RecipientList, people: QuerySet[Recipient]) -> int:
    """Take them from the list; how many stood in it."""
    places = memberships().filter(recipientlist=target)
    removed, _ = places.filter(recipient__in=people.order_by().values("pk")).delete()
    return removed


def make_from_messages(name: str, messages: QuerySet[Message]) -> RecipientList:
    """A new list of whom these messages went to. Who is known no more is not in it.

    Raises:
        ActionNotAllowed: when there is a list of that name, or nobody would stand in it.
    """
    return _make(name, messages.exclude(recipient=None).values_list("recipient"))


def with_attribute(people: QuerySet[Recipient], name: str, value: str) -> QuerySet[Recipient]:
    """Those whose attribute is that text or number.

    What a database takes for no name, such as digits alone, finds nobody. No index helps: it is
    for making a list once, not for a page.
    """
    shown = Cast(KeyTextTransform(name, "attributes"), CharField())
    return people.alias(chosen_attribute=shown).filter(chosen_attribute=value)


def make(name: str, people: QuerySet[Recipient]) -> RecipientList:
    """A new list of these people.

    Raises:
        ActionNotAllowed: when there is a list of that name, or nobody would stand in it.
    """
    return _make(name, people.values_list("pk"))


@transaction.atomic
def _make(name: str, keys: QuerySet[Any, Any]) -> RecipientList:
    if not keys.exists():
        raise ActionNotAllowed("The list would be empty.")
    made, is_new = RecipientList.objects.get_or_create(name=name)
    if not is_new:
        raise ActionNotAllowed(f"There is a list “{name}” already.")
    _insert(keys.annotate(target=Value(made.pk)).distinct())
    return made


def _insert(rows: QuerySet[Any, Any]) -> int:
    through = Recipient.lists.through
    return insert_from(through, ("recipient", "recipientlist"), rows, {}, ignore_conflicts=True)
