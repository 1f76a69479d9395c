"""Preview of an unfinished message, as a recipient will see it.

The preview uses the rendering code of the launch, so it shows the message that is sent.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django_smsbat import conf
from django_smsbat.gateway.message_types import TYPES, MessageType
from django_smsbat.gateway.messages import Content, InvalidMessage, from_content
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.gateway.sms_parts import SmsParts, count_parts
from django_smsbat.models import Campaign, Recipient
from django_smsbat.services.campaigns import audience, launching, recipient_fields
from django_smsbat.services.campaigns.placeholders import ContentTemplate, MissingValue
from django_smsbat.services.campaigns.rendering import (
    ANY_PHONE,
    RECIPIENT_COLUMNS,
    Excluded,
    Exclusion,
    FieldCount,
    MessageRenderer,
    values_of,
)
from django_smsbat.services.composer.lint import Finding, lint


@dataclass(frozen=True)
class FieldSample:
    """How many of the first people on the lists have values for the placeholders' fields.

    Attributes:
        people: number of people in the sample.
        recipients: number of them who would get the message.
        is_everybody: whether the sample contains everyone on the lists.
        fields: the counts for each field.
        defaults: the defaults of each field that has any.
        suggestions: for a field without values, the field that was probably intended.
    """

    people: int
    recipients: int
    is_everybody: bool
    fields: Mapping[str, FieldCount]
    defaults: Mapping[str, Sequence[str]]
    suggestions: Mapping[str, str]


@dataclass(frozen=True)
class Preview:
    """The result of a preview.

    Attributes:
        content: with the recipient's values in place of the placeholders.
        recipient: the recipient with these values; None if the placeholders are not filled.
        missing: a placeholder for which this recipient has no value.
        exclusion: why a launch would exclude this recipient; None if it would not.
        exclusion_detail: the details of the exclusion.
        problem: why the message cannot be sent; empty if it can.
        wrong_field: the field with the problem.
        sms: the SMS parts; None if the message includes no SMS.
        characters, most: length of the text, and the maximum for the message type.
        findings: the lint warnings.
        sample: values of the placeholders' fields on the lists; None without lists or placeholders.
    """

    content: Content
    recipient: Recipient | None = None
    missing: str = ""
    exclusion: Exclusion | None = None
    exclusion_detail: str = ""
    problem: str = ""
    wrong_field: str = ""
    sms: SmsParts | None = None
    characters: int = 0
    most: int | None = None
    findings: Sequence[Finding] = field(default_factory=tuple)
    sample: FieldSample | None = None


@private_frames
def preview(
    campaign: Campaign,
    recipient: Recipient | None = None,
    *,
    is_literal: bool = False,
    lists: Collection[int] = (),
) -> Preview:
    """Preview a campaign, which may be unsaved or invalid.

    Args:
        is_literal: whether braces are literal, as in single messages.
        lists: keys of the lists from which to sample values of the placeholders' fields.
    """
    account = conf.current().accounts.get(campaign.account)
    sender = campaign.sender or (account.sender if account else "")
    content = replace(campaign.content(), sender=sender)
    template = None if is_literal else _template(content)
    wrong = _problem_of(content) if is_literal else _problem(campaign)
    shown, excluded = content, None
    if template and recipient:
        shown, excluded = _filled(campaign, template, recipient)
    if wrong:
        excluded = None  # no recipient gets it
    billed = audience.billed_text(shown)
    return Preview(
        content=shown,
        recipient=recipient,
        missing=excluded.field if excluded else "",
        exclusion=excluded.reason if excluded else None,
        exclusion_detail=excluded.example if excluded else "",
        problem=wrong.reason if wrong else "",
        wrong_field=wrong.field if wrong else "",
        sms=count_parts(billed) if billed else None,
        characters=len(shown.text),
        most=TYPES[MessageType(content.type)].text_max,
        findings=lint(content, promotional=campaign.is_promotional),
        sample=_sample(campaign, template, lists) if template else None,
    )


def _template(content: Content) -> ContentTemplate | None:
    try:
        return ContentTemplate(content)
    except InvalidMessage:  # reported as the problem
        return None


def _filled(
    campaign: Campaign, template: ContentTemplate, recipient: Recipient
) -> tuple[Content, Excluded | None]:
    """Render the message for a recipient as at launch, or as far as possible."""
    try:
        rendered = MessageRenderer(campaign, template)(
            [getattr(recipient, name) for name in RECIPIENT_COLUMNS]
        )
    except Excluded as excluded:
        return _as_far_as_possible(template, recipient), excluded
    filled = replace(
        template.content,
        text=rendered.text,
        fallback_text=rendered.fallback_text,
        message_data=rendered.message_data,
    )
    return filled, None


def _as_far_as_possible(template: ContentTemplate, recipient: Recipient) -> Content:
    try:
        return template.fill(values_of(recipient, template.fields))
    except MissingValue:
        return template.content


def _sample(
    campaign: Campaign, template: ContentTemplate, lists: Collection[int]
) -> FieldSample | None:
    if not lists or not template.fields:
        return None
    people = recipient_fields.sample(lists)
    fill = MessageRenderer(campaign, template)
    recipients = 0
    for person in people:
        try:
            fill([getattr(person, name) for name in RECIPIENT_COLUMNS])
        except Excluded:
            continue
        recipients += 1
    fields = fill.field_counts(recipients)
    known = recipient_fields.known_fields(people)
    return FieldSample(
        people=len(people),
        recipients=recipients,
        is_everybody=len(people) < recipient_fields.SAMPLE_SIZE,
        fields=fields,
        defaults=template.defaults,
        suggestions={
            name: recipient_fields.closest(name, known)
            for name, counted in fields.items()
            if not counted.has_value
        },
    )


def _problem(campaign: Campaign) -> InvalidMessage | None:
    try:
        launching.check(campaign)
    except InvalidMessage as error:
        return error
    return None


def _problem_of(content: Content) -> InvalidMessage | None:
    try:
        from_content(content, ANY_PHONE)
    except InvalidMessage as error:
        return error
    return None


def first_recipient(lists: Iterable[int]) -> Recipient | None:
    """Return the first recipient on the lists; None if the lists are empty.

    Args:
        lists: keys of the lists.
    """
    return recipient_fields.people_on(lists).first()
