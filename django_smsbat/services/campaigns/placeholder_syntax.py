"""Parse placeholders in texts, and explain malformed ones.

A text is split into literal pieces and placeholders. Other braces are refused, so that none reaches
a phone.
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
    """A placeholder for a field of the recipient.

    Attributes:
        default: replaces a missing value; None to exclude recipients without a value.
    """

    field: str
    default: str | None


Piece = str | Placeholder


@lru_cache(maxsize=256)
def compile_text(text: str) -> tuple[Piece, ...]:
    """Split the text into literal pieces and placeholders.

    Raises:
        ValueError: for braces outside a placeholder; the text says how to correct them.
    """
    pieces: list[Piece] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        if _BRACE.search(match["default"] or ""):
            raise _braces_in_default(match.group())
        pieces += [text[end : match.start()], Placeholder(match["field"], match["default"])]
        end = match.end()
    pieces.append(text[end:])
    for piece, following in zip_longest(pieces, pieces[1:]):
        if isinstance(piece, str):
            if isinstance(following, Placeholder) and (nested := _OPEN_DEFAULT.search(piece)):
                raise _braces_in_default(f"{nested.group()}{{{{ {following.field} }}}}…")
            _refuse_braces(piece)
    return tuple(pieces)


def _braces_in_default(placeholder: str) -> ValueError:
    return ValueError(f"{placeholder} has braces in its default; write plain text there")


def _refuse_braces(piece: str) -> None:
    if "{" not in piece and "}" not in piece:
        return
    if wrong := _DOUBLE.search(piece):
        match = _IN_BRACES.match(piece, wrong.start())
        if match:
            _refuse_placeholder(match.group(), match["inside"].strip())
        raise ValueError(
            f"{wrong.group()} does not belong to a placeholder such as {{{{ name }}}} or {_EXAMPLE}"
        )
    if wrong := _BRACE.search(_SINGLE_PAIR.sub("", piece)):
        raise ValueError(f"{wrong.group()} has no partner; close the brace or remove it")


@dataclass(frozen=True)
class _Mistake:
    """A common mistake between double braces.

    Attributes:
        pattern: matches the text between the braces.
        sentence: the error message, a template for the whole placeholder as `what` and `details`.
        details: extracts further template values from the text between the braces.
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
    """Raise a specific error for a common mistake."""
    for mistake in _MISTAKES:
        if mistake.pattern.fullmatch(inside):
            details = mistake.details(inside)
            raise ValueError(mistake.sentence.format(what=what, example=_EXAMPLE, **details))
