"""The phone beside the form: a preview of the message, with warnings about it.

Nothing is loaded from other sites: pictures are shown as frames with their file names.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_smsbat.admin.campaigns import placeholders
from django_smsbat.admin.campaigns.composer import reading
from django_smsbat.admin.campaigns.composer.characters import readable
from django_smsbat.admin.campaigns.composer.form import chosen_type
from django_smsbat.admin.campaigns.exclusions import EXCLUSION_LABELS
from django_smsbat.admin.parsing import number
from django_smsbat.admin.sentences import translated
from django_smsbat.conf import DEFAULT_ACCOUNT
from django_smsbat.gateway import otp_templates
from django_smsbat.gateway.message_types import TYPES, MediaKind, MessageType, media_kind
from django_smsbat.gateway.messages import Content
from django_smsbat.gateway.sms_parts import SmsParts
from django_smsbat.models import Campaign
from django_smsbat.services.composer.lint import Finding, LintCode
from django_smsbat.services.composer.preview import Preview, first_recipient, preview

TEMPLATE: Final = "admin/smsbat/composer/phone.html"
_HOUR: Final = 3_600
_DAY: Final = 24 * _HOUR
_LISTS_MAX: Final = 500
_DIGITS_MAX: Final = 9
_FORCED_SHOWN: Final = 12


@dataclass(frozen=True)
class Picture:
    """A frame in place of a picture, video, audio or file."""

    kind: str
    name: str


@dataclass(frozen=True)
class Bubble:
    """The content of one bubble or card, from top to bottom."""

    title: str = ""
    text: str = ""
    pictures: tuple[Picture, ...] = ()
    buttons: tuple[str, ...] = ()
    cards: tuple["Bubble", ...] = ()
    lines: tuple[tuple[str, str], ...] = field(default_factory=tuple)


def _picture(kind: str, address: object) -> tuple[Picture, ...]:
    if not address:
        return ()
    try:
        name = unquote(urlsplit(str(address)).path.rpartition("/")[2])
    except ValueError:  # half an IPv6 address, while the user types
        name = ""
    return (Picture(kind, name or str(address)),)


def _media(media: Any) -> tuple[Picture, ...]:
    if not isinstance(media, dict):
        return ()
    kind = media_kind(str(media.get("type", ""))) or MediaKind.IMAGE
    return _picture(kind.value, media.get("url"))


def bubble_of(content: Content) -> Bubble:
    """Build a bubble from wire-format content; content of any other shape is not drawn."""
    try:
        return _bubble_of(content)
    except (TypeError, AttributeError, ValueError):
        return Bubble(text=content.text)


def _bubble_of(content: Content) -> Bubble:
    data = dict(content.message_data)
    button = (data["buttonText"],) if data.get("buttonText") else ()
    carousel = data.get("carousel", {})
    return Bubble(
        text=content.text,
        pictures=(
            *_picture("image", data.get("img")),
            *_picture("video", data.get("video")),
            *_media(data.get("media")),
            *_picture("file", data.get("fileName") or data.get("fileUrl")),
        ),
        buttons=(
            *button,
            *(one.get("text", "") for one in data.get("buttons", [])),
            *data.get("survey", {}).get("options", []),
        ),
        cards=tuple(_card(one) for one in [*carousel.get("items", []), *carousel.get("cards", [])]),
        lines=_lines(content, data),
    )


def _card(card: dict[str, Any]) -> Bubble:
    own = [card.get(name) for name in ("primaryButton", "secondaryButton")]
    return Bubble(
        title=card.get("title", ""),
        text=card.get("description", ""),
        pictures=(*_picture("image", card.get("imageUrl")), *_media(card.get("media"))),
        buttons=(
            *(one.get("label", "") for one in own if one),
            *(one.get("text", "") for one in card.get("buttons", [])),
        ),
    )


def _lines(content: Content, data: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the text that Viber or the telephone network adds, as far as it is documented."""
    if content.type == MessageType.FLASH_CALL:
        return ((str(_("Missed call")), data.get("callerId") or "…"),)
    template = otp_templates.find(str(data.get("templateId", "")))
    if template is None:
        return ()
    params = data.get("templateParams", {})
    head = (str(_("Viber's template")), template.slug.replace("_", " "))
    return (head, *((name, str(params.get(name, "…"))) for name in template.params))


def duration(seconds: int) -> str:
    """Format a time to live in the largest unit that is exact."""
    size = next(size for size in (_DAY, _HOUR, 60, 1) if seconds % size == 0)
    count = seconds // size
    formats = {
        _DAY: ngettext("%(count)d day", "%(count)d days", count),
        _HOUR: ngettext("%(count)d hour", "%(count)d hours", count),
        60: ngettext("%(count)d minute", "%(count)d minutes", count),
        1: ngettext("%(count)d second", "%(count)d seconds", count),
    }
    return formats[size] % {"count": count}


