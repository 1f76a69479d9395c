"""The inputs of each message type besides its text, named like the gateway's arguments.

No limits are defined here: lengths and choices come from the gateway's table, and the gateway's
classes validate the input.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _

from django_smsbat.gateway import message_types as facts
from django_smsbat.gateway import otp_templates
from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.messages.rcs import ACTIONS, Media, OpenUrl, RcsButton, RcsCard
from django_smsbat.gateway.messages.viber import Button, CarouselItem

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Input:
    """One input.

    Attributes:
        kind: the HTML type, or ``select``.
        choices: value and label, for a select.
        most: maximum length in characters.
        only_for: in a group with a ``kind``, the kinds that need this input.
    """

    name: str
    label: Promise
    kind: str = "text"
    choices: tuple[tuple[str, Any], ...] = ()
    most: int | None = None
    hint: Promise | str = ""
    only_for: str = ""


@dataclass(frozen=True)
class Group:
    """Several inputs that form one argument.

    Attributes:
        make: builds the argument from the values of the inputs.
        read: the reverse of `make`.
    """

    name: str
    label: Promise
    nodes: tuple["Node", ...]
    make: Callable[[Values], Any]
    read: Callable[[Any], Values]


@dataclass(frozen=True)
class Rows:
    """A repeated input or group, with rows that can be reordered."""

    name: str
    label: Promise
    row: Group
    least: int
    most: int


Node = Input | Group | Rows
ROWS_MAX: Final = 30  # the documents set no limit for carousels; 30 rows fit on a page


def _address(name: str, label: Promise, hint: Promise | str = "") -> Input:
    return Input(name, label, "url", hint=hint)


def _number(name: str, label: Promise) -> Input:
    return Input(name, label, "number")


def _attributes(*names: str) -> Callable[[Any], Values]:
    return lambda instance: {name: getattr(instance, name) for name in names}


def _given(values: Values) -> bool:
    """Return whether any text was typed; a select alone does not count."""
    return any(_given(v) if isinstance(v, Mapping) else bool(v) for v in values.values())


def _optional(make: Callable[..., Any]) -> Callable[[Values], Any]:
    return lambda values: make(**values) if _given(values) else None


def _make_button(values: Values) -> Button:
    return Button(values["label"], values["url"])


def _viber_button(name: str, label: Promise, *, needed: bool) -> Group:
    return Group(
        name,
        label,
        (Input("label", _("text")), _address("url", _("address"))),
        _make_button if needed else lambda values: _make_button(values) if _given(values) else None,
        _attributes("label", "url"),
    )


_MEDIA_LABELS: Final = {
    facts.MediaKind.IMAGE: _("picture"),
    facts.MediaKind.VIDEO: _("video"),
    facts.MediaKind.AUDIO: _("audio"),
}
_MINUTE: Final = 60


def _media_limits() -> str:
    """Describe each media kind's limits, such as “audio: MP3, AAC, up to 5 MB and 5 minutes”."""
    return "; ".join(_media_limit(kind, one) for kind, one in facts.RCS_MEDIA.items())


def _media_limit(kind: facts.MediaKind, one: facts.MediaFacts) -> str:
    text = _("%(kind)s: %(formats)s, up to %(megabytes)d MB")
    if one.seconds_max:
        text = _("%(kind)s: %(formats)s, up to %(megabytes)d MB and %(minutes)d minutes")
    return text % {
        "kind": _MEDIA_LABELS[kind],
        "formats": one.formats,
        "megabytes": one.bytes_max // facts.MEGABYTE,
        "minutes": (one.seconds_max or 0) // _MINUTE,
    }


_MEDIA: Final = Group(
    "media",
    _("Picture, video or audio"),
    (
        _address("url", _("address")),
        Input(
            "mime_type",
            _("kind"),
            "select",
            (("", "—"), *((name, name) for name in facts.RCS_MEDIA_TYPES)),
            hint=lazy(_media_limits, str)(),
        ),
        _number("height", _("height, pixels")),
        _number("width", _("width, pixels")),
        _address("thumbnail_url", _("thumbnail")),
    ),
    _optional(Media),
    _attributes("url", "mime_type", "height", "width", "thumbnail_url"),
)

_ACTION_LABELS: Final = {
    "openUrl": _("open a page"),
    "dial": _("call"),
    "shareLocation": _("share the location"),
    "createCalendarEvent": _("put an event into the calendar"),
}


def _make_action_button(values: Values) -> RcsButton | None:
    if not values["text"] and not any(values[name] for name in ("url", "phone_number", "title")):
        return None
    kind = ACTIONS.get(values["kind"], OpenUrl)
    own = {name: values[name] for name in kind.names if values.get(name)}
    return RcsButton(values["text"], kind(**own))


