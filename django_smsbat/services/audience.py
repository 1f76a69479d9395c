"""Who gets a campaign, who does not and why, and what each of them will be sent.

Looks and computes only; `campaigns.launch` writes what is found here.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from django.db.models import Count, QuerySet

from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.messages import Content, InvalidMessage, from_content
from django_smsbat.gateway.sms_parts import count_parts
from django_smsbat.models import Campaign, Recipient
from django_smsbat.services.personalisation import ContentTemplate, MissingValue, values_of
from django_smsbat.services.sender import sender_or_default

_CHUNK: Final = 2_000
_ANY_PHONE: Final = "+380671112233"  # content is checked apart from who it goes to


class Exclusion(StrEnum):
    """Why somebody on the lists gets nothing."""

    OPTED_OUT = "opted out"
    MISSING_VALUE = "missing value"
    INVALID_CONTENT = "invalid content"


@dataclass(frozen=True)
class Addressee:
    """One person on the lists: what they will be sent, or why they will not."""

    recipient: Recipient
    content: Content | None
    exclusion: Exclusion | None = None
    detail: str = ""


@dataclass
class Preview:
    """What a launch would do.

    Attributes:
        recipients: how many get it.
        excluded: how many do not, by reason.
        examples: for each reason what exactly is wrong, once, such as ``no value for {{ city }}``.
        repeated: how many more places those people have on the lists; each gets one message.
        sms_parts: billed parts in the worst case: of SMS, or of the SMS fallback for everybody.
    """

    recipients: int = 0
    excluded: Counter[Exclusion] = field(default_factory=Counter)
    examples: dict[Exclusion, str] = field(default_factory=dict)
    repeated: int = 0
    sms_parts: int = 0

    @property
    def total_excluded(self) -> int:
        return self.excluded.total()

    def add(self, addressee: Addressee) -> None:
        if addressee.exclusion is not None:
            self.excluded[addressee.exclusion] += 1
            self.examples.setdefault(addressee.exclusion, addressee.detail)
        elif addressee.content is not None:
            self.recipients += 1
            self.sms_parts += billed_parts(addressee.content)


def billed_parts(content: Content) -> int:
    """SMS parts that a message may cost: its own, or those of its fallback."""
    text = content.text if content.type == MessageType.SMS else content.fallback_text
    return count_parts(text).parts


def content_of(campaign: Campaign) -> ContentTemplate:
    """The campaign's content, with the sender that it will have, checked as far as it can be.

    Raises:
        InvalidMessage: naming the field that is wrong.
    """
    content = campaign.content()
    template = ContentTemplate(replace(content, sender=sender_or_default(content.sender)))
    from_content(template.sample(), _ANY_PHONE)
    return template


def addressees(campaign: Campaign) -> Iterator[Addressee]:
    """Everybody on the campaign's lists, each once, in the order in which they were added.

    Raises:
        InvalidMessage: when the campaign itself cannot be sent.
    """
    template = content_of(campaign)
    same_for_all = None if template.is_personal else template.content
    for recipient in _recipients(campaign).iterator(chunk_size=_CHUNK):
        if campaign.is_promotional and recipient.opted_out_at:
            yield Addressee(recipient, None, Exclusion.OPTED_OUT)
        elif same_for_all is not None:
            yield Addressee(recipient, same_for_all)
        else:
            yield _personal(template, recipient)


def preview(campaign: Campaign) -> Preview:
    """What a launch would do now.

    Raises:
        InvalidMessage: when the campaign itself cannot be sent.
    """
    found = Preview()
    for addressee in addressees(campaign):
        found.add(addressee)
    places = campaign.lists.aggregate(places=Count("recipients"))["places"]
    found.repeated = places - found.recipients - found.total_excluded
    return found


def _recipients(campaign: Campaign) -> QuerySet[Recipient]:
    lists = campaign.lists.values("pk")
    people = Recipient.lists.through.objects.filter(recipientlist_id__in=lists)
    return Recipient.objects.filter(pk__in=people.values("recipient_id")).order_by("pk")


def _personal(template: ContentTemplate, recipient: Recipient) -> Addressee:
    try:
        content = template.fill(values_of(recipient))
        from_content(content, _ANY_PHONE)
    except MissingValue as error:
        return Addressee(recipient, None, Exclusion.MISSING_VALUE, str(error))
    except InvalidMessage as error:
        return Addressee(recipient, None, Exclusion.INVALID_CONTENT, str(error))
    return Addressee(recipient, content)
