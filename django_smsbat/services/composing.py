"""A message that is still being written, as one of its recipients will see it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from django_smsbat import conf
from django_smsbat.gateway.message_types import TYPES, MessageType
from django_smsbat.gateway.messages import Content, InvalidMessage, from_content
from django_smsbat.gateway.sms_parts import SmsParts, count_parts
from django_smsbat.models import Campaign, Recipient
from django_smsbat.services import audience, launching
from django_smsbat.services.addressees import ANY_PHONE, values_of
from django_smsbat.services.lint import Finding, lint
from django_smsbat.services.personalisation import ContentTemplate, MissingValue


@dataclass(frozen=True)
class Preview:
    """
    Attributes:
        content: with the recipient's values in place of the placeholders.
        recipient: whose values these are; None for nobody's.
        missing: a placeholder that this recipient has no value for.
        problem: why it could not be sent as it is, empty when it could.
        wrong_field: what is wrong then.
        sms: how many parts it takes as SMS; None where no SMS is part of it.
        characters, most: of the text, and how many the type allows.
        findings: what to look at again.
    """

    content: Content
    recipient: Recipient | None = None
    missing: str = ""
    problem: str = ""
    wrong_field: str = ""
    sms: SmsParts | None = None
    characters: int = 0
    most: int | None = None
    findings: Sequence[Finding] = field(default_factory=tuple)


def preview(
    campaign: Campaign, recipient: Recipient | None = None, *, is_literal: bool = False
) -> Preview:
    """How it looks now; it need neither be saved nor right.

    Args:
        is_literal: whether braces are braces, as in what is sent singly.
    """
    account = conf.current().accounts.get(campaign.account)
    sender = campaign.sender or (account.sender if account else "")
    content = replace(campaign.content(), sender=sender)
    filled, missing = _filled(content, recipient)
    wrong = _problem_of(content) if is_literal else _problem(campaign)
    billed = audience.billed_text(filled)
    return Preview(
        content=filled,
        recipient=recipient,
        missing=missing,
        problem=wrong.reason if wrong else "",
        wrong_field=wrong.field if wrong else "",
        sms=count_parts(billed) if billed else None,
        characters=len(filled.text),
        most=TYPES[MessageType(content.type)].text_max,
        findings=lint(content, promotional=campaign.is_promotional),
    )


def _filled(content: Content, recipient: Recipient | None) -> tuple[Content, str]:
    """With their values, as far as there are any; and the first placeholder without one."""
    try:
        template = ContentTemplate(content)
        if recipient is None:
            return content, ""
        return template.fill(values_of(recipient, template.fields)), ""
    except MissingValue as error:
        return content, error.field
    except InvalidMessage:  # told as the problem
        return content, ""


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


def somebody(lists: Iterable[int]) -> Recipient | None:
    """One of those on the lists: the first.

    Args:
        lists: keys.
    """
    places = Recipient.lists.through.objects.filter(recipientlist__in=list(lists))
    return Recipient.objects.filter(pk__in=places.values("recipient")).order_by("pk").first()
