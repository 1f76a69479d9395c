"""Conversion of cells to text, shared by all kinds of columns."""

from collections.abc import Sequence
from typing import Any

from django_smsbat.gateway.messages.rules import UNSENDABLE
from django_smsbat.gateway.text import visible, with_line_feeds
from django_smsbat.services.recipients.imports import values
from django_smsbat.services.recipients.imports.readers import CellError


class Rejected(Exception):
    """A row that cannot be imported. The text contains the reason and a valid form.

    Attributes:
        phone: the number in the row, if it is readable.
        is_opt_out: whether the row opts the person out. The opt-out is imported nevertheless.
    """

    phone: str = ""
    is_opt_out: bool = False


def is_error(cell: Any) -> bool:
    return isinstance(cell, CellError) or values.is_error(cell)


def cell_at(cells: Sequence[Any], place: int) -> Any:
    return cells[place] if place < len(cells) else None


def text_of(cell: Any, name: str, maximum: int) -> str:
    if cell is None or cell == "":
        return ""
    text = str(cell)
    if text[:1] == "#" and is_error(cell):  # checking every cell would be slow
        return ""
    text = visible(with_line_feeds(text))
    if UNSENDABLE.search(text):
        raise Rejected(f"{name}: holds a character that cannot be stored")
    if len(text) > maximum:
        raise Rejected(f"{name}: {len(text):,} characters; at most {maximum:,} are kept")
    return text
