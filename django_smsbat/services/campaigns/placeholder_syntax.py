"""The syntax of placeholders in texts, and what is wrong with braces that are none.

A text is split into literal pieces and placeholders. Braces that belong to no placeholder are
refused here, so that none reaches a phone.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from typing import Final

_PLACEHOLDER: Final = re.compile(
    r"""\{\{\s*(?P<field>\w+)\s*"""
    r"""(?:\|\s*default\s*:\s*(?P<quote>["'])(?P<default>(?:(?!(?P=quote)\s*\}\}|\{\{).)*+)(?P=quote)\s*)?\}\}"""
)
_DOUBLE: Final = re.compile(r"\{\{|\}\}|\{%|%\}")
_IN_BRACES: Final = re.compile(r"\{\{(?P<inside>[^{}]*)\}\}")
_SINGLE_PAIR: Final = re.compile(r"\{[^{}]*\}")
_BRACE: Final = re.compile(r"[{}]")
_FILTER: Final = re.compile(r"\|\s*(\w+)")
_OPEN_DEFAULT: Final = re.compile(r"""\{\{\s*\w+\s*\|\s*default\s*:\s*["'][^"'{}]*\Z""")
_EXAMPLE: Final = '{{ city|default:"your city" }}'


@dataclass(frozen=True)
class Placeholder:
    """A place in a text for a field of the recipient.

    Attributes:
        default: shown instead of a missing value; None to leave such recipients out.
    """

    field: str
    default: str | None


Piece = str | Placeholder


@lru_cache(maxsize=256)
def compile_text(text: str) -> tuple[Piece, ...]:
    """The text as literal pieces and placeholders.

    Raises:
        ValueError: for braces that belong to no placeholder; says what would be right.
    """
    pieces: list[Piece] = []
    end = 0
    for found in _PLACEHOLDER.finditer(text):
        if _BRACE.search(found["default"] or ""):
            raise _braces_in_default(found.group())
        pieces += [text[end : found.start()], Placeholder(found["field"], found["default"])]
        end = found.end()
    pieces.append(text[end:])
    for piece, following in zip_longest(pieces, pieces[1:]):
        if isinstance(piece, str):
            if isinstance(following, Placeholder) and (nested := _OPEN_DEFAULT.search(piece)):
                raise _braces_in_default(f"{nested.group()}{{{{ {following.field} }}}}…")
            _refuse_braces(piece)
    return tuple(pieces)


def _braces_in_default(written: str) -> ValueError:
    return ValueError(f"{written} has braces in its default; write plain text there")


def _refuse_braces(piece: str) -> None:
    if "{" not in piece and "}" not in piece:
        return
    if wrong := _DOUBLE.search(piece):
        written = _IN_BRACES.match(piece, wrong.start())
        if written:
            _refuse_placeholder(written.group(), written["inside"].strip())
        raise ValueError(
            f"{wrong.group()} does not belong to a placeholder such as {{{{ name }}}} or {_EXAMPLE}"
        )
    if wrong := _BRACE.search(_SINGLE_PAIR.sub("", piece)):
        raise ValueError(f"{wrong.group()} has no partner; close the brace or remove it")


@dataclass(frozen=True)
class _Mistake:
    """A usual mistake between double braces.

    Attributes:
        pattern: what is written between the braces.
        sentence: takes the whole placeholder as `what`, and what `details` finds.
    """

    pattern: re.Pattern[str]
    sentence: str
    details: Callable[[str], dict[str, str]] = lambda inside: {}


def _unknown_filter(inside: str) -> dict[str, str]:
    return {"name": next(name for name in _FILTER.findall(inside) if name != "default")}


def _last_step(inside: str) -> dict[str, str]:
    return {"name": re.split(r"[\s|]", inside)[0].rpartition(".")[2]}


_MISTAKES: Final = (
    _Mistake(
        re.compile(r"\w+(?:\.\w+)+\s*(?:\|.*)?", re.DOTALL),
        "{what} has a dot in its field name; dots are not supported, write {{{{ {name} }}}}",
        _last_step,
    ),
    _Mistake(
        re.compile(r"\w+\s*(?:\|.*)?\|\s*(?!default\b)\w+.*", re.DOTALL),
        "{what} uses the filter {name}; the only filter is default, as in {example}",
        _unknown_filter,
    ),
    _Mistake(
        re.compile(r"\w+\s*\|\s*default\b.*", re.DOTALL),
        "{what} needs a default in straight quotes, as in {example}",
    ),
    _Mistake(
        re.compile(r"\w[\w'’ʼ-]*(?:\s+\w[\w'’ʼ-]*)*"),
        "{what} names no field; a field name has letters, digits and _ only, as in {example}",
    ),
)


def _refuse_placeholder(what: str, inside: str) -> None:
    """Refuse a usual mistake by name."""
    for mistake in _MISTAKES:
        if mistake.pattern.fullmatch(inside):
            details = mistake.details(inside)
            raise ValueError(mistake.sentence.format(what=what, example=_EXAMPLE, **details))
