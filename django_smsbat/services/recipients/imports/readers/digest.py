"""A digest that identifies an import."""

from hashlib import blake2b
from pathlib import Path
from typing import Final

from django_smsbat.services.recipients.imports.readers.table import UnreadableTable

_BLOCK: Final = 1_048_576  # bytes
_DIGEST_BYTES: Final = 16


def digest_of(path: Path, settings: str) -> str:
    """Return the digest of the whole file and the settings of the import.

    Raises:
        UnreadableTable: if the file cannot be opened.
    """
    digest = blake2b(settings.encode(), digest_size=_DIGEST_BYTES)
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise UnreadableTable(f"{path.name} cannot be read: {error.strerror}") from None
    return digest.hexdigest()
