"""Determine a campaign's recipients, the excluded people with reasons, and each message's text.

The preflight, which only counts, and the launch, which writes, share this code. Without
placeholders, each takes one statement. With placeholders, all recipients are read in chunks.
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
_MIX: Final = 1_000_003  # a prime; the sum of squared keys modulo it detects a changed audience


@dataclass
class AudienceSummary:
    """The result of a launch, or of a preflight.

    Attributes:
        recipients: how many people get the campaign.
        excluded: how many people do not, by reason.
        examples: one detail for each reason, such as ``no value for {{ city }}``.
        repeated: the number of duplicate list entries; each person gets one message.
        parts: the number of messages by SMS parts, of the SMS or of the SMS fallback.
        audience: a fingerprint of recipients and, with placeholders, of their texts.
        fields: counts for each placeholder's field; empty for a campaign without placeholders.
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
        """Billed SMS parts in the worst case: all recipients get the SMS, or the fallback."""
        return sum(parts * count for parts, count in self.parts.items())

    def add_exclusion(self, reason: Exclusion, count: int = 1, example: str = "") -> None:
        if count:
            self.excluded[reason] += count
            self.examples.setdefault(reason, example)


def billed_text(content: Content) -> str:
    """Return the text that is billed in SMS parts: of the SMS, or of the SMS fallback."""
    return content.text if content.type == MessageType.SMS else content.fallback_text


def content_of(campaign: Campaign) -> ContentTemplate:
    """Return the campaign's content with its final sender, validated with sample values.

    Raises:
        InvalidMessage: naming the invalid field.
    """
    content = campaign.content()
    sender = sender_or_default(content.sender, campaign.account)
    template = ContentTemplate(replace(content, sender=sender))
    from_content(template.sample(), ANY_PHONE)
    return template


def tally(campaign: Campaign) -> AudienceSummary:
    """Return what a launch would do now.

    Raises:
        InvalidMessage: if the campaign's content is invalid.
    """
    template = content_of(campaign)
    if not template.is_personal:
        summary = _count_all(campaign)
        summary.parts[count_parts(billed_text(template.content)).parts] = summary.recipients
    else:
        summary = AudienceSummary()
        by_sms = template.content.type == MessageType.SMS
        for chunk in _walk(campaign, template, summary):
            for message in chunk:
                text = message.text if by_sms else message.fallback_text
                summary.parts[count_parts(text).parts] += 1
    del summary.parts[0]  # messages without SMS have no parts
    entries = campaign.lists.aggregate(places=Count("recipients"))["places"]
    summary.repeated = entries - summary.recipients - summary.total_excluded
    return summary


def create_messages(campaign: Campaign, now: datetime) -> AudienceSummary:
    """Create a queued message for each recipient.

    Raises:
        InvalidMessage: if the campaign's content is invalid.
        ActionNotAllowed: if the lists changed between counting and writing.
    """
    template = content_of(campaign)
    content = template.content
    same: dict[str, Any] = {
        "campaign": campaign.pk,
        "account": campaign.account,
        "type": content.type,
        "sender": content.sender,
        "ttl": content.ttl,
        "created_at": now,
    }
    if not template.is_personal:
        same |= {
            "text": content.text,
            "message_data": content.message_data,
            "fallback_text": content.fallback_text,
        }
        summary = _count_all(campaign)
        created = insert_from(Message, _ADDRESS, _addresses(campaign, summary), same)
        if created != summary.recipients:
            raise ActionNotAllowed(
                "People joined or left the lists in this very moment: try again."
            )
        return summary
    summary = AudienceSummary()
    for chunk in _walk(campaign, template, summary):
        _insert(chunk, same)
    return summary


_ADDRESS: Final = ("recipient", "to", "nonce", "time_zone")
_FILLED: Final = ("text", "fallback_text", "message_data")


def _insert(chunk: list[RenderedMessage], same: Mapping[str, Any]) -> None:
    names = (*_ADDRESS, *_FILLED, *same)
    constants = tuple(same.values())
    nonces = array("I", os.urandom(4 * len(chunk)))
    rows = [
        (
            message.pk,
            message.phone,
            nonce & NUMBER_MAX,
            message.time_zone,
            message.text,
            message.fallback_text,
            message.message_data,
            *constants,
        )
        for message, nonce in zip(chunk, nonces, strict=True)
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
    """Return the recipients' columns in the order of `_ADDRESS`.

    Invalid numbers are excluded by key. With the condition itself, a query planner misjudges the
    number of valid rows: it estimates one row for a whole list and chooses a nested-loop join.
    """
    people = _everybody(campaign).exclude(_unwelcome(campaign))
    if counted.excluded[Exclusion.INVALID_NUMBER]:
        invalid = list(people.filter(~_VALID).values_list("pk", flat=True))
        people = people.exclude(pk__in=keys_in(Recipient, invalid))
    return people.values_list("pk", "phone", RandomNumber(), _zone(campaign))


def _zone(campaign: Campaign) -> Combinable:
    """Return the expression for the recipient's time zone; empty if quiet hours do not apply."""
    if not campaign.is_promotional or conf.current().quiet_hours is None:
        return Value("")
    return Coalesce(Substr(KT(f"attributes__{ZONE_ATTRIBUTE}"), 1, ZONE_MAX), Value(""))


def _count_all(campaign: Campaign) -> AudienceSummary:
    """Count the people in `_addresses` and the excluded people, in one statement."""
    unwelcome = _unwelcome(campaign)
    square = F("pk") * F("pk") % _MIX
    counts = _everybody(campaign).aggregate(
        all=Count("pk"),
        opted_out=Count("pk", filter=unwelcome),
        invalid=Count("pk", filter=~unwelcome & ~_VALID),
        keys=Sum("pk", filter=~unwelcome, output_field=BigIntegerField()),
        squares=Sum(square, filter=~unwelcome, output_field=BigIntegerField()),
    )
    summary = AudienceSummary(recipients=counts["all"] - counts["opted_out"] - counts["invalid"])
    summary.add_exclusion(Exclusion.OPTED_OUT, counts["opted_out"])
    summary.add_exclusion(Exclusion.INVALID_NUMBER, counts["invalid"])
    sums = (summary.recipients, counts["keys"] or 0, counts["squares"] or 0)
    summary.audience = "-".join(f"{number:x}" for number in sums)
    return summary


def _walk(
    campaign: Campaign, template: ContentTemplate, summary: AudienceSummary
) -> Iterator[list[RenderedMessage]]:
    """Yield the messages of a personal campaign in chunks; count exclusions in `summary`."""
    digest = blake2b(digest_size=_DIGEST_BYTES)
    fill = MessageRenderer(campaign, template)
    people = _everybody(campaign).order_by("pk").values_list(*RECIPIENT_COLUMNS)
    chunk: list[RenderedMessage] = []
    for row in people.iterator(chunk_size=_CHUNK):
        try:
            message = fill(row)
        except Excluded as exclusion:
            summary.add_exclusion(exclusion.reason, example=exclusion.example)
            continue
        chunk.append(message)
        data = message.message_data if template.data_is_personal else ""
        digest.update(f"{message.pk}\0{message.text}\0{message.fallback_text}\0{data}".encode())
        if len(chunk) == _CHUNK:
            summary.recipients += len(chunk)
            yield chunk
            chunk = []
    if chunk:
        summary.recipients += len(chunk)
        yield chunk
    summary.audience = digest.hexdigest()
    summary.fields = fill.field_counts(summary.recipients)
