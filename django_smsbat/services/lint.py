"""What somebody may have overlooked in a text: nothing here forbids, everything may cost.

Says what it found as data; the words for it are the entry points' own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django_smsbat import conf
from django_smsbat.conf.opt_out_keywords import OPT_OUT_KEYWORDS, Beside
from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.messages import Content
from django_smsbat.gateway.sms_parts import Encoding, count_parts


class Concern(StrEnum):
    """What may be wrong with a text."""

    MIXED_ALPHABETS = "mixed_alphabets"  # a word of Cyrillic and Latin letters
    DEARER = "dearer"  # a few characters alone make it more parts
    NO_WAY_OUT = "no_way_out"  # promotional, and it does not say how to opt out
    RAW_PLACEHOLDER = "raw_placeholder"  # looks like a placeholder and is none


@dataclass(frozen=True)
class Finding:
    """
    Attributes:
        field: ``text`` or ``fallback_text``.
        what: the words or characters concerned.
        parts: with them and without, of what is dearer.
    """

    concern: Concern
    field: str
    what: tuple[str, ...] = ()
    parts: tuple[int, int] = (0, 0)


_WORD: Final = re.compile(r"[^\W\d_]+(?:['’ʼ-][^\W\d_]+)*")
_INSIDE: Final = re.compile("['’ʼ-]")  # an ending on a foreign word stands behind one of these
_LATIN: Final = re.compile(r"[A-Za-z]")
_CYRILLIC: Final = re.compile(r"[\u0400-\u04FF]")
# What other programs write for a placeholder, and a brace or a space that went astray.
_LOOKS_RAW: Final = re.compile(
    r"\{{1,3}\s?[^\W\d]\w*\s?\}{1,3}|(?<!\d)%[^\W\d]\w*%|\[\[?[^\W\d]\w*\]\]?|<<?[^\W\d]\w*>>?"
    r"|\$\{\w+\}|\$[^\W\d]\w*|#[^\W\d]\w*#"
)
_PLACEHOLDER: Final = re.compile(r"\{\{[^{}]*\}\}")
_FEW: Final = 3  # characters that could easily be replaced


def lint(content: Content, *, promotional: bool) -> list[Finding]:
    """What to look at again, in the order in which it stands in the form.

    Args:
        content: as it is stored, with its placeholders in place.
        promotional: whether it needs the recipient's consent.
    """
    by_sms = content.type == MessageType.SMS
    found: list[Finding] = []
    for field, text, is_sms in (
        ("text", content.text, by_sms),
        ("fallback_text", content.fallback_text, True),
    ):
        if text.strip():
            found += _alphabets(field, text)
            found += _raw(field, text)
            if is_sms:
                found += _dearer(field, text)
            if is_sms and promotional and _opt_out_words() and not _says_how_to_opt_out(text):
                found.append(Finding(Concern.NO_WAY_OUT, field, tuple(_opt_out_words()[:1])))
    return found


def _alphabets(field: str, text: str) -> Iterator[Finding]:
    words = dict.fromkeys(_WORD.findall(text))
    parts = (part for word in words for part in _INSIDE.split(word))
    mixed = tuple(part for part in parts if _LATIN.search(part) and _CYRILLIC.search(part))
    if mixed:
        yield Finding(Concern.MIXED_ALPHABETS, field, mixed)


def _raw(field: str, text: str) -> Iterator[Finding]:
    looks = tuple(
        dict.fromkeys(found.group() for found in _LOOKS_RAW.finditer(_PLACEHOLDER.sub("", text)))
    )
    if looks:
        yield Finding(Concern.RAW_PLACEHOLDER, field, looks)


def _dearer(field: str, text: str) -> Iterator[Finding]:
    """Where a few characters alone ask for UCS-2, and that takes more parts."""
    counted = count_parts(text)
    if counted.encoding is Encoding.GSM_7BIT or len(counted.forced_by) > _FEW:
        return
    without = count_parts("".join("." if c in counted.forced_by else c for c in text))
    if without.parts < counted.parts:
        yield Finding(Concern.DEARER, field, counted.forced_by, (counted.parts, without.parts))


def _opt_out_words() -> list[str]:
    """The keywords that a text can announce: "end" and "cancel" are in many texts by chance."""
    keywords = list(conf.current().opt_out_keywords)
    strict = {word for word, beside in OPT_OUT_KEYWORDS.items() if beside is Beside.COURTESY}
    return [word for word in keywords if word not in strict] or keywords


def _says_how_to_opt_out(text: str) -> bool:
    known = "|".join(re.escape(word.casefold()) for word in _opt_out_words())
    return bool(re.search(rf"(?<!\w)(?:{known})(?!\w)", text.casefold()))
