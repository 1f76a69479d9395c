"""One person on a campaign's lists: what they will be sent, or why they are left out.

Filling is what a large personal campaign waits for: the whole check of a message is made only where
a quick look does not settle it.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django_smsbat.gateway.message_types import TYPES, MessageType
from django_smsbat.gateway.messages import InvalidMessage, from_content
from django_smsbat.gateway.messages.rules import UNSENDABLE
from django_smsbat.models import Campaign, Recipient
from django_smsbat.models.expressions import PHONE
from django_smsbat.services.personalisation import ContentTemplate, MissingValue, values_from
from django_smsbat.services.quiet_hours import ZONE_ATTRIBUTE

ANY_PHONE: Final = "+380671112233"  # content is checked apart from who it goes to
ZONE_MAX: Final = 64  # characters, as the column holds
_PHONE: Final = re.compile(PHONE)


class Exclusion(StrEnum):
    """Why somebody on the lists gets nothing."""

    OPTED_OUT = "opted out"
    INVALID_NUMBER = "invalid number"
    MISSING_VALUE = "missing value"
    INVALID_CONTENT = "invalid content"


class LeftOut(Exception):
    """A person who gets nothing.

    Attributes:
        reason: why.
        example: what exactly is wrong, such as ``no value for {{ city }}``.
    """

    def __init__(self, reason: Exclusion, example: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.example = example


@dataclass(slots=True)
class Addressee:
    """One person who gets it, and what exactly."""

    pk: int
    phone: str
    time_zone: str
    text: str
    fallback_text: str
    message_data: Mapping[str, Any]


READ_OF_PEOPLE: Final = (
    "pk",
    "phone",
    "name",
    "email",
    "attributes",
    "opted_out_at",
)


def values_of(person: Recipient, fields: Collection[str]) -> dict[str, str]:
    """What placeholders that name these fields show of a person."""
    known = person.attributes if isinstance(person.attributes, Mapping) else {}
    own = {"phone": person.phone, "name": person.name, "email": person.email}
    return values_from({**known, **own}, fields)


class Filler:
    """Fills a campaign's words for one person after another."""

    def __init__(self, campaign: Campaign, template: ContentTemplate) -> None:
        self._template = template
        self._is_promotional = campaign.is_promotional
        self._said = template.content
        self._text_max = TYPES[MessageType(template.content.type)].text_max

    def __call__(self, row: Sequence[Any]) -> Addressee:
        """
        Args:
            row: the columns `READ_OF_PEOPLE`.

        Raises:
            LeftOut: saying why that person gets nothing.
        """
        pk, phone, name, email, attributes, opted_out_at = row
        if opted_out_at and self._is_promotional:
            raise LeftOut(Exclusion.OPTED_OUT)
        if not _PHONE.match(phone):
            raise LeftOut(Exclusion.INVALID_NUMBER)
        known = attributes if isinstance(attributes, Mapping) else {}
        zone = known.get(ZONE_ATTRIBUTE)
        known = {**known, "phone": phone, "name": name, "email": email}
        try:
            text, fallback_text, data = self._fill(values_from(known, self._template.fields))
        except MissingValue as error:
            raise LeftOut(Exclusion.MISSING_VALUE, str(error)) from None
        except InvalidMessage as error:
            raise LeftOut(Exclusion.INVALID_CONTENT, str(error)) from None
        shown = zone[:ZONE_MAX] if isinstance(zone, str) else ""
        return Addressee(pk, phone, shown, text, fallback_text, data)

    def _fill(self, values: Mapping[str, str]) -> tuple[str, str, Mapping[str, Any]]:
        """The whole check only where a quick look does not settle it."""
        if not self._template.data_is_personal:
            text, fallback_text = self._template.fill_words(values)
            if (text == self._said.text or self._is_surely_fine(text)) and (
                fallback_text == self._said.fallback_text or self._is_surely_fine(fallback_text)
            ):
                return text, fallback_text, self._said.message_data
        content = self._template.fill(values)
        from_content(content, ANY_PHONE)
        return content.text, content.fallback_text, content.message_data

    def _is_surely_fine(self, text: str) -> bool:
        """Whether it cannot make the content invalid that was valid with another value in it."""
        fits = self._text_max is None or len(text) <= self._text_max
        return fits and bool(text) and not text.isspace() and not UNSENDABLE.search(text)
