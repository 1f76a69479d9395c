"""Which column of a table holds what: by its heading, or by what somebody says of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django_smsbat.gateway import phones
from django_smsbat.services.recipients.imports.rejects import OWN_HEADINGS

PHONE: Final = "phone"
NAME: Final = "name"
EMAIL: Final = "email"
OWN: Final = (PHONE, NAME, EMAIL)

# Headings as people write them, in lower case; everything else becomes an attribute.
_HEADINGS: Final[dict[str, str]] = {
    **dict.fromkeys(
        (
            *("phone", "phone number", "phonenumber", "mobile", "msisdn", "tel", "telephone"),
            *("number", "телефон", "номер", "номер телефону", "мобільний", "моб", "тел"),
            *("номер телефона", "мобильный"),
        ),
        PHONE,
    ),
    **dict.fromkeys(
        ("name", "full name", "first name", "ім'я", "ім’я", "імя", "піб", "имя", "фио"), NAME
    ),
    **dict.fromkeys(("email", "e-mail", "mail", "пошта", "ел. пошта", "почта"), EMAIL),
}
_NOT_A_WORD: Final = re.compile(r"\W+")


class UnknownColumns(Exception):
    """Nobody can tell which column is which; one sentence for people."""


@dataclass(frozen=True)
class Columns:
    """The place of each column.

    Attributes:
        own: where phone, name and e-mail stand.
        attributes: the name of each other column, as placeholders call it, by its place.
    """

    own: Mapping[str, int]
    attributes: Mapping[int, str]

    @classmethod
    def of(cls, headings: Sequence[Any], said: Mapping[str, str]) -> "Columns":
        """
        Args:
            said: headings by what they hold, where they do not say so themselves.

        Raises:
            UnknownColumns: when there is no column of phones, or one that was named is not there.
        """
        written = [str(heading or "").strip() for heading in headings]
        if tuple(written[:2]) == OWN_HEADINGS:  # a file of rejects: these two are none of theirs
            written[:2] = ["", ""]
        found = _named(written, said)
        for place, heading in enumerate(written):
            field = _HEADINGS.get(heading.lower())
            if field and field not in found and place not in found.values():
                found[field] = place
        if PHONE not in found:
            raise UnknownColumns(
                "no column holds phones: name its heading with --column phone=HEADING; "
                f"there are {_shown(written) or 'no headings'}"
            )
        own = {field: place for field, place in found.items() if field in OWN}
        named = {place: field for field, place in found.items() if field not in OWN}
        rest = {
            place: named.get(place) or _NOT_A_WORD.sub("_", heading).strip("_")
            for place, heading in enumerate(written)
            if place not in own.values()
        }
        return cls(own, {place: name for place, name in rest.items() if name})


def _shown(written: Sequence[str]) -> str:
    """Headings; where there are none it is somebody's phone that stands there."""
    return phones.redact(", ".join(filter(None, written)))


def _named(written: Sequence[str], said: Mapping[str, str]) -> dict[str, int]:
    found = {}
    for field, heading in said.items():
        if heading not in written:
            raise UnknownColumns(f"there is no column {heading!r}; there are {_shown(written)}")
        found[field] = written.index(heading)
    return found
