"""Store the people of a chunk: update existing recipients and create new recipients.

Empty cells change nothing. A recipient stays opted out, unless the file contains a later opt-in
with its source.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django_smsbat.db.set_based import insert_rows, texts_in, update_rows
from django_smsbat.gateway.text import visible, with_line_feeds
from django_smsbat.models import Recipient, RecipientList
from django_smsbat.services.consent import imports
from django_smsbat.services.consent.imports import Applied, ImportedChange
from django_smsbat.services.recipients.imports.rows import Person

_FIELDS: Final = ("name", "email", "attributes")


@dataclass(frozen=True)
class Target:
    """The target of an import.

    Attributes:
        list: None for a file of opt-outs.
        file_name: the default reason for changes of consent.
        entered_by: the login of the user who imports; empty for the command.
    """

    list: RecipientList | None
    file_name: str
    entered_by: str = ""


def store(people: Mapping[str, Person], target: Target, now: datetime) -> Counter[str]:
    """Store a chunk and return its counts."""
    # Lock in a fixed order, so that concurrent imports wait for each other without a deadlock.
    changed, fresh = _compare(people, lock=True)
    update_rows(Recipient, _FIELDS, changed)
    _create(fresh.values(), now)
    keys = _keys(people, target)
    if target.list is not None:
        _enlist(keys.values(), target.list)
    applied = imports.record(_changes(people, keys, target), target.entered_by, now)
    return _counts(people, changed, fresh, applied)


def count(people: Mapping[str, Person], now: datetime) -> Counter[str]:
    """Return the counts of `store` without writing."""
    changed, fresh = _compare(people, lock=False)
    target = Target(None, "")
    known = {phone: person for phone, person in people.items() if phone not in fresh}
    applied = imports.record(_changes(known, _keys(known, target), target), "", now, dry_run=True)
    new = sum(person.consent is not None and person.consent.is_opt_out for person in fresh.values())
    return _counts(people, changed, fresh, applied._replace(opted_out=applied.opted_out + new))


def merged(stored: tuple[str, str, Any], person: Person) -> tuple[str, str, dict[str, Any]]:
    """Return the name, e-mail address and attributes of a recipient after the import."""
    name, email, attributes = stored
    known = attributes if isinstance(attributes, dict) else {}
    return (
        _kept(name, person.name),
        _kept(email, person.email),
        known | {key: _kept(known.get(key), value) for key, value in person.attributes.items()},
    )


def _kept(stored: Any, value: Any) -> Any:
    """Return the stored value if the file's value is empty or has the same text, else the new."""
    if value == "" or (stored is not None and _as_imported(stored) == str(value)):
        return stored
    return value


def _as_imported(stored: object) -> str:
    return visible(with_line_feeds(str(stored)))


def _compare(
    people: Mapping[str, Person], *, lock: bool
) -> tuple[list[tuple[Any, ...]], dict[str, Person]]:
    """Return the changed rows of existing recipients, and the new people."""
    known = Recipient.objects.filter(phone__in=texts_in(Recipient, people)).order_by("pk")
    if lock:
        known = known.select_for_update()
    changed, fresh = [], dict(people)
    for key, phone, *stored in known.values_list("pk", "phone", *_FIELDS):
        name, email, attributes = stored
        after = merged((name, email, attributes), fresh.pop(phone))
        if list(after) != stored:
            changed.append((key, *after))
    return changed, fresh


def _create(fresh: Iterable[Person], now: datetime) -> None:
    names = ("phone", "name", "email", "attributes", "created_at")
    rows = [(one.phone, one.name, one.email, one.attributes, now) for one in fresh]
    # A concurrent import may have created the same people.
    insert_rows(Recipient, names, rows, ignore_conflicts=True)


def _keys(people: Mapping[str, Person], target: Target) -> dict[str, int]:
    """Return the keys of the recipients to enlist or with a change of consent, by phone."""
    needed = [
        phone for phone, person in people.items() if target.list is not None or person.consent
    ]
    if not needed:
        return {}
    stored = Recipient.objects.filter(phone__in=texts_in(Recipient, needed))
    return dict(stored.values_list("phone", "pk"))


def _enlist(keys: Iterable[int], target: RecipientList) -> None:
    rows = [(target.pk, key) for key in keys]
    through = Recipient.lists.through
    insert_rows(through, ("recipientlist", "recipient"), rows, ignore_conflicts=True)


def _changes(
    people: Mapping[str, Person], keys: Mapping[str, int], target: Target
) -> list[ImportedChange]:
    return [
        ImportedChange(
            keys[phone],
            person.consent.is_opt_out,
            person.consent.at,
            person.consent.source or target.file_name,
        )
        for phone, person in people.items()
        if person.consent is not None and phone in keys
    ]


def _counts(
    people: Mapping[str, Person],
    changed: list[tuple[Any, ...]],
    fresh: Mapping[str, Person],
    applied: Applied,
) -> Counter[str]:
    return Counter(
        created=len(fresh),
        updated=len(changed),
        unchanged=len(people) - len(fresh) - len(changed),
        opted_out=applied.opted_out,
        opted_in=applied.opted_in,
        left_out=sum(bool(person.left_out) for person in people.values()),
    )
