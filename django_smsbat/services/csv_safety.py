"""Cells that a spreadsheet may safely open, and what they were before."""

import re
from typing import Final

# Also the forms of these characters that compatibility normalisation (NFKC) turns into them: a
# spreadsheet in an East Asian locale reads a full-width equals sign as the plain one.
_PLUSES: Final = "+\u207a\u208a\ufb29\ufe62\uff0b"
_OTHER_STARTS: Final = r"=\u207c\u208c\u2a75\u2a76\ufe66\uff1d@\ufe6b\uff20\ufe63\uff0d\-"
# What begins a formula, behind any apostrophes; a plus with digits is a phone.
_FORMULA: Final = re.compile(rf"'*(?:[{_OTHER_STARTS}\t\r]|[{_PLUSES}](?!\d+\Z))")
# A spreadsheet that separates cells by semicolons or tabs may find a formula within a text: behind
# spaces and separators, of which there is at least one. Starts only at the first of them, so that
# a long run is read once.
_INSIDE: Final = r"(?<![;\s])([^\S\t\r\n]*[;\t\r\n][;\s]*)"
_FORMULA_INSIDE: Final = re.compile(_INSIDE + rf"('*[{_PLUSES}{_OTHER_STARTS}])")
_QUOTED_INSIDE: Final = re.compile(_INSIDE + rf"'('*[{_PLUSES}{_OTHER_STARTS}])")


def harmless(cell: str) -> str:
    """The cell with an apostrophe before each formula that a spreadsheet might run.

    `original` takes exactly these apostrophes off again.
    """
    shown = _FORMULA_INSIDE.sub(r"\1'\2", cell)
    return f"'{shown}" if _FORMULA.match(cell) else shown


def original(cell: str) -> str:
    """The cell before `harmless`."""
    if cell[:1] == "'" and _FORMULA.match(cell):
        cell = cell[1:]
    return _QUOTED_INSIDE.sub(r"\1\2", cell)
