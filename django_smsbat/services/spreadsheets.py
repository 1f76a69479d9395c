"""Cells as a spreadsheet may safely open them."""

_BEGINS_FORMULA = "=-@\t\r"


def harmless(cell: str) -> str:
    """No spreadsheet that opens the file takes a cell for a formula; a phone's plus is none."""
    starts = cell[:1] in _BEGINS_FORMULA or (cell[:1] == "+" and not cell[1:].isdigit())
    return f"'{cell}" if cell and starts else cell