def _read_action_button(button: RcsButton) -> Values:
    own = {name: getattr(button.action, name) for name in button.action.names}
    return {"text": button.text, "kind": button.action.wire, **own}


_ACTION_BUTTON: Final = Group(
    "buttons",
    _("Button"),
    (
        Input("text", _("text")),
        Input(
            "kind",
            _("what it does"),
            "select",
            tuple((wire, _ACTION_LABELS[wire]) for wire in ACTIONS),
        ),
        Input("url", _("address"), "url", only_for="openUrl"),
        Input("phone_number", _("phone"), "tel", only_for="dial"),
        Input("title", _("title of the event"), only_for="createCalendarEvent"),
        Input(
            "start_time", _("from"), hint="2026-01-20T14:30+02:00", only_for="createCalendarEvent"
        ),
        Input("end_time", _("to"), only_for="createCalendarEvent"),
    ),
    _make_action_button,
    _read_action_button,
)
_BUTTONS: Final = Rows("buttons", _("Buttons"), _ACTION_BUTTON, 0, facts.RCS_BUTTONS_MAX)


def _make_params(values: Values) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value != ""}


_PARAMETER_LABELS: Final = {
    "pin": _("code"),
    "pin_type": _("kind of code"),
    "code_validity_time": _("valid for, minutes"),
    "business_platform_name": _("name of the site"),
    "business_platform_action_name": _("what is being done"),
    "code_reason": _("why the code is asked for"),
}

SCHEMA: Final[dict[MessageType, Sequence[Node]]] = {
    MessageType.SMS: (),
    MessageType.VIBER_PROMO: (
        _address("image_url", _("Image"), _("JPG or PNG, up to 1 MB.")),
        Input("button_text", _("Button text"), most=facts.BUTTON_TEXT_MAX),
        _address("button_url", _("Where the button leads")),
        _address("video_url", _("Video"), _("MP4, up to 10 MB.")),
        _address("thumbnail_url", _("Thumbnail of the video")),
        _number("file_size", _("Size of the video, bytes")),
        _number("duration", _("Length of the video, seconds")),
    ),
    MessageType.VIBER_TRANSACTIONAL: (
        _address("file_url", _("File"), _("PDF.")),
        Input("file_name", _("Name of the file"), hint="invoice.pdf"),
    ),
    MessageType.VIBER_CAROUSEL: (
        Rows(
            "items",
            _("Cards"),
            Group(
                "items",
                _("Card"),
                (
                    Input("title", _("title")),
                    _address("image_url", _("image")),
                    _viber_button("primary_button", _("Button"), needed=True),
                    _viber_button("secondary_button", _("Second button"), needed=False),
                ),
                lambda values: CarouselItem(**values),
                _attributes("title", "image_url", "primary_button", "secondary_button"),
            ),
            1,
            ROWS_MAX,
        ),
    ),
    MessageType.VIBER_SURVEY: (
        Rows(
            "options",
            _("Answers to choose from"),
            Group(
                "options",
                _("Answer"),
                (Input("", _("text"), most=facts.SURVEY_OPTION_MAX),),
                lambda values: values[""],
                lambda made: {"": made},
            ),
            *facts.SURVEY_OPTIONS,
        ),
    ),
    MessageType.VIBER_OTP: (
        Input(
            "template_id",
            _("Template"),
            "select",
            tuple((one.id, one.slug.replace("_", " ")) for one in otp_templates.TEMPLATES),
        ),
        Input(
            "template_lang",
            _("Language"),
            "select",
            tuple((code, code) for code in otp_templates.LANGUAGES),
        ),
        Group(
            "template_params",
            _("Parameters of the template"),
            tuple(
                Input(
                    name,
                    _PARAMETER_LABELS[name],
                    "number" if kind is int else "text",
                    only_for=" ".join(
                        one.id for one in otp_templates.TEMPLATES if name in one.params
                    ),
                )
                for name, kind in otp_templates.PARAMETERS.items()
            ),
            _make_params,
            lambda made: made,
        ),
    ),
    MessageType.RCS: (
        _MEDIA,
        _BUTTONS,
        Rows(
            "cards",
            _("Cards, instead of media and buttons"),
            Group(
                "cards",
                _("Card"),
                (Input("title", _("title")), Input("description", _("text")), _MEDIA, _BUTTONS),
                lambda values: RcsCard(**values),
                _attributes("title", "description", "media", "buttons"),
            ),
            0,
            ROWS_MAX,
        ),
    ),
    MessageType.FLASH_CALL: (
        Input(
            "caller_id",
            _("Number that rings"),
            "tel",
            hint=_("Required, international: one of the numbers that your calls come from."),
        ),
    ),
}
