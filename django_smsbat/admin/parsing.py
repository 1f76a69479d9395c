"""Numbers as they stand in a request, where anybody may have written anything."""

from typing import Final

_KEY: Final = 18  # digits: so many fit every database's keys


def number(written: str | None, digits: int = _KEY) -> int | None:
    """A whole number in plain digits; None for anything else, and for more digits than that."""
    if not written or not (written.isascii() and written.isdigit()) or len(written) > digits:
        return None
    return int(written)
