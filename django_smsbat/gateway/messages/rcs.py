"""RCS messages: text, media, buttons, or a row of cards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

from django_smsbat.gateway import message_types as facts
from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.messages import rules
from django_smsbat.gateway.messages.base import MessageWithFallback, from_wire, to_wire
from django_smsbat.gateway.messages.rules import InvalidMessage
from django_smsbat.gateway.text import is_blank

_MEDIA: Final = {
    "url": "url",
    "mime_type": "type",
    "height": "height",
    "width": "width",
    "thumbnail_url": "thumbnail",
}


@dataclass(frozen=True, kw_only=True)
class Media:
    """A picture, a video or audio. SMSBAT checks the size and the duration of the file.

    Maximum: 2 MB for a picture, 10 MB and 2 minutes for a video, 5 MB and 5 minutes for audio.

    Args:
        mime_type: one of `message_types.RCS_MEDIA_TYPES`.
        height: pixels.
        width: pixels.
    """

    url: str
    mime_type: str
    height: int | None = None
    width: int | None = None
    thumbnail_url: str = ""

    def check(self, field: str) -> None:
        rules.check_url(f"{field}.url", self.url)
        rules.require(
            self.mime_type in facts.RCS_MEDIA_TYPES,
            f"{field}.mime_type",
            f"must be one of {', '.join(facts.RCS_MEDIA_TYPES)}",
        )
        rules.check_whole(f"{field}.height", self.height)
        rules.check_whole(f"{field}.width", self.width)
        rules.check_texts(f"{field}.", self)
        if self.thumbnail_url:
            rules.check_url(f"{field}.thumbnail_url", self.thumbnail_url)

    def data(self) -> dict[str, Any]:
        return to_wire(self, _MEDIA)

    @classmethod
    def from_data(cls, field: str, data: object) -> "Media":
        return cls(**{"url": "", "mime_type": "", **from_wire(field, data, _MEDIA)})


@dataclass(frozen=True)
class OpenUrl:
    wire: ClassVar[str] = "openUrl"
    names: ClassVar[Mapping[str, str]] = {"url": "url"}
    url: str = ""

    def check(self, field: str) -> None:
        rules.check_url(f"{field}.url", self.url)


@dataclass(frozen=True)
class Dial:
    wire: ClassVar[str] = "dial"
    names: ClassVar[Mapping[str, str]] = {"phone_number": "phoneNumber"}
    phone_number: str = ""

    def check(self, field: str) -> None:
        rules.check_phone(f"{field}.phone_number", self.phone_number)


@dataclass(frozen=True)
class ShareLocation:
    wire: ClassVar[str] = "shareLocation"
    names: ClassVar[Mapping[str, str]] = {}

    def check(self, field: str) -> None:
        """Accept everything: the action has no arguments."""


@dataclass(frozen=True, kw_only=True)
class CreateCalendarEvent:
    """An action that creates a calendar event. Times are ISO 8601 text or aware datetimes."""

    wire: ClassVar[str] = "createCalendarEvent"
    names: ClassVar[Mapping[str, str]] = {
        "title": "title",
        "start_time": "startTime",
        "end_time": "endTime",
    }
    title: str = ""
    start_time: datetime | str = ""
    end_time: datetime | str | None = None

    def __post_init__(self) -> None:
        for name in ("start_time", "end_time"):
            if isinstance(value := getattr(self, name), datetime):
                object.__setattr__(self, name, value.isoformat())

    def check(self, field: str) -> None:
        rules.check_text(f"{field}.title", self.title, None)
        start = _parse_time(f"{field}.start_time", self.start_time)
        if self.end_time is not None:
            end = _parse_time(f"{field}.end_time", self.end_time)
            rules.require(end > start, f"{field}.end_time", "must be after the start")


Action = OpenUrl | Dial | ShareLocation | CreateCalendarEvent
ACTIONS: Final[dict[str, type[Action]]] = {
    action.wire: action for action in (OpenUrl, Dial, ShareLocation, CreateCalendarEvent)
}


def _parse_time(field: str, value: datetime | str) -> datetime:
    try:
        when = datetime.fromisoformat(str(value))
    except ValueError:
        raise InvalidMessage(field, "give a time such as 2026-01-20T14:30:00+02:00") from None
    rules.require(when.tzinfo is not None, field, "needs a time zone")
    return when


@dataclass(frozen=True)
class RcsButton:
    text: str
    action: Action

    def check(self, field: str) -> None:
        rules.check_text(f"{field}.text", self.text, None)
        rules.require(isinstance(self.action, Action), f"{field}.action", "must be an action")
        self.action.check(f"{field}.action")

    def data(self) -> dict[str, Any]:
        action = {"type": self.action.wire, **to_wire(self.action, self.action.names)}
        return {"text": self.text, "action": action}

    @classmethod
    def from_data(cls, field: str, data: object) -> "RcsButton":
        known = rules.check_keys(field, data, ("text", "action"))
        raw = known.get("action")
        kind = ACTIONS.get(str(raw.get("type"))) if isinstance(raw, Mapping) else None
        if kind is None or not isinstance(raw, Mapping):
            raise InvalidMessage(f"{field}.action", f"type must be one of {', '.join(ACTIONS)}")
        rest = {key: value for key, value in raw.items() if key != "type"}
        action = kind(**from_wire(f"{field}.action", rest, kind.names))
        return cls(text=known.get("text", ""), action=action)


@dataclass(frozen=True, kw_only=True)
class RcsCard:
    title: str
    description: str = ""
    media: Media | None = None
    buttons: Sequence[RcsButton] = field(default_factory=tuple)

    def check(self, field: str) -> None:
        rules.check_text(f"{field}.title", self.title, None)
        rules.check_text(f"{field}.description", self.description, None, required=False)
        _check_media(f"{field}.media", self.media)
        _check_buttons(f"{field}.buttons", self.buttons)

    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = {"title": self.title}
        if self.description:
            data["description"] = self.description
        return data | _media_and_buttons(self.media, self.buttons)

    @classmethod
    def from_data(cls, field: str, data: object) -> "RcsCard":
        known = rules.check_keys(field, data, ("title", "description", "media", "buttons"))
        return cls(
            title=known.get("title", ""),
            description=known.get("description", ""),
            **_read_media_and_buttons(f"{field}.", known),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class Rcs(MessageWithFallback):
    """Text or media with up to four buttons, or cards instead of both."""

    type = MessageType.RCS

    text: str = ""
    media: Media | None = None
    buttons: Sequence[RcsButton] = field(default_factory=tuple)
    cards: Sequence[RcsCard] = field(default_factory=tuple)

    def check(self) -> None:
        rules.check_text("text", self.text, self.facts().text_max, required=False)
        rules.require(
            not is_blank(self.text) or self.media or self.cards, "text", "give text, media or cards"
        )
        rules.require(
            not (self.cards and (self.media or self.buttons)),
            "cards",
            "stand instead of media and buttons, not beside them",
        )
        _check_media("media", self.media)
        _check_buttons("buttons", self.buttons)
        rules.check_items("cards", self.cards, RcsCard, 0, None)
        for place, card in enumerate(self.cards):
            card.check(f"cards[{place}]")

    def data(self) -> dict[str, Any]:
        if self.cards:
            return {"carousel": {"cards": [card.data() for card in self.cards]}}
        return _media_and_buttons(self.media, self.buttons)

    @classmethod
    def fields_from_data(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        known = rules.check_keys("message_data", data, ("media", "buttons", "carousel"))
        carousel = rules.check_keys("carousel", known.get("carousel", {}), ("cards",))
        cards = _list("cards", carousel.get("cards", []))
        return {
            **_read_media_and_buttons("", known),
            "cards": tuple(RcsCard.from_data(f"cards[{n}]", card) for n, card in enumerate(cards)),
        }


def _check_media(field: str, media: Media | None) -> None:
    if media is not None:
        rules.require(isinstance(media, Media), field, "must be a Media")
        media.check(field)


def _check_buttons(field: str, buttons: Sequence[RcsButton]) -> None:
    rules.check_items(field, buttons, RcsButton, 0, facts.RCS_BUTTONS_MAX)
    for place, button in enumerate(buttons):
        button.check(f"{field}[{place}]")


def _media_and_buttons(media: Media | None, buttons: Sequence[RcsButton]) -> dict[str, Any]:
    data: dict[str, Any] = {"media": media.data()} if media else {}
    if buttons:
        data["buttons"] = [button.data() for button in buttons]
    return data


def _read_media_and_buttons(prefix: str, known: Mapping[str, Any]) -> dict[str, Any]:
    media = known.get("media")
    buttons = _list(f"{prefix}buttons", known.get("buttons", []))
    return {
        "media": Media.from_data(f"{prefix}media", media) if media is not None else None,
        "buttons": tuple(
            RcsButton.from_data(f"{prefix}buttons[{n}]", button) for n, button in enumerate(buttons)
        ),
    }


def _list(field: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidMessage(field, "must be a list")
    return value
