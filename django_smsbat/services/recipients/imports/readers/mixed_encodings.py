"""Detect rows of UTF-8 in a file of an 8-bit encoding, where they decode to wrong letters.

Concatenated exports contain such rows. The detection covers the alphabet of the encoding: Cyrillic
in a Cyrillic code page, accented Latin letters in a Latin code page.
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
    """A detector of UTF-8 rows in the text of a file of another encoding.

    Args:
        codec: the encoding of the file.
    """

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._sign = _sign(codec)

    def may_be_in(self, text: str) -> bool:
        """Quickly test the text of one or more rows."""
        return self._sign is not None and bool(self._sign.search(text))

    def decoded(self, cells: list[str]) -> list[str] | None:
        """Return the cells decoded as UTF-8; None if they are not all UTF-8."""
        if not self.may_be_in("".join(cells)):
            return None
        try:
            decoded = [cell.encode(self._codec).decode() for cell in cells]
        except UnicodeError:
            return None
        usual = letters.LETTERS[self._codec]
        foreign = {
            letter
            for cell in decoded
            for letter in cell
            if letter.isalpha() and not letter.isascii()
        }
        return decoded if foreign <= usual else None


def _sign(codec: str) -> re.Pattern[str] | None:
    if codec not in letters.CODECS:
        return None
    leads, count = _CYRILLIC if codec in letters.CYRILLIC else _LATIN
    pair = f"[{_decoded(leads, codec)}][{_decoded(_CONTINUATION, codec)}]"
    return re.compile(f"(?:{pair}){{{count}}}")


def _decoded(octets: bytes, codec: str) -> str:
    return re.escape(octets.decode(codec, "ignore"))
