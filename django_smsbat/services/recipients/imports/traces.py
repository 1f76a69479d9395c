"""Find out whether a stored file names a person, including its rejected rows.

A rejected row may lack the phone, or contain it truncated by a spreadsheet or in other digits. Then
the name and the e-mail address identify the person.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from django_smsbat.gateway import phones
from django_smsbat.services.recipients.imports.readers import ENCODINGS

_WIDE: Final = ("utf-16", "utf-16-be", "utf-16-le", "utf-32")
_NARROW: Final = tuple(name for name in ENCODINGS if not name.startswith("utf"))
_ZIP: Final = b"PK"  # the first bytes of a workbook
_WORD: Final = re.compile(r"\w+")
_WORD_MIN: Final = 2  # characters; every file contains initials
_SCIENTIFIC: Final = re.compile(r"([1-9])(?:[.,](\d+))?[eE]\+?(\d{1,2})")
# A whole phone number: at least nine digits, with the usual separators.
_WHOLE_PHONE: Final = re.compile(r"\d(?:[\s().+-]*\d){8,}")


@dataclass(frozen=True)
class Traces:
    """The data that identifies a person.

    Attributes:
        phone: in E.164.
        names: as stored.
        emails: as stored.
    """

    phone: str
    names: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()

    def are_in(self, content: bytes) -> bool:
        """Return whether a file names the person. Workbooks always count: they are compressed."""
        return content.startswith(_ZIP) or any(
            self.are_in_row(row) for text in self._texts(content) for row in text.splitlines()
        )

    def are_in_row(self, row: str) -> bool:
        row = _plain(row)
        return (
            phones.holds(row, self.phone)
            or self._is_cut_in(row)
            or any(email in row for email in self._plain_emails)
            or self._is_named_in(row)
        )

    def _is_named_in(self, row: str) -> bool:
        """Return whether a row contains a name of the person.

        A single name does not count in a row with a whole phone number: the row may be about
        another person.
        """
        words = set(_WORD.findall(row))
        return any(
            parts <= words and (len(parts) > 1 or not _WHOLE_PHONE.search(row))
            for parts in self._name_parts
        )

    @cached_property
    def _plain_emails(self) -> list[str]:
        return _folded(self.emails)

    @cached_property
    def _name_parts(self) -> list[set[str]]:
        """The parts of each name that are long enough to identify a person."""
        names = (_WORD.findall(name) for name in _folded(self.names))
        parts = ({part for part in name if len(part) >= _WORD_MIN} for name in names)
        return [name for name in parts if name]

    def _is_cut_in(self, row: str) -> bool:
        """Return whether a number such as 3.80671E+11 may be the phone."""
        digits = self.phone.lstrip("+")
        return any(
            int(exponent) == len(digits) - 1 and digits.startswith((first + rest).rstrip("0"))
            for first, rest, exponent in _SCIENTIFIC.findall(row)
        )

    def _texts(self, content: bytes) -> Iterator[str]:
        """Yield the file's text in each encoding in which it may name the person."""
        yield content.decode("utf-8", errors="replace")
        if b"\0" in content:
            yield from (content.decode(codec, errors="replace") for codec in _WIDE)
        for codec in _NARROW:
            if any(one in content for one in self._encoded(codec)):
                yield content.decode(codec, errors="replace")

    def _encoded(self, codec: str) -> Iterator[bytes]:
        """Yield the non-ASCII parts of the names in this encoding."""
        for word in {word for name in self.names for word in _WORD.findall(name)}:
            for form in (word, word.lower(), word.upper(), word.title()):
                if len(word) >= _WORD_MIN and not form.isascii():
                    encoded = form.encode(codec, errors="ignore")
                    if len(encoded) >= _WORD_MIN:
                        yield encoded


def _plain(text: str) -> str:
    """Normalise case, Unicode composition and digits."""
    return unicodedata.normalize("NFC", phones.plain_digits(text)).casefold()


def _folded(texts: Iterable[str]) -> list[str]:
    return [_plain(text) for text in texts if text.strip()]
