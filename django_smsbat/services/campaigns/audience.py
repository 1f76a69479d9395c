"""Who gets a campaign, who does not and why, and what each of them will be sent.

The same walk over the lists serves the preflight, which only counts, and the launch, which writes.
Where nothing is personal, both are one statement; else everybody is looked at, in chunks.
"""

import os
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from django.db.models import BigIntegerField, Count, F, Q, QuerySet, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Substr

from django_smsbat import conf
from django_smsbat.db.expressions import NUMBER_MAX, IsPhone, RandomNumber
from django_smsbat.db.set_based import insert_from, insert_rows, keys_in
from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.messages import Content, from_content
from django_smsbat.gateway.sms_parts import count_parts
from django_smsbat.models import Campaign, Message, Recipient, memberships
from django_smsbat.services.accounts.registry import sender_or_default
from django_smsbat.services.campaigns.placeholders import ContentTemplate
from django_smsbat.services.campaigns.quiet_hours import ZONE_ATTRIBUTE
from django_smsbat.services.campaigns.rendering import (
    ANY_PHONE,
    RECIPIENT_COLUMNS,
    ZONE_MAX,
    Excluded,
    Exclusion,
    FieldCount,
    MessageRenderer,
    RenderedMessage,
)
from django_smsbat.services.exceptions import ActionNotAllowed

_CHUNK: Final = 2_000
_DIGEST_BYTES: Final = 16
_MIX: Final = 1_000_003  # a prime, so that the sum of the keys' squares tells other people apart


@dataclass
class AudienceSummary:
    """What a launch does, or would do.

    Attributes:
        recipients: how many get it.
        excluded: how many do not, by reason.
        examples: for each reason what exactly is wrong, once, such as ``no value for {{ city }}``.
        repeated: how many more places those people have on the lists; each gets one message.
        parts: how many messages take how many SMS parts: of SMS, or of the SMS fallback.
        audience: a fingerprint of who gets what.
        fields: what was found of each placeholder's field; empty for a campaign without any.
    """

    recipients: int = 0
    excluded: Counter[Exclusion] = field(default_factory=Counter)
    examples: dict[Exclusion, str] = field(default_factory=dict)
    repeated: int = 0
    parts: Counter[int] = field(default_factory=Counter)
    audience: str = ""
    fields: dict[str, FieldCount] = field(default_factory=dict)

    @property
    def total_excluded(self) -> int:
        return self.excluded.total()

    @property
    def sms_parts(self) -> int:
        """Billed parts of SMS in the worst case: of everybody, or of everybody's fallback."""
        return sum(parts * count for parts, count in self.parts.items())

    def add_exclusion(self, reason: Exclusion, count: int = 1, example: str = "") -> None:
        if count:
            self.excluded[reason] += count
            self.examples.setdefault(reason, example)


def billed_text(content: Content) -> str:
    """The text that an operator bills by parts: of an SMS, or of the SMS that may follow."""
    return content.text if content.type == MessageType.SMS else content.fallback_text


def content_of(campaign: Campaign) -> ContentTemplate:
    """The campaign's content, with the sender that it will have, checked as far as it can be.

    Raises:
        InvalidMessage: naming the field that is wrong.
    """
    content = campaign.content()
    sender = sender_or_default(content.sender, campaign.account)
    template = ContentTemplate(replace(content, sender=sender))
    from_content(template.sample(), ANY_PHONE)
    return template


def tally(campaign: Campaign) -> AudienceSummary:
    """What a launch would do now.

    Raises:
        InvalidMessage: when the campaign itself cannot be sent.
    """
    template = content_of(campaign)
    if not template.is_personal:
        found = _count_all(campaign)
        found.parts[count_parts(billed_text(template.content)).parts] = found.recipients
    else:
        found = AudienceSummary()
        by_sms = template.content.type == MessageType.SMS
        for chunk in _walk(campaign, template, found):
            for one in chunk:
                found.parts[count_parts(one.text if by_sms else one.fallback_text).parts] += 1
    del found.parts[0]  # what goes by no SMS has no parts
    places = campaign.lists.aggregate(places=Count("recipients"))["places"]
    found.repeated = places - found.recipients - found.total_excluded
    return found


def create_messages(campaign: Campaign, now: datetime) -> AudienceSummary:
    """Write a queued message for everybody who gets it.

    Raises:
        InvalidMessage: when the campaign itself cannot be sent.
        ActionNotAllowed: when the lists changed between counting and writing.
    """
    template = content_of(campaign)
    said = template.content
    same: dict[str, Any] = {
        "campaign": campaign.pk,
        "account": campaign.account,
        "type": said.type,
        "sender": said.sender,
        "ttl": said.ttl,
        "created_at": now,
    }
    if not template.is_personal:
        same |= {
            "text": said.text,
            "message_data": said.message_data,
            "fallback_text": said.fallback_text,
        }
        made = _count_all(campaign)
        if insert_from(Message, _ADDRESS, _addresses(campaign, made), same) != made.recipients:
            raise ActionNotAllowed(
                "People joined or left the lists in this very moment: try again."
            )
        return made
    made = AudienceSummary()
    for chunk in _walk(campaign, template, made):
        _insert(chunk, same)
    return made


