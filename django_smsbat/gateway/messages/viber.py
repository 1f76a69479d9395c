"""The four Viber message types with free content. One-time codes are in `otp`.

The classes validate their arguments only; SMSBAT checks the size of a remote image.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django_smsbat.gateway import message_types as facts
from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.messages import rules
from django_smsbat.gateway.messages.base import MessageWithFallback, from_wire, to_wire
from django_smsbat.gateway.messages.rules import InvalidMessage
from django_smsbat.gateway.text import is_blank

_PROMO: Final = {
    "image_url": "img",
    "video_url": "video",
    "thumbnail_url": "thumbnail",
    "file_size": "fileSize",
    "duration": "duration",
    "button_text": "buttonText",
    "button_url": "buttonAction",
}
_FILE: Final = {"file_url": "fileUrl", "file_name": "fileName"}
_FILE_TYPE: Final = "pdf"


@dataclass(frozen=True, kw_only=True, repr=False)
class ViberPromo(MessageWithFallback):
    """Advertising: text, image or video, with a button.

    Args:
        image_url: JPG or PNG, up to 1 MB.
        video_url: MP4, up to 10 MB; needs `thumbnail_url`, `file_size` (bytes) and `duration`
            (seconds).
        button_text: up to 30 characters; needs `button_url`, and the reverse.
    """

    type = MessageType.VIBER_PROMO

    text: str = ""
    image_url: str = ""
    video_url: str = ""
    thumbnail_url: str = ""
    file_size: int | None = None
    duration: int | None = None
    button_text: str = ""
    button_url: str = ""

    def check(self) -> None:
        rules.check_text("text", self.text, self.facts().text_max, required=False)
        if self.image_url:
            rules.check_url("image_url", self.image_url, facts.VIBER_IMAGE_SUFFIXES)
        self._check_video()
        self._check_button()
        parts = self._parts()
        if parts not in facts.PROMO_COMBINATIONS:
            raise InvalidMessage(*_missing_part(parts))

    def _check_video(self) -> None:
        companions = ("thumbnail_url", "file_size", "duration")
        for name in companions:
            given = getattr(self, name) not in ("", None)
            if self.video_url:
                rules.require(given, name, "a video needs it")
            else:
                rules.require(not given, name, "belongs to a video, and there is none")
        if self.video_url:
            rules.check_url("video_url", self.video_url, facts.VIBER_VIDEO_SUFFIXES)
            rules.check_url("thumbnail_url", self.thumbnail_url, facts.VIBER_IMAGE_SUFFIXES)
            rules.check_whole("file_size", self.file_size, facts.VIBER_VIDEO_BYTES_MAX)
            rules.check_whole("duration", self.duration)

    def _check_button(self) -> None:
        rules.check_text("button_text", self.button_text, facts.BUTTON_TEXT_MAX, required=False)
        rules.require(
            self.button_text or not self.button_url, "button_text", "a button needs a text"
        )
        rules.require(
            self.button_url or not self.button_text, "button_url", "a button needs an address"
        )
        if self.button_url:
            rules.check_url("button_url", self.button_url)

    def _parts(self) -> frozenset[str]:
        present = {
            "text": not is_blank(self.text),
            "image": self.image_url,
            "video": self.video_url,
            "button": self.button_text,
        }
        return frozenset(name for name, value in present.items() if value)

    def data(self) -> dict[str, Any]:
        return to_wire(self, _PROMO)

    @classmethod
    def fields_from_data(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        return from_wire("message_data", data, _PROMO)


def _missing_part(parts: frozenset[str]) -> tuple[str, str]:
    """Return the field to report for an invalid combination, and the valid alternative."""
    if {"image", "video"} <= parts:
        return "video_url", "give an image or a video, not both"
    if "text" not in parts:
        lone = "a button needs a text beside it" if "button" in parts else "must not be empty"
        return "text", lone
    return "button_text", "an image with text needs a button too; or send the image alone"


@dataclass(frozen=True, kw_only=True, repr=False)
class ViberTransactional(MessageWithFallback):
    """A message that the customer expects: text, a PDF file, or both."""

    type = MessageType.VIBER_TRANSACTIONAL

    text: str = ""
    file_url: str = ""
    file_name: str = ""

    def check(self) -> None:
        rules.check_text("text", self.text, self.facts().text_max, required=not self.file_url)
        if not self.file_url:
            rules.require(not self.file_name, "file_url", "a file needs an address")
            return
        rules.check_url("file_url", self.file_url)
        rules.check_text("file_name", self.file_name, None)
        right_name = self.file_name.lower().endswith(".pdf")
        rules.require(right_name, "file_name", "a file needs a name that ends with .pdf")

    def data(self) -> dict[str, Any]:
        return to_wire(self, _FILE) | ({"fileType": _FILE_TYPE} if self.file_url else {})

    @classmethod
    def fields_from_data(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        known = rules.check_keys("message_data", data, (*_FILE.values(), "fileType"))
        given = known.get("fileType", _FILE_TYPE)
        rules.require(given == _FILE_TYPE, "message_data", "fileType must be pdf")
        rest = {key: value for key, value in known.items() if key != "fileType"}
        return from_wire("message_data", rest, _FILE)


@dataclass(frozen=True)
class Button:
    label: str
    url: str

    def check(self, field: str) -> None:
        rules.check_text(f"{field}.label", self.label, None)
        rules.check_url(f"{field}.url", self.url)

    def data(self) -> dict[str, str]:
        return {"label": self.label, "actionUrl": self.url}

    @classmethod
    def from_data(cls, field: str, data: object) -> "Button":
        """Also accept ``text`` and ``url``: SMSBAT's help page has them, its site the others."""
        known = rules.check_keys(field, data, ("label", "actionUrl", "text", "url"))
        label = known.get("label", known.get("text", ""))
        return cls(label=label, url=known.get("actionUrl", known.get("url", "")))