def advice_on_ttl(kind: MessageType) -> str:
    first, last = TYPES[kind].ttl_advice
    text = _("SMSBAT advises a time to live of %(first)s to %(last)s.")
    if first == last:
        text = _("SMSBAT advises a time to live of %(first)s.")
    return text % {"first": duration(first), "last": duration(last)}


_CONCERNS: Final[dict[LintCode, Promise]] = {
    LintCode.MIXED_ALPHABETS: _("Cyrillic and Latin letters in one word: %(what)s."),
    LintCode.COSTS_MORE_PARTS: _(
        "%(what)s increases the number of SMS parts: with it the SMS takes %(with)d parts, without "
        "it %(without)d."
    ),
    LintCode.NO_OPT_OUT: _("It does not say how to opt out, such as “%(what)s”."),
    LintCode.NO_REPLIES: _(
        "This text offers no way to opt out: its sender is an alpha name, which cannot receive "
        "replies. Use a phone number as the sender, or name a site, a phone or an e-mail address "
        "where people can opt out."
    ),
    LintCode.LOST_KEYWORD: _(
        "“%(what)s” cannot reach you: the sender is an alpha name, which cannot receive replies. "
        "Use a phone number as the sender, or name a site, a phone or an e-mail address where "
        "people can opt out."
    ),
    LintCode.RAW_PLACEHOLDER: _("%(what)s looks like a placeholder, and will be sent as it is."),
}


def _told(finding: Finding) -> str:
    text = _CONCERNS[finding.concern] % {
        "what": ", ".join(_named(finding)),
        "with": finding.parts[0],
        "without": finding.parts[1],
    }
    return f"{_('SMS fallback')}: {text}" if finding.field == "fallback_text" else str(text)


def _named(finding: Finding) -> Iterable[str]:
    """Return the subjects of a warning; invisible characters by their names."""
    return (
        map(readable, finding.what)
        if finding.concern is LintCode.COSTS_MORE_PARTS
        else finding.what
    )


def _parts_told(sms: SmsParts) -> str:
    text = ngettext(
        "SMS: %(count)d part, %(encoding)s, %(units)d characters.",
        "SMS: %(count)d parts, %(encoding)s, %(units)d characters.",
        sms.parts,
    )
    return text % {"count": sms.parts, "encoding": sms.encoding, "units": sms.units}


def context_of(shown: Preview) -> dict[str, Any]:
    """Return the context of the phone template."""
    content = shown.content
    kind = MessageType(content.type)
    return {
        "shown": shown,
        "problem": translated(shown.problem) if shown.problem else "",
        "wrong": reading.label_of(kind, shown.wrong_field),
        "bubble": bubble_of(content),
        "channel": TYPES[kind].channel,
        "parts": _parts_told(shown.sms) if shown.sms else "",
        "advice": advice_on_ttl(kind),
        "findings": [_told(finding) for finding in shown.findings],
        "exclusion": _exclusion_told(shown),
        "forced_by": list(map(readable, shown.sms.forced_by[:_FORCED_SHOWN])) if shown.sms else [],
        **_fields_told(shown),
    }


def _exclusion_told(shown: Preview) -> str:
    """Explain why this recipient would be excluded; a missing value has its own sentence."""
    if shown.exclusion is None or shown.missing:
        return ""
    label, details = str(EXCLUSION_LABELS[shown.exclusion]), translated(shown.exclusion_detail)
    return f"{label} ({details})" if details else label


def _fields_told(shown: Preview) -> dict[str, list[str]]:
    """Return the known values of the placeholders' fields in the lists."""
    if shown.sample is None:
        return {}
    return {
        "unknown_fields": placeholders.sampled_warnings(shown.sample),
        "defaults": placeholders.sampled_defaults(shown.sample),
    }


def live_phone(request: HttpRequest) -> HttpResponse:
    """Render the phone for the current state of the form; nothing is saved."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    kind = chosen_type(request.POST.get("type"))
    if kind is None:
        return TemplateResponse(request, TEMPLATE, {})
    typed = request.POST
    draft = Campaign(
        account=typed.get("account", DEFAULT_ACCOUNT),
        type=kind.value,
        sender=typed.get("sender", "").strip(),  # stripped as the form does on save
        text=typed.get("text", "").strip() if TYPES[kind].has_text else "",
        message_data=reading.data_from(kind, typed),
        ttl=number(typed.get("ttl"), _DIGITS_MAX),
        fallback_text=typed.get("fallback_text", "").strip() if TYPES[kind].has_fallback else "",
        is_transactional="is_transactional" in typed,
    )
    person, lists = None, []
    if request.user.has_perm("smsbat.view_recipient"):
        keys = (number(key, _DIGITS_MAX) for key in typed.getlist("lists")[:_LISTS_MAX])
        lists = [key for key in keys if key is not None]
        person = first_recipient(lists)
    return TemplateResponse(request, TEMPLATE, context_of(preview(draft, person, lists=lists)))
