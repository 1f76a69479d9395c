"""Lint a text for costly mistakes. Warnings never prevent sending.

The warnings are data; the entry points translate them into text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.messages import Content
from django_smsbat.gateway.sms_parts import count_parts
from django_smsbat.gateway.text import removable, without_invisible
from django_smsbat.services.composer import foreign_placeholders, opt_out_advice
from django_smsbat.services.composer.opt_out_advice import OptOut


class LintCode(StrEnum):
    """A possible mistake in a text."""

    MIXED_ALPHABETS = "mixed_alphabets"  # a word mixes Cyrillic and Latin letters
    COSTS_MORE_PARTS = "dearer"  # a few characters increase the number of SMS parts
    NO_OPT_OUT = "no_way_out"  # a promotional text does not say how to opt out
    NO_REPLIES = "no_replies"  # likewise, and no keyword can help: the sender gets no replies
    LOST_KEYWORD = "lost_keyword"  # the text names a keyword that its sender cannot receive
    RAW_PLACEHOLDER = "raw_placeholder"  # a placeholder of another product, sent literally


@dataclass(frozen=True)
class Finding:
    """A lint warning.

    Attributes:
        field: ``text`` or ``fallback_text``.
        what: the affected words or characters.
        parts: for `COSTS_MORE_PARTS`, the number of SMS parts with and without them.
    """

    concern: LintCode
    field: str
    what: tuple[str, ...] = ()
    parts: tuple[int, int] = (0, 0)


_WORD: Final = re.compile(r"[^\W\d_]+(?:['’ʼ-][^\W\d_]+)*")
_INSIDE: Final = re.compile("['’ʼ-]")  # these separate a foreign word from its ending
_LATIN: Final = re.compile(r"[A-Za-z]")
_CYRILLIC: Final = re.compile(r"[\u0400-\u04FF]")
_PLACEHOLDER: Final = re.compile(r"\{\{[^{}]*\}\}")
_FEW: Final = 3  # number of characters that are easy to replace


def lint(content: Content, *, promotional: bool) -> list[Finding]:
    """Return the warnings for a message, in the order of the form's fields.

    Args:
        content: as stored, with unfilled placeholders.
        promotional: whether the message needs the recipient's consent.
    """
    by_sms = content.type == MessageType.SMS
    warnings: list[Finding] = []
    for field, text, is_sms in (
        ("text", content.text, by_sms),
        ("fallback_text", content.fallback_text, True),
    ):
        if text.strip():
            warnings += _alphabets(field, text)
            warnings += _raw(field, text)
            if is_sms:
                warnings += _dearer(field, text)
            if is_sms and promotional:
                warnings += _opt_out(field, text, content.sender)
    return warnings


def _alphabets(field: str, text: str) -> Iterator[Finding]:
    words = dict.fromkeys(_WORD.findall(text))
    parts = (part for word in words for part in _INSIDE.split(word))
    mixed = tuple(part for part in parts if _LATIN.search(part) and _CYRILLIC.search(part))
    if mixed:
        yield Finding(LintCode.MIXED_ALPHABETS, field, mixed)


def _raw(field: str, text: str) -> Iterator[Finding]:
    looks = foreign_placeholders.find(_PLACEHOLDER.sub("", text))
    if looks:
        yield Finding(LintCode.RAW_PLACEHOLDER, field, looks)


def _dearer(field: str, text: str) -> Iterator[Finding]:
    """Yield a warning for a few characters, or invisible ones, that increase the SMS parts."""
    counted = count_parts(text)
    for what, cheaper in (_without_forcing(text, counted.forced_by), _without_invisible(text)):
        parts = count_parts(cheaper).parts
        if what and parts < counted.parts:
            yield Finding(LintCode.COSTS_MORE_PARTS, field, what, (counted.parts, parts))
            return


def _without_forcing(text: str, forced_by: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Return the characters that force UCS-2, if they are few, and the text without them."""
    if len(forced_by) > _FEW:
        return (), text
    return forced_by, "".join("." if c in forced_by else c for c in without_invisible(text))


def _without_invisible(text: str) -> tuple[tuple[str, ...], str]:
    return removable(text), without_invisible(text)


_OPT_OUT_CONCERNS: Final = {
    OptOut.NOT_MENTIONED: LintCode.NO_OPT_OUT,
    OptOut.NO_REPLIES: LintCode.NO_REPLIES,
    OptOut.LOST_KEYWORD: LintCode.LOST_KEYWORD,
}


def _opt_out(field: str, text: str, sender: str) -> Iterator[Finding]:
    lack, keywords = opt_out_advice.lacks(text, sender)
    if lack is not None:
        yield Finding(_OPT_OUT_CONCERNS[lack], field, keywords)