def _check_button(field: str, button: Button) -> None:
    rules.require(isinstance(button, Button), field, "must be a Button")
    button.check(field)


@dataclass(frozen=True)
class CarouselItem:
    title: str
    image_url: str
    primary_button: Button
    secondary_button: Button | None = None

    def check(self, field: str) -> None:
        rules.check_text(f"{field}.title", self.title, None)
        rules.check_url(f"{field}.image_url", self.image_url, facts.VIBER_IMAGE_SUFFIXES)
        _check_button(f"{field}.primary_button", self.primary_button)
        if self.secondary_button is not None:
            _check_button(f"{field}.secondary_button", self.secondary_button)

    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "title": self.title,
            "imageUrl": self.image_url,
            "primaryButton": self.primary_button.data(),
        }
        if self.secondary_button:
            data["secondaryButton"] = self.secondary_button.data()
        return data

    @classmethod
    def from_data(cls, field: str, data: object) -> "CarouselItem":
        known = rules.check_keys(
            field, data, ("title", "imageUrl", "primaryButton", "secondaryButton")
        )
        second = known.get("secondaryButton")
        return cls(
            title=known.get("title", ""),
            image_url=known.get("imageUrl", ""),
            primary_button=Button.from_data(f"{field}.primary_button", known.get("primaryButton")),
            secondary_button=Button.from_data(f"{field}.secondary_button", second)
            if second is not None
            else None,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class ViberCarousel(MessageWithFallback):
    """A text above a row of cards."""

    type = MessageType.VIBER_CAROUSEL

    text: str
    items: Sequence[CarouselItem]

    def check(self) -> None:
        rules.check_text("text", self.text, self.facts().text_max)
        rules.check_items("items", self.items, CarouselItem, 1, None)
        for place, item in enumerate(self.items):
            item.check(f"items[{place}]")

    def data(self) -> dict[str, Any]:
        return {"carousel": {"items": [item.data() for item in self.items]}}

    @classmethod
    def fields_from_data(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        items = _inner_list(data, "carousel", "items")
        return {
            "items": tuple(
                CarouselItem.from_data(f"items[{place}]", item) for place, item in enumerate(items)
            )
        }


@dataclass(frozen=True, kw_only=True, repr=False)
class ViberSurvey(MessageWithFallback):
    """A question with two to five answers to press."""

    type = MessageType.VIBER_SURVEY

    text: str
    options: Sequence[str]

    def check(self) -> None:
        rules.check_text("text", self.text, self.facts().text_max)
        rules.check_items("options", self.options, str, *facts.SURVEY_OPTIONS)
        for place, option in enumerate(self.options):
            rules.check_text(f"options[{place}]", option, facts.SURVEY_OPTION_MAX)

    def data(self) -> dict[str, Any]:
        return {"survey": {"options": list(self.options)}}

    @classmethod
    def fields_from_data(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        return {"options": tuple(_inner_list(data, "survey", "options"))}


def _inner_list(data: Mapping[str, Any], outer: str, inner: str) -> list[Any]:
    """Return the list in ``{outer: {inner: [...]}}``; an empty list if it is missing."""
    known = rules.check_keys("message_data", data, (outer,))
    items = rules.check_keys(outer, known.get(outer, {}), (inner,)).get(inner, [])
    if not isinstance(items, list):
        raise InvalidMessage(inner, "must be a list")
    return items
