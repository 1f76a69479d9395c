"""A workbook as an archive of parts. Limits are checked before a part is parsed."""

import zipfile
from typing import IO, Any, Final

from django_smsbat.services.recipients.imports.readers import limits
from django_smsbat.services.recipients.imports.readers.limits import LimitExceeded

_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})  # all that Excel reads
_ENCRYPTED: Final = 1  # bit of the flags


class LimitedArchive(zipfile.ZipFile):
    """An archive that is refused if its declared sizes exceed the limits.

    `zipfile` unpacks at most the declared size of a part, so the real size need not be checked.

    Raises:
        LimitExceeded: naming the limit.
        zipfile.BadZipFile: if it is damaged.
    """

    def __init__(self, file: IO[bytes]) -> None:
        directory = _Directory(file)
        super().__init__(directory)
        directory.is_read = True
        self._check_sizes()

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        """Read a whole part, which a parser would store in memory as a tree."""
        part = name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)
        if part.file_size <= limits.WHOLE_PART_MAX:
            content = super().read(part, pwd)
            if content.count(b"<") <= limits.WHOLE_PART_TAGS_MAX:
                return content
        raise LimitExceeded(
            "the workbook has more styles, names or other settings than can be read; save the "
            "table as a new workbook or as CSV"
        )

    def _check_sizes(self) -> None:
        parts = self.infolist()
        if len(parts) > limits.PARTS_MAX:
            raise _too_many_parts()
        if sum(part.file_size for part in parts) > limits.UNPACKED_MAX:
            size = limits.megabytes(limits.UNPACKED_MAX)
            raise LimitExceeded(
                f"the workbook is larger than {size} when it is unpacked; save the table as CSV"
            )
        for part in parts:
            if part.compress_type not in _METHODS or part.flag_bits & _ENCRYPTED:
                raise zipfile.BadZipFile("packed as no spreadsheet program does it")
            ratio = part.file_size / max(part.compress_size, 1)
            if part.file_size > limits.RATIO_COUNTED and ratio > limits.RATIO_MAX:
                raise LimitExceeded(
                    f"a part of the workbook grows to more than {limits.RATIO_MAX} times its size "
                    "when it is unpacked; save the table as CSV"
                )


class _Directory:
    """A file wrapper that limits the size of each read to the maximum table of contents.

    `zipfile` reads the table of contents at once and trusts the size that the file declares.

    Attributes:
        is_read: whether the table of contents is read, so that the limit no longer applies.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.is_read = False

    def read(self, size: int = -1) -> bytes:
        if self.is_read:
            return self._file.read(size)
        most = limits.DIRECTORY_MAX + 1
        data = self._file.read(min(size, most) if size >= 0 else most)
        if len(data) == most:
            raise _too_many_parts()
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _too_many_parts() -> LimitExceeded:
    return LimitExceeded(
        f"the workbook has more than {limits.PARTS_MAX:,} parts; save the table as a new workbook "
        "or as CSV"
    )
