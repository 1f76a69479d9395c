"""Placeholders in texts: ``{{ name }}`` and ``{{ city|default:"your city" }}``, and nothing else.

The engine can reach the recipient's own fields and attributes only: no calls, no dots, no tags.
What it cannot fill is found before anything is sent.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Final
from urllib.parse import quote

from django_smsbat.gateway.messages import Content, InvalidMessage

_PLACEHOLDER: Final = re.compile(
    r"""\{\{\s*(?P<field>\w+)\s*(?:\|\s*default\s*:\s*(?P<quote>["'])(?P<default>.*?)(?P=quote)\s*)?\}\}"""
)
_LEFT_OVER: Final = re.compile(r"\{\{|\}\}|\{%|%\}")
_SAMPLE: Final = "x"


class MissingValue(Exception):
    """A recipient has no value for a placeholder that names no default."""

    def __init__(self, field: str) -> None:
        super().__init__(f"no value for {{{{ {field} }}}}")
        self.field = field


@dataclass(frozen=True)
class _Placeholder:
    field: str
    default: str | None


_Piece = str | _Placeholder
_Change = Callable[[tuple[_Piece, ...], str, str], str]  # pieces, the whole text, its field


@lru_cache(maxsize=256)
def _compile(text: str) -> tuple[_Piece, ...]:
    pieces: list[_Piece] = []
    end = 0
    for found in _PLACEHOLDER.finditer(text):
        pieces += [text[end : found.start()], _Placeholder(found["field"], found["default"])]
        end = found.end()
    pieces.append(text[end:])
    for piece in pieces:
        if isinstance(piece, str) and (wrong := _LEFT_OVER.search(piece)):
            raise ValueError(
                f"{wrong.group()} does not belong to a placeholder such as {{{{ name }}}} "
                'or {{ city|default:"your city" }}'
            )
    return tuple(pieces)


def values_from(known: Mapping[str, Any], fields: Collection[str]) -> dict[str, str]:
    """The values of those fields, as they are shown, from a person's fields and attributes.

    Own fields win over attributes of the same name: the caller puts them last.
    """
    return {name: _shown(known.get(name)) for name in fields}


def _shown(value: object) -> str:
    """Text and numbers are shown; what has no plain form counts as missing."""
    if type(value) is str:
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


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

        def note(pieces: tuple[_Piece, ...], text: str, field: str) -> str:
            named.update(piece.field for piece in pieces if isinstance(piece, _Placeholder))
            return text

        self._walk(note)
        return frozenset(named)

    def fill(self, values: Mapping[str, str]) -> Content:
        """The content for one recipient.

        Raises:
            MissingValue: for a placeholder without value and without default.
        """

        def filled(pieces: tuple[_Piece, ...], text: str, field: str) -> str:
            # A value inside an address must not be able to change where it leads.
            is_address = field == "message_data" and text.lower().startswith("https:")
            escape = _percent if is_address else str
            return "".join(_fill(piece, values, escape) for piece in pieces)

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

        Raises:
            MissingValue: for a placeholder without value and without default.
        """
        text, fallback = self._words
        return _joined(text, values), _joined(fallback, values)

    @cached_property
    def _words(self) -> tuple[tuple[_Piece, ...], tuple[_Piece, ...]]:
        return _compile(self.content.text), _compile(self.content.fallback_text)

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
            return change(_compile(value), value, field)
        except ValueError as error:
            raise InvalidMessage(field, str(error)) from None
    if isinstance(value, Mapping):
        return {key: _changed(field, item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_changed(field, item, change) for item in value]
    return value


def _fill(piece: _Piece, values: Mapping[str, str], escape: Callable[[str], str]) -> str:
    if isinstance(piece, str):
        return piece
    value = values.get(piece.field, "").strip()
    if value:
        return escape(value)
    if piece.default is None:
        raise MissingValue(piece.field)
    return piece.default


def _joined(pieces: tuple[_Piece, ...], values: Mapping[str, str]) -> str:
    if len(pieces) == 1:
        return str(pieces[0])
    return "".join(
        [piece if isinstance(piece, str) else _fill(piece, values, str) for piece in pieces]
    )


def _percent(value: str) -> str:
    return quote(value, safe="")
