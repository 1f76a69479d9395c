"""Cells as a spreadsheet may safely open them."""

import re
from typing import Final

_BEGINS_FORMULA: Final = "=-@\t\r"
# Where a spreadsheet parts cells by semicolons or tabs, a formula may begin within a text.
_FORMULA_INSIDE: Final = re.compile(r"([;\t\r\n]\s*)([=@+-])")


def harmless(cell: str) -> str:
    """No spreadsheet that opens the file takes a cell for a formula; a phone's plus is none."""
    starts = cell[:1] in _BEGINS_FORMULA or (cell[:1] == "+" and not cell[1:].isdigit())
    cell = _FORMULA_INSIDE.sub(r"\1'\2", cell)
    return f"'{cell}" if cell and starts else cell
