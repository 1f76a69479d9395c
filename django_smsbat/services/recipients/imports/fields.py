"""The fields and types of columns in imported files."""

from enum import StrEnum
from typing import NamedTuple


class Field(StrEnum):
    """The field of a column."""

    PHONE = "phone"
    NAME = "name"
    EMAIL = "email"
    OPTED_OUT = "opted_out"  # yes, no, or the date of the opt-out
    SUBSCRIBED = "subscribed"  # the reverse: "no" is an opt-out
    STATUS = "status"  # an attribute in which values such as "unsubscribed" are opt-outs
    CONSENT_DATE = "consent_date"
    CONSENT_SOURCE = "consent_source"
    ATTRIBUTES = "attributes"  # a JSON object of attributes, as in older exports
    ATTRIBUTE = "attribute"
    IGNORE = "ignore"


class AttributeType(StrEnum):
    """The type to which the cells of an attribute are converted."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    JSON = "json"


# Fields with a single column. If several columns match, the best heading wins.
SINGLE: frozenset[Field] = frozenset(
    {Field.NAME, Field.EMAIL, Field.CONSENT_DATE, Field.CONSENT_SOURCE}
)


class Recognised(NamedTuple):
    """The field of a heading.

    Attributes:
        rank: how specific the heading is. The column with the highest rank is used first.
    """

    field: Field
    rank: int