_ADDRESS: Final = ("recipient", "to", "nonce", "time_zone")
_FILLED: Final = ("text", "fallback_text", "message_data")


def _insert(chunk: list[RenderedMessage], same: Mapping[str, Any]) -> None:
    names = (*_ADDRESS, *_FILLED, *same)
    constants = tuple(same.values())
    nonces = array("I", os.urandom(4 * len(chunk)))
    rows = [
        (
            one.pk,
            one.phone,
            nonce & NUMBER_MAX,
            one.time_zone,
            one.text,
            one.fallback_text,
            one.message_data,
            *constants,
        )
        for one, nonce in zip(chunk, nonces, strict=True)
    ]
    insert_rows(Message, names, rows)


def _everybody(campaign: Campaign) -> QuerySet[Recipient]:
    lists = campaign.lists.values("pk")
    people = memberships().filter(recipientlist_id__in=lists)
    return Recipient.objects.filter(pk__in=people.values("recipient_id"))


_VALID: Final = Q(IsPhone("phone"))


def _unwelcome(campaign: Campaign) -> Q:
    return Q(opted_out_at__isnull=False) if campaign.is_promotional else Q(pk__in=[])


def _addresses(campaign: Campaign, counted: AudienceSummary) -> QuerySet[Recipient, Any]:
    """In the order of `_ADDRESS`.

    Invalid numbers are left out by their keys. No planner can guess how many numbers are valid: it
    would take a whole list for one row, and join by looking through it once for each person.
    """
    people = _everybody(campaign).exclude(_unwelcome(campaign))
    if counted.excluded[Exclusion.INVALID_NUMBER]:
        invalid = list(people.filter(~_VALID).values_list("pk", flat=True))
        people = people.exclude(pk__in=keys_in(Recipient, invalid))
    return people.values_list("pk", "phone", RandomNumber(), _zone(campaign))


def _zone(campaign: Campaign) -> Combinable:
    """Where the recipient's own time zone is read, if anything depends on it."""
    if not campaign.is_promotional or conf.current().quiet_hours is None:
        return Value("")
    return Coalesce(Substr(KT(f"attributes__{ZONE_ATTRIBUTE}"), 1, ZONE_MAX), Value(""))


def _count_all(campaign: Campaign) -> AudienceSummary:
    """The same people as `_addresses`, and those who are left out, in one statement."""
    unwelcome = _unwelcome(campaign)
    square = F("pk") * F("pk") % _MIX
    told = _everybody(campaign).aggregate(
        all=Count("pk"),
        opted_out=Count("pk", filter=unwelcome),
        invalid=Count("pk", filter=~unwelcome & ~_VALID),
        keys=Sum("pk", filter=~unwelcome, output_field=BigIntegerField()),
        squares=Sum(square, filter=~unwelcome, output_field=BigIntegerField()),
    )
    found = AudienceSummary(recipients=told["all"] - told["opted_out"] - told["invalid"])
    found.add_exclusion(Exclusion.OPTED_OUT, told["opted_out"])
    found.add_exclusion(Exclusion.INVALID_NUMBER, told["invalid"])
    sums = (found.recipients, told["keys"] or 0, told["squares"] or 0)
    found.audience = "-".join(f"{number:x}" for number in sums)
    return found


def _walk(
    campaign: Campaign, template: ContentTemplate, found: AudienceSummary
) -> Iterator[list[RenderedMessage]]:
    """Everybody who gets a personal campaign, in chunks; who does not is noted in the tally."""
    digest = blake2b(digest_size=_DIGEST_BYTES)
    fill = MessageRenderer(campaign, template)
    people = _everybody(campaign).order_by("pk").values_list(*RECIPIENT_COLUMNS)
    chunk: list[RenderedMessage] = []
    for row in people.iterator(chunk_size=_CHUNK):
        try:
            one = fill(row)
        except Excluded as why:
            found.add_exclusion(why.reason, example=why.example)
            continue
        chunk.append(one)
        data = one.message_data if template.data_is_personal else ""
        digest.update(f"{one.pk}\0{one.text}\0{one.fallback_text}\0{data}".encode())
        if len(chunk) == _CHUNK:
            found.recipients += len(chunk)
            yield chunk
            chunk = []
    if chunk:
        found.recipients += len(chunk)
        yield chunk
    found.audience = digest.hexdigest()
    found.fields = fill.field_counts(found.recipients)
