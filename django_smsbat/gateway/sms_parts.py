"""Count the parts of an SMS and detect the characters that increase it.

GSM 7-bit as in 3GPP TS 23.038: 160 septets in one part, 153 in each of several. Any character
outside that alphabet makes the whole text UCS-2: 70 and 67 UTF-16 units.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gsm0338 import Codec


class Encoding(StrEnum):
    GSM_7BIT = "GSM 7-bit"
    UCS_2 = "UCS-2"


@dataclass(frozen=True)
class SmsParts:
    """The size of a text as SMS.

    Attributes:
        encoding: the encoding that the whole text needs.
        units: septets (GSM 7-bit) or UTF-16 units (UCS-2) of the text.
        parts: number of messages that the operator bills; 0 for an empty text.
        forced_by: the characters outside GSM 7-bit, each once, in order of appearance.
    """

    encoding: Encoding
    units: int
    parts: int
    forced_by: tuple[str, ...]


_ESCAPE: Final = 0x1B
_SINGLE: Final = {Encoding.GSM_7BIT: 160, Encoding.UCS_2: 70}
_EACH: Final = {Encoding.GSM_7BIT: 153, Encoding.UCS_2: 67}


def _decoded(codes: Iterable[bytes]) -> frozenset[str]:
    codec = Codec()
    return frozenset(codec.decode(code, "ignore")[0] for code in codes) - {""}


BASIC: Final = _decoded(bytes([code]) for code in range(0x80) if code != _ESCAPE)
EXTENSION: Final = (
    _decoded(bytes([_ESCAPE, code]) for code in range(0x80) if code != _ESCAPE) - BASIC
)


_KNOWN: Final = BASIC | EXTENSION


def count_parts(text: str) -> SmsParts:
    """Count as operators do: a two-unit character is never split between parts."""
    letters = set(text)
    if letters <= _KNOWN:
        return _count(Encoding.GSM_7BIT, text, letters & EXTENSION, ())
    forced_by = tuple(c for c in dict.fromkeys(text) if c not in _KNOWN)
    return _count(Encoding.UCS_2, text, {c for c in letters if c > "\uffff"}, forced_by)


def _count(
    encoding: Encoding, text: str, wide: Collection[str], forced_by: tuple[str, ...]
) -> SmsParts:
    """Count the units and the parts of a text.

    Args:
        wide: the characters that take two units.
    """
    units = len(text) + (sum(c in wide for c in text) if wide else 0)
    if units <= _SINGLE[encoding]:
        return SmsParts(encoding, units, min(1, units), forced_by)
    each = _EACH[encoding]
    if not wide:
        return SmsParts(encoding, units, -(-units // each), forced_by)
    room, parts = 0, 0
    for width in (2 if c in wide else 1 for c in text):
        if width > room:
            room, parts = each, parts + 1
        room -= width
    return SmsParts(encoding, units, parts, forced_by)
