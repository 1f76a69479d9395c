"""Files with personal data: readable only by their owner, and never opened through a link."""

import errno
import os
from pathlib import Path
from stat import S_ISREG
from typing import Final, TextIO

_OWNER_ONLY: Final = 0o600


def require_regular(path: Path) -> None:
    """Refuse a path at which something other than a regular file exists.

    In a shared folder another user may have placed a link there: its target would be written or
    read instead.

    Raises:
        FileExistsError: for a link, a folder or a device.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not S_ISREG(mode):
        raise FileExistsError(errno.EEXIST, "exists and is not a regular file", str(path))


def create_text(path: Path, encoding: str) -> TextIO:
    """Create a file that only its owner can read, whatever the umask. Replace an existing file.

    The existing file is removed, not truncated: its permissions, and programs that have it open,
    would expose the new content.
    """
    require_regular(path)
    path.unlink(missing_ok=True)
    # With O_EXCL a concurrently created link is refused, not followed.
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    if hasattr(os, "fchmod"):  # a strict umask removes permissions of the owner
        os.fchmod(number, _OWNER_ONLY)
    return os.fdopen(number, "w", encoding=encoding, newline="", errors="replace")
