"""Finds out whether a stored file names a person, also in rows that could not be read.

A row that was refused may lack the phone, or hold it cut short by a spreadsheet or in other digits.
Then the name and the e-mail address tell whose it is.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django_smsbat.gateway import phones
from django_smsbat.services.recipients.imports.readers import ENCODINGS

_WIDE: Final = ("utf-16", "utf-16-be", "utf-16-le", "utf-32")
_NARROW: Final = tuple(name for name in ENCODINGS if not name.startswith("utf"))
_ZIP: Final = b"PK"  # how a workbook begins
_WORD: Final = re.compile(r"\w+")
_WORD_MIN: Final = 2  # characters; initials are in every file
_SCIENTIFIC: Final = re.compile(r"([1-9])(?:[.,](\d+))?[eE]\+?(\d{1,2})")
# A whole phone number: at least nine digits with what people write between them.
_WHOLE_PHONE: Final = re.compile(r"\d(?:[\s().+-]*\d){8,}")


@dataclass(frozen=True)
class Traces:
    """What a person is known by.

    Attributes:
        phone: in E.164.
        names: as they were stored.
        emails: likewise.
    """

    phone: str
    names: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()

    def are_in(self, content: bytes) -> bool:
        """Whether a file names the person; of a workbook it cannot be told, so it counts."""
        return content.startswith(_ZIP) or any(
            self.are_in_row(row) for text in self._texts(content) for row in text.splitlines()
        )

    def are_in_row(self, row: str) -> bool:
        row = _plain(row)
        return (
            phones.holds(row, self.phone)
            or self._is_cut_in(row)
            or any(email in row for email in _folded(self.emails))
            or self._is_named_in(row)
        )

    def _is_named_in(self, row: str) -> bool:
        """A first name alone may be another person's, who is in the row with another phone."""
        words = set(_WORD.findall(row))
        for name in _folded(self.names):
            parts = {part for part in _WORD.findall(name) if len(part) >= _WORD_MIN}
            if parts and parts <= words and (len(parts) > 1 or not _WHOLE_PHONE.search(row)):
                return True
        return False

    def _is_cut_in(self, row: str) -> bool:
        """Whether a number such as 3.80671E+11 may be the phone."""
        digits = self.phone.lstrip("+")
        return any(
            int(exponent) == len(digits) - 1 and digits.startswith((first + rest).rstrip("0"))
            for first, rest, exponent in _SCIENTIFIC.findall(row)
        )

    def _texts(self, content: bytes) -> Iterator[str]:
        """The file as text, in each encoding in which it may name the person."""
        yield content.decode("utf-8", errors="replace")
        if b"\0" in content:
            yield from (content.decode(codec, errors="replace") for codec in _WIDE)
        for codec in _NARROW:
            if any(one in content for one in self._encoded(codec)):
                yield content.decode(codec, errors="replace")

    def _encoded(self, codec: str) -> Iterator[bytes]:
        """The words of the names that differ from ASCII, as this encoding has them."""
        for word in {word for name in self.names for word in _WORD.findall(name)}:
            for form in (word, word.lower(), word.upper(), word.title()):
                if len(word) >= _WORD_MIN and not form.isascii():
                    encoded = form.encode(codec, errors="ignore")
                    if len(encoded) >= _WORD_MIN:
                        yield encoded


def _plain(text: str) -> str:
    """Without differences of case and of composition, with plain digits."""
    return unicodedata.normalize("NFC", phones.plain_digits(text)).casefold()


def _folded(texts: Iterable[str]) -> list[str]:
    return [_plain(text) for text in texts if text.strip()]
