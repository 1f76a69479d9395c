"""Describe an unexpected exception without the personal data that it may quote."""

from pathlib import Path
from traceback import extract_tb
from typing import Final

_PACKAGE: Final = Path(__file__).parent.parent


def describe(error: BaseException) -> str:
    """Return the exception's class and the last line of this package in its traceback."""
    name = type(error).__name__
    for frame in reversed(extract_tb(error.__traceback__)):
        if _PACKAGE in Path(frame.filename).parents:
            place = Path(frame.filename).relative_to(_PACKAGE.parent)
            return f"{name} in {place}, line {frame.lineno}"
    return name
