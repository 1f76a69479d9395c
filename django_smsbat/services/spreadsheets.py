"""Cells that a spreadsheet may safely open, and what they were before."""

import re
from typing import Final

# What begins a formula, behind any apostrophes; a plus with digits is a phone.
_FORMULA: Final = re.compile(r"'*(?:[=\-@\t\r]|\+(?!\d+\Z))")
# A spreadsheet that separates cells by semicolons or tabs may find a formula within a text: behind
# spaces and separators, of which there is at least one. Starts only at the first of them, so that
# a long run is read once.
_INSIDE: Final = r"(?<![;\s])([^\S\t\r\n]*[;\t\r\n][;\s]*)"
_FORMULA_INSIDE: Final = re.compile(_INSIDE + r"('*[=@+-])")
_QUOTED_INSIDE: Final = re.compile(_INSIDE + r"'('*[=@+-])")


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
