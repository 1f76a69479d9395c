"""Render a campaign's message for one person on its lists, or exclude the person with a reason.

Rendering limits the speed of a large personal campaign's launch. So a message is fully validated
only if a quick check is not conclusive.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django_smsbat.db.expressions import PHONE
from django_smsbat.gateway.message_types import TYPES, MessageType
from django_smsbat.gateway.messages import InvalidMessage, from_content
from django_smsbat.gateway.messages.rules import UNSENDABLE
from django_smsbat.gateway.text import is_blank
from django_smsbat.models import Campaign, Recipient
from django_smsbat.services.campaigns.placeholders import ContentTemplate, MissingValue, values_from
from django_smsbat.services.campaigns.quiet_hours import ZONE_ATTRIBUTE

ANY_PHONE: Final = "+380671112233"  # content is validated independently of the recipient
ZONE_MAX: Final = 64  # characters, the length of the column
_PHONE: Final = re.compile(PHONE)


class Exclusion(StrEnum):
    """Why a person on the lists gets no message."""

    OPTED_OUT = "opted out"
    INVALID_NUMBER = "invalid number"
    MISSING_VALUE = "missing value"
    INVALID_CONTENT = "invalid content"


class Excluded(Exception):
    """The person gets no message.

    Attributes:
        reason: why.
        example: the details, such as ``no value for {{ city }}``.
        field: the placeholder's field without a value, if that is the reason.
    """

    def __init__(self, reason: Exclusion, example: str = "", field: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.example = example
        self.field = field


@dataclass(slots=True)
class RenderedMessage:
    """A message for one recipient."""

    pk: int
    phone: str
    time_zone: str
    text: str
    fallback_text: str
    message_data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FieldCount:
    """How many people have a value for one placeholder's field.

    Attributes:
        default: how many recipients get the placeholder's default.
        has_value: how many people on the lists have a value, whether or not they get the campaign.
            People who opted out or have no valid number are not counted.
    """

    default: int
    has_value: int


RECIPIENT_COLUMNS: Final = (
    "pk",
    "phone",
    "name",
    "email",
    "attributes",
    "opted_out_at",
)


def values_of(person: Recipient, fields: Collection[str]) -> dict[str, str]:
    """Return the values of a recipient for placeholders with these fields."""
    known = person.attributes if isinstance(person.attributes, Mapping) else {}
    own = {"phone": person.phone, "name": person.name, "email": person.email}
    return values_from(known, fields, own)


class MessageRenderer:
    """Renders a campaign's messages, one recipient at a time."""

    def __init__(self, campaign: Campaign, template: ContentTemplate) -> None:
        self._template = template
        self._is_promotional = campaign.is_promotional
        self._content = template.content
        self._text_max = TYPES[MessageType(template.content.type)].text_max
        self._defaults = dict.fromkeys(template.fields, 0)  # recipients without a value, by field
        self._excluded_with = dict.fromkeys(template.fields, 0)  # excluded people with a value
        self._has_excluded = False

    def __call__(self, row: Sequence[Any]) -> RenderedMessage:
        """Render the message for one recipient.

        Args:
            row: the columns `RECIPIENT_COLUMNS`.

        Raises:
            Excluded: if the person gets no message, with the reason.
        """
        pk, phone, name, email, attributes, opted_out_at = row
        if opted_out_at and self._is_promotional:
            raise Excluded(Exclusion.OPTED_OUT)
        if not _PHONE.match(phone):
            raise Excluded(Exclusion.INVALID_NUMBER)
        known = attributes if isinstance(attributes, Mapping) else {}
        zone = known.get(ZONE_ATTRIBUTE)
        own = {"phone": phone, "name": name, "email": email}
        values = values_from(known, self._template.fields, own)
        try:
            text, fallback_text, data = self._fill(values)
        except MissingValue as error:
            self._count_excluded(values)
            raise Excluded(Exclusion.MISSING_VALUE, str(error), error.field) from None
        except InvalidMessage as error:
            self._count_excluded(values)
            raise Excluded(Exclusion.INVALID_CONTENT, str(error)) from None
        if "" in values.values():
            self._count_defaults(values)
        shown = zone[:ZONE_MAX] if isinstance(zone, str) else ""
        return RenderedMessage(pk, phone, shown, text, fallback_text, data)

    def _count_excluded(self, values: Mapping[str, str]) -> None:
        self._has_excluded = True
        for name, value in values.items():
            if value:
                self._excluded_with[name] += 1

    def _count_defaults(self, values: Mapping[str, str]) -> None:
        for name, value in values.items():
            if not value:
                self._defaults[name] += 1

    def field_counts(self, recipients: int) -> dict[str, FieldCount]:
        """Return the counts of each placeholder's field; empty if no recipient was processed.

        Args:
            recipients: the number of rendered messages.
        """
        if not recipients and not self._has_excluded:
            return {}
        return {
            name: FieldCount(
                self._defaults[name], recipients - self._defaults[name] + self._excluded_with[name]
            )
            for name in sorted(self._template.fields)
        }

    def _fill(self, values: Mapping[str, str]) -> tuple[str, str, Mapping[str, Any]]:
        """Fill the content; validate it fully only if a quick check is not conclusive."""
        if not self._template.data_is_personal:
            text, fallback_text = self._template.fill_words(values)
            if (text == self._content.text or self._is_surely_fine(text)) and (
                fallback_text == self._content.fallback_text or self._is_surely_fine(fallback_text)
            ):
                return text, fallback_text, self._content.message_data
        content = self._template.fill_trimmed(values)
        from_content(content, ANY_PHONE)
        return content.text, content.fallback_text, content.message_data

    def _is_surely_fine(self, text: str) -> bool:
        """Whether the text is certainly valid in content that is valid with sample values."""
        fits = self._text_max is None or len(text) <= self._text_max
        return fits and not is_blank(text) and not UNSENDABLE.search(text)
