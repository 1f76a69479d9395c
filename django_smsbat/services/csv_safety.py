"""Escape CSV cells against formula injection, and undo it."""

import re
from typing import Final

# Includes the characters that compatibility normalisation (NFKC) turns into these: a spreadsheet in
# an East Asian locale reads a full-width equals sign as a plain one.
_PLUSES: Final = "+\u207a\u208a\ufb29\ufe62\uff0b"
_OTHER_STARTS: Final = r"=\u207c\u208c\u2a75\u2a76\ufe66\uff1d@\ufe6b\uff20\ufe63\uff0d\-"
# The start of a formula, after any apostrophes. A plus with digits is a phone number.
_FORMULA: Final = re.compile(rf"'*(?:[{_OTHER_STARTS}\t\r]|[{_PLUSES}](?!\d+\Z))")
# A spreadsheet that separates cells by semicolons or tabs may detect a formula within a text, after
# spaces and at least one separator. The match starts only at the first of them, so that a long run
# is scanned once.
_INSIDE: Final = r"(?<![;\s])([^\S\t\r\n]*[;\t\r\n][;\s]*)"
_FORMULA_INSIDE: Final = re.compile(_INSIDE + rf"('*[{_PLUSES}{_OTHER_STARTS}])")
_QUOTED_INSIDE: Final = re.compile(_INSIDE + rf"'('*[{_PLUSES}{_OTHER_STARTS}])")


def harmless(cell: str) -> str:
    """Return the cell with an apostrophe before each formula that a spreadsheet might run.

    `original` removes exactly these apostrophes.
    """
    shown = _FORMULA_INSIDE.sub(r"\1'\2", cell)
    return f"'{shown}" if _FORMULA.match(cell) else shown


def original(cell: str) -> str:
    """Return the cell as it was before `harmless`."""
    if cell[:1] == "'" and _FORMULA.match(cell):
        cell = cell[1:]
    return _QUOTED_INSIDE.sub(r"\1\2", cell)
