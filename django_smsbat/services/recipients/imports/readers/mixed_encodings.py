"""Rows of UTF-8 in a file of an 8-bit encoding: they decode without an error, to the wrong letters.

Files of two exports that were joined hold such rows. Letters of the alphabet of the encoding are
found: Cyrillic in a Cyrillic code page, accented Latin letters in a Latin one.
"""

import re
from typing import Final

from django_smsbat.services.recipients.imports.readers import letters

_CONTINUATION: Final = bytes(range(0x80, 0xC0))
# The first bytes of letters in UTF-8, and how many letters side by side are evidence. In a Cyrillic
# code page one of them also decodes to a usual pair of letters.
_CYRILLIC: Final = (b"\xd0\xd1\xd2", 2)
_LATIN: Final = (b"\xc3\xc4\xc5", 1)


class Utf8Rows:
    """Finds rows of UTF-8 in the text of a file of another encoding.

    Args:
        codec: the encoding of the file.
    """

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._sign = _sign(codec)

    def may_be_in(self, text: str) -> bool:
        """A quick test of the text of one row or many."""
        return self._sign is not None and bool(self._sign.search(text))

    def decoded(self, cells: list[str]) -> list[str] | None:
        """The cells as UTF-8 if all of them are; None otherwise."""
        if not self.may_be_in("".join(cells)):
            return None
        try:
            found = [cell.encode(self._codec).decode() for cell in cells]
        except UnicodeError:
            return None
        usual = letters.LETTERS[self._codec]
        foreign = {each for cell in found for each in cell if each.isalpha() and not each.isascii()}
        return found if foreign <= usual else None


def _sign(codec: str) -> re.Pattern[str] | None:
    if codec not in letters.CODECS:
        return None
    leads, count = _CYRILLIC if codec in letters.CYRILLIC else _LATIN
    pair = f"[{_decoded(leads, codec)}][{_decoded(_CONTINUATION, codec)}]"
    return re.compile(f"(?:{pair}){{{count}}}")


def _decoded(octets: bytes, codec: str) -> str:
    return re.escape(octets.decode(codec, "ignore"))
