"""Readable names of characters; invisible characters are shown by their Unicode names."""

import unicodedata
from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from django_smsbat.gateway.text import INVISIBLE

NAMES: Final[Mapping[str, Promise]] = {
    "\t": _("tab"),
    "\x0b": _("vertical tab"),
    "\xa0": _("non-breaking space"),
    "\xad": _("soft hyphen"),
    "\u0301": _("combining acute accent"),
    "\u0306": _("combining breve"),
    "\u0308": _("combining diaeresis"),
    "\u034f": _("combining grapheme joiner"),
    "\u2003": _("em space"),
    "\u2009": _("thin space"),
    "\u200b": _("zero width space"),
    "\u200c": _("zero width non-joiner"),
    "\u200d": _("zero width joiner"),
    "\u200e": _("left-to-right mark"),
    "\u200f": _("right-to-left mark"),
    "\u2028": _("line separator"),
    "\u2029": _("paragraph separator"),
    "\u202f": _("narrow non-breaking space"),
    "\u2060": _("word joiner"),
    "\u2800": _("blank braille pattern"),
    "\u3164": _("Hangul filler"),
    "\ufe0f": _("emoji variation selector"),
    "\ufeff": _("zero width non-breaking space"),
}


def readable(char: str) -> str:
    """Return the character itself if it is visible on its own, else its name and code point."""
    if char not in INVISIBLE and not unicodedata.combining(char):
        return char
    name = NAMES.get(char) or unicodedata.name(char, "").lower() or _("control character")
    return f"{name} (U+{ord(char):04X})"
