"""The fields of recipients, and suggestions for a placeholder with an unknown field."""

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from django.db.models import QuerySet

from django_smsbat.models import Recipient, memberships

SAMPLE_SIZE: Final = 200  # people: a bounded cost, whatever the size of the lists
OWN_FIELDS: Final = ("name", "phone", "email")
_USABLE: Final = re.compile(r"\w+")
_SEPARATORS: Final = re.compile(r"[\W_]+")
_CLOSE_ENOUGH: Final = 0.75
# Other usual names of the recipient's own fields.
_SYNONYMS: Final[Mapping[str, str]] = {
    other: own
    for own, others in {
        "name": "firstname fname fullname client customer contact імя имя піб фио клієнт",
        "phone": "mobile tel telephone cell number телефон мобільний мобильный номер",
        "email": "mail emailaddress пошта почта імейл емейл",
    }.items()
    for other in others.split()
}


def people_on(lists: Iterable[int]) -> QuerySet[Recipient]:
    """Return the recipients on the lists, ordered by key.

    Args:
        lists: the keys of the lists.
    """
    places = memberships().filter(recipientlist__in=list(lists))
    return Recipient.objects.filter(pk__in=places.values("recipient")).order_by("pk")


def sample(lists: Iterable[int]) -> list[Recipient]:
    """Return the first `SAMPLE_SIZE` recipients on the lists."""
    return list(people_on(lists)[:SAMPLE_SIZE])


def known_fields(people: Iterable[Recipient]) -> list[str]:
    """Return the recipients' own fields and their attribute names, each once."""
    names: dict[Any, None] = dict.fromkeys(OWN_FIELDS)
    for person in people:
        if isinstance(person.attributes, Mapping):
            names |= dict.fromkeys(person.attributes)
    return [name for name in names if isinstance(name, str) and _USABLE.fullmatch(name)]


def closest(field: str, known: Collection[str]) -> str:
    """Return the most similar known field; empty if none is similar."""
    by_key = {_key(name): name for name in reversed(list(known)) if name != field}
    key = _key(field)
    if key in by_key:
        return by_key[key]
    if _SYNONYMS.get(key) in by_key:
        return by_key[_SYNONYMS[key]]
    similar = get_close_matches(key, by_key, n=1, cutoff=_CLOSE_ENOUGH)
    return by_key[similar[0]] if similar else ""


def _key(name: str) -> str:
    """Return the name without capitals, separators and apostrophes."""
    return _SEPARATORS.sub("", name.casefold())
