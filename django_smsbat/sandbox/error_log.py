"""The sandbox's error log: one line for each error, without message content.

A disconnect of a client is not an error: crash tests kill clients on purpose.
"""

import asyncio
import logging
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

DISCONNECTS: Final = (ConnectionError, asyncio.CancelledError)


class OneLineFilter(logging.Filter):
    """Drops disconnects, and replaces a traceback by the exception's class and location.

    The exception's own text is omitted: it may contain a phone number or a message.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, DISCONNECTS):
            return False
        if error is not None:
            record.msg, record.args = "the sandbox failed: %s", (describe(error),)
            record.exc_info = record.exc_text = None
        return True


logger = logging.getLogger("django_smsbat.sandbox.server")
logger.addFilter(OneLineFilter())


def describe(error: BaseException) -> str:
    """Return the class of an exception and the line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def handle_loop_error(_loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """Log errors that asyncio itself would print with a traceback."""
    error = context.get("exception")
    if isinstance(error, BaseException):
        logger.error("an error in the event loop", exc_info=error)
    else:
        logger.error("the sandbox failed: %s", context.get("message", "no reason given"))
