"""Numbers in a request; the client may send anything."""

from typing import Final

_KEY: Final = 18  # digits; 18 fit the keys of every supported database


def number(text: str | None, digits: int = _KEY) -> int | None:
    """Parse a whole number in ASCII digits; None for anything else, or for too many digits."""
    if not text or not (text.isascii() and text.isdigit()) or len(text) > digits:
        return None
    return int(text)
