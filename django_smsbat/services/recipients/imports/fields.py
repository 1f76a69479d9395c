"""What a column of an imported file can hold: the vocabulary of imports."""

from enum import StrEnum
from typing import NamedTuple


class Field(StrEnum):
    """What a column is taken for."""

    PHONE = "phone"
    NAME = "name"
    EMAIL = "email"
    OPTED_OUT = "opted_out"  # yes, no, or the date of the opt-out
    SUBSCRIBED = "subscribed"  # the reverse: "no" is an opt-out
    STATUS = "status"  # an attribute in which words such as "unsubscribed" are opt-outs
    CONSENT_DATE = "consent_date"
    CONSENT_SOURCE = "consent_source"
    ATTRIBUTES = "attributes"  # a JSON object of attributes, as older exports wrote them
    ATTRIBUTE = "attribute"
    IGNORE = "ignore"


class AttributeType(StrEnum):
    """How the cells of an attribute are converted."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    JSON = "json"


# The fields that one column alone can fill; of several columns the best heading is taken.
SINGLE: frozenset[Field] = frozenset(
    {Field.NAME, Field.EMAIL, Field.CONSENT_DATE, Field.CONSENT_SOURCE}
)


class Recognised(NamedTuple):
    """What a heading means.

    Attributes:
        rank: how specific the heading is; of several columns the highest is used first.
    """

    field: Field
    rank: int
