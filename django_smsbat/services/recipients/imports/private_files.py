"""Files that hold personal data: readable by their owner alone, and never opened through a link."""

import errno
import os
from pathlib import Path
from stat import S_ISREG
from typing import Final, TextIO

_OWNER_ONLY: Final = 0o600


def require_regular(path: Path) -> None:
    """Refuse a path at which something other than a regular file exists.

    In a shared folder another user may have put a link there: what is written would go to its
    target, or what is read would come from it.

    Raises:
        FileExistsError: for a link, a folder, a device.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not S_ISREG(mode):
        raise FileExistsError(errno.EEXIST, "exists and is not a regular file", str(path))


def create_text(path: Path, encoding: str) -> TextIO:
    """A new file in place of an earlier one, readable by its owner alone whatever the umask is.

    The earlier file is removed, not emptied: its permissions, and programs that have it open, would
    show what is written now.
    """
    require_regular(path)
    path.unlink(missing_ok=True)
    # With O_EXCL a link that appears in this moment is refused, not followed.
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    if hasattr(os, "fchmod"):  # a strict umask takes the owner's own rights
        os.fchmod(number, _OWNER_ONLY)
    return os.fdopen(number, "w", encoding=encoding, newline="", errors="replace")
