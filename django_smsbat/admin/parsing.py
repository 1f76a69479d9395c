"""Numbers in a request; the client may send anything."""

from typing import Final

_KEY: Final = 18  # digits; 18 fit the keys of every supported database


def number(written: str | None, digits: int = _KEY) -> int | None:
    """Parse a whole number in ASCII digits; None for anything else, or for too many digits."""
    if not written or not (written.isascii() and written.isdigit()) or len(written) > digits:
        return None
    return int(written)
