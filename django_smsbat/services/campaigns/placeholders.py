"""Placeholders in texts: only ``{{ name }}`` and ``{{ city|default:"your city" }}``.

The engine reads only the recipient's fields and attributes: no calls, no dots, no tags. A missing
value is detected before anything is sent.
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
    """A recipient has no value for a placeholder without a default."""

    def __init__(self, field: str) -> None:
        super().__init__(f"no value for {{{{ {field} }}}}")
        self.field = field


_Change = Callable[[tuple[Piece, ...], str, str], str]  # pieces, the whole text, its field


def values_from(
    known: Mapping[str, Any], fields: Collection[str], own: Mapping[str, Any] = _NOTHING
) -> dict[str, str]:
    """Return the values of the fields as text, from a recipient's attributes and own fields.

    A value without visible characters is empty, that is, missing.

    Args:
        known: the recipient's attributes.
        own: the recipient's own fields, which override attributes of the same name.
    """
    return {name: _shown(own[name] if name in own else known.get(name)) for name in fields}


def _shown(value: object) -> str:
    """Return a text or a number as text; other types count as missing."""
    if type(value) is str:
        # A fast path: most values need no change, and this runs for each recipient.
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
    """Validated content with placeholders, which can be filled for many recipients.

    Raises:
        InvalidMessage: from the constructor, naming the field with malformed placeholders.
    """

    content: Content

    def __post_init__(self) -> None:
        self._walk(lambda pieces, text, field: text)

    @property
    def is_personal(self) -> bool:
        return self.sample() != self.content

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields and attributes in the placeholders."""
        named: set[str] = set()

        def note(pieces: tuple[Piece, ...], text: str, field: str) -> str:
            named.update(piece.field for piece in pieces if isinstance(piece, Placeholder))
            return text

        self._walk(note)
        return frozenset(named)

    @cached_property
    def defaults(self) -> Mapping[str, Sequence[str]]:
        """The distinct defaults of each field that has any."""
        by_field: dict[str, dict[str, None]] = {}

        def note(pieces: tuple[Piece, ...], text: str, field: str) -> str:
            for piece in pieces:
                if isinstance(piece, Placeholder) and piece.default is not None:
                    by_field.setdefault(piece.field, {})[piece.default] = None
            return text

        self._walk(note)
        return {name: tuple(texts) for name, texts in by_field.items()}

    def fill(self, values: Mapping[str, str]) -> Content:
        """Return the content for one recipient.

        Raises:
            MissingValue: for a placeholder without a value and without a default.
        """
        return self.fill_trimmed({name: _shown(value) for name, value in values.items()})

    def fill_trimmed(self, values: Mapping[str, str]) -> Content:
        """`fill` for values from `values_from`, which are trimmed already."""

        def filled(pieces: tuple[Piece, ...], text: str, field: str) -> str:
            # A value inside a URL must not be able to change its target.
            is_address = field == "message_data" and text.lower().startswith("https:")
            return _filled(pieces, values, _percent if is_address else str)

        return self._walk(filled)

    def sample(self) -> Content:
        """Return the content with a short value in each placeholder, for validation."""
        return self._walk(
            lambda pieces, text, field: "".join(
                piece if isinstance(piece, str) else (piece.default or _SAMPLE) for piece in pieces
            )
        )

    def fill_words(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Return only text and SMS fallback for one recipient: the fast path of large campaigns.

        Args:
            values: trimmed values from `values_from`.

        Raises:
            MissingValue: for a placeholder without a value and without a default.
        """
        text, fallback = self._words
        return _joined(text, values), _joined(fallback, values)

    @cached_property
    def _words(self) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
        return compile_text(self.content.text), compile_text(self.content.fallback_text)

    @cached_property
    def data_is_personal(self) -> bool:
        """Whether the message data contains placeholders."""
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
    """Return the same structure with `change` applied to every text."""
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
    """Join the pieces with unescaped values: the fast path of large campaigns."""
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
