"""Placeholders in texts: ``{{ name }}`` and ``{{ city|default:"your city" }}``, and nothing else.

The engine can reach the recipient's own fields and attributes only: no calls, no dots, no tags.
What it cannot fill is found before anything is sent.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

from django_smsbat.gateway.messages import Content, InvalidMessage
from django_smsbat.gateway.text import INVISIBLE, visible, with_line_feeds
from django_smsbat.services.campaigns.placeholder_syntax import Piece, Placeholder, compile_text

_SAMPLE: Final = "x"
_NOTHING: Final[Mapping[str, Any]] = {}


class MissingValue(Exception):
    """A recipient has no value for a placeholder that names no default."""

    def __init__(self, field: str) -> None:
        super().__init__(f"no value for {{{{ {field} }}}}")
        self.field = field


_Change = Callable[[tuple[Piece, ...], str, str], str]  # pieces, the whole text, its field


def values_from(
    known: Mapping[str, Any], fields: Collection[str], own: Mapping[str, Any] = _NOTHING
) -> dict[str, str]:
    """The values of those fields, as they are shown, from a person's attributes and own fields.

    A value of which nothing can be seen is empty, that is, missing.

    Args:
        own: the person's own fields, which win over attributes of the same name.
    """
    return {name: _shown(own[name] if name in own else known.get(name)) for name in fields}


def _shown(value: object) -> str:
    """Text and numbers are shown; what has no plain form counts as missing."""
    if type(value) is str:
        # Most values need no change; this is done for each recipient.
        if not value:
            return value
        if value[0] not in INVISIBLE and value[-1] not in INVISIBLE and "\r" not in value:
            return value
        return visible(with_line_feeds(value))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return visible(with_line_feeds(str(value)))


@dataclass(frozen=True)
class ContentTemplate:
    """Content with placeholders, checked and ready to be filled for many recipients.

    Raises:
        InvalidMessage: from the constructor, naming the field whose placeholders are malformed.
    """

    content: Content

    def __post_init__(self) -> None:
        self._walk(lambda pieces, text, field: text)

    @property
    def is_personal(self) -> bool:
        return self.sample() != self.content

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields and attributes that its placeholders name."""
        named: set[str] = set()

        def note(pieces: tuple[Piece, ...], text: str, field: str) -> str:
            named.update(piece.field for piece in pieces if isinstance(piece, Placeholder))
            return text

        self._walk(note)
        return frozenset(named)

    @cached_property
    def defaults(self) -> Mapping[str, Sequence[str]]:
        """The defaults of each field that has any, each once."""
        found: dict[str, dict[str, None]] = {}

        def note(pieces: tuple[Piece, ...], text: str, field: str) -> str:
            for piece in pieces:
                if isinstance(piece, Placeholder) and piece.default is not None:
                    found.setdefault(piece.field, {})[piece.default] = None
            return text

        self._walk(note)
        return {name: tuple(texts) for name, texts in found.items()}

    def fill(self, values: Mapping[str, str]) -> Content:
        """The content for one recipient.

        Raises:
            MissingValue: for a placeholder without value and without default.
        """
        return self.fill_trimmed({name: _shown(value) for name, value in values.items()})

    def fill_trimmed(self, values: Mapping[str, str]) -> Content:
        """The same for values from `values_from`, which are trimmed already."""

        def filled(pieces: tuple[Piece, ...], text: str, field: str) -> str:
            # A value inside an address must not be able to change where it leads.
            is_address = field == "message_data" and text.lower().startswith("https:")
            return _filled(pieces, values, _percent if is_address else str)

        return self._walk(filled)

    def sample(self) -> Content:
        """The content with a short value in each placeholder, to be checked before it is filled."""
        return self._walk(
            lambda pieces, text, field: "".join(
                piece if isinstance(piece, str) else (piece.default or _SAMPLE) for piece in pieces
            )
        )

    def fill_words(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Only text and SMS fallback for one recipient: what a large campaign waits for.

        Args:
            values: from `values_from`, which trims them.

        Raises:
            MissingValue: for a placeholder without value and without default.
        """
        text, fallback = self._words
        return _joined(text, values), _joined(fallback, values)

    @cached_property
    def _words(self) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
        return compile_text(self.content.text), compile_text(self.content.fallback_text)

    @cached_property
    def data_is_personal(self) -> bool:
        """Whether the message data holds placeholders, besides the two texts."""
        return self.sample().message_data != self.content.message_data

    def _walk(self, change: _Change) -> Content:
        content = self.content
        return replace(
            content,
            text=_changed("text", content.text, change),
            fallback_text=_changed("fallback_text", content.fallback_text, change),
            message_data=_changed("message_data", content.message_data, change),
        )


def _changed(field: str, value: Any, change: _Change) -> Any:
    """The same structure with every text changed."""
    if isinstance(value, str):
        try:
            return change(compile_text(value), value, field)
        except ValueError as error:
            raise InvalidMessage(field, str(error)) from None
    if isinstance(value, Mapping):
        return {key: _changed(field, item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_changed(field, item, change) for item in value]
    return value


def _filled(
    pieces: tuple[Piece, ...], values: Mapping[str, str], escape: Callable[[str], str] = str
) -> str:
    if len(pieces) == 1:
        return str(pieces[0])
    escaped = {name: escape(value) for name, value in values.items()}
    return _joined(pieces, escaped)


def _joined(pieces: tuple[Piece, ...], values: Mapping[str, str]) -> str:
    """With the values as they are, for each message of a large campaign."""
    if len(pieces) == 1:
        return str(pieces[0])
    return "".join(
        [
            piece if isinstance(piece, str) else values.get(piece.field) or _default(piece)
            for piece in pieces
        ]
    )


def _default(placeholder: Placeholder) -> str:
    if placeholder.default is None:
        raise MissingValue(placeholder.field)
    return placeholder.default


def _percent(value: str) -> str:
    return quote(value, safe="")
