"""Detect the kind of a file by its content, not by its suffix."""

import codecs
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from django_smsbat.services.recipients.imports.readers.archives import LimitedArchive
from django_smsbat.services.recipients.imports.readers.table import UnreadableTable

_HEAD: Final = 8_192  # bytes
_OVERLAP: Final = 64
_OLE_MAX: Final = 16 * 1_048_576  # searched bytes of an old Office file
SAVE_AS: Final = "open it and save it as XLSX or CSV"
EXPORT: Final = "export the contacts as CSV"
UNPACK: Final = "unpack it first"
SAVE_OPEN: Final = "open it and save it without a password"
NO_TABLE: Final = "save the table as XLSX or CSV"

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_EXCEL_97: Final = ("an Excel 97–2003 workbook", SAVE_AS)
_IMAGE: Final = ("an image", NO_TABLE)
_ARCHIVE: Final = ("an archive", UNPACK)
_WEB_PAGE: Final = ("a web page", SAVE_AS)
_DATABASE: Final = ("a database", NO_TABLE)

Kind = tuple[str, str]  # description of the file, and the remedy

_SIGNATURES: Final[tuple[tuple[bytes, Kind], ...]] = (
    (b"%PDF-", ("a PDF document", NO_TABLE)),
    (b"{\\rtf", ("an RTF document", NO_TABLE)),
    (b"SQLite format 3\0", _DATABASE),
    (b"\0\x01\0\0Standard ", _DATABASE),  # Access
    (b"\x1f\x8b", _ARCHIVE),
    (b"Rar!\x1a\x07", _ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", _ARCHIVE),
    (b"BZh", _ARCHIVE),
    (b"\xfd7zXZ\0", _ARCHIVE),
    (b"\x28\xb5\x2f\xfd", _ARCHIVE),
    (b"\x09\x08\x10\0", _EXCEL_97),  # without a container
    (b"\x09\x00\x04\0", _EXCEL_97),
    (b"\x09\x02\x06\0", _EXCEL_97),
    (b"\x09\x04\x06\0", _EXCEL_97),
    (b"\x89PNG\r\n", _IMAGE),
    (b"\xff\xd8\xff", _IMAGE),
    (b"GIF8", _IMAGE),
    (b"II*\0", _IMAGE),
    (b"MM\0*", _IMAGE),
)
_AT_OFFSET: Final[tuple[tuple[int, bytes, Kind], ...]] = (
    (8, b"WEBP", _IMAGE),
    (4, b"ftyphei", _IMAGE),
    (4, b"ftypavif", _IMAGE),
)
# In the order of the search: the first match wins.
_TEXTS: Final[tuple[tuple[re.Pattern[str], Kind], ...]] = (
    (re.compile(r"begin:vcard"), ("a vCard file", EXPORT)),
    (re.compile(r"begin:vcalendar"), ("a calendar", NO_TABLE)),
    (re.compile(r"mime-version:"), _WEB_PAGE),
    (
        re.compile(r"<\?xml.*urn:schemas-microsoft-com:office:spreadsheet", re.DOTALL),
        ("an XML Spreadsheet 2003 workbook", SAVE_AS),
    ),
    (
        re.compile(r"(?:<\?xml[^>]*>\s*)?<(?:!doctype html|!--|html|head|meta|table|body|style)"),
        _WEB_PAGE,
    ),
    (re.compile(r"<\?xml"), ("an XML file", NO_TABLE)),
    (re.compile(r'\{\s*"[^"]*"\s*:|\[\s*[\[{"]'), ("a JSON file", NO_TABLE)),
)
_ZIP_MEMBERS: Final[tuple[tuple[re.Pattern[str], Kind], ...]] = (
    (re.compile(r"xl/workbook\.bin$"), ("an XLSB workbook", SAVE_AS)),
    (re.compile(r"Index/|Index\.zip$"), ("an Apple Numbers document", SAVE_AS)),
    (re.compile(r"word/"), ("a Word document", NO_TABLE)),
    (re.compile(r"ppt/"), ("a PowerPoint presentation", NO_TABLE)),
)
_OPEN_DOCUMENTS: Final[tuple[tuple[bytes, Kind], ...]] = (
    (b"application/vnd.oasis.opendocument.spreadsheet", ("an ODS spreadsheet", SAVE_AS)),
    (b"application/vnd.oasis.opendocument", ("an OpenDocument file", NO_TABLE)),
)
_OLE_STREAMS: Final[tuple[tuple[str, Kind], ...]] = (
    ("EncryptedPackage", ("protected with a password", SAVE_OPEN)),
    ("WordDocument", ("a Word document", NO_TABLE)),
    ("PowerPoint Document", ("a PowerPoint presentation", NO_TABLE)),
    ("Workbook", _EXCEL_97),
    ("Book", _EXCEL_97),
)
_OLE_SUFFIXES: Final[dict[str, Kind]] = {".doc": ("a Word document", NO_TABLE)}


def kinds() -> set[Kind]:
    """Return all kinds of files that are refused."""
    tables: Sequence[Sequence[tuple[object, ...]]] = (
        *(_SIGNATURES, _AT_OFFSET, _TEXTS, _ZIP_MEMBERS, _OPEN_DOCUMENTS, _OLE_STREAMS),
        *([*_OLE_SUFFIXES.items()],),
    )
    return {row[-1] for table in tables for row in table}  # type: ignore[misc]


def is_workbook(path: Path) -> bool:
    """Return whether a file is a workbook. Otherwise it is read as CSV.

    Raises:
        UnreadableTable: if the kind of file is not supported; names the kind and the remedy.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    is_zip = head.startswith(_ZIP)
    if kind := _zip_kind(path) if is_zip else _kind(path, head):
        raise UnreadableTable(f"{path.name} is {kind[0]}; {kind[1]}")
    return is_zip


def _kind(path: Path, head: bytes) -> Kind | None:
    if head.startswith(_OLE):
        return _ole_kind(path)
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    for place, signature, kind in _AT_OFFSET:
        if head.startswith(signature, place):
            return kind
    text = _text(head)
    return next((kind for pattern, kind in _TEXTS if pattern.match(text)), None)


def _text(head: bytes) -> str:
    is_utf_16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = head.decode("utf-16", "replace") if is_utf_16 else head.decode("latin-1")
    return text.lstrip("\ufeffï»¿ \t\r\n").lower()


def _zip_kind(path: Path) -> Kind | None:
    """Return the kind of a ZIP file; None for a readable workbook or a damaged archive.

    The error of a damaged archive is reported when it is opened as a workbook.
    """
    try:
        with path.open("rb") as file, LimitedArchive(file) as archive:
            names = archive.namelist()
            mimetype = archive.read("mimetype")[:100] if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return None
    if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
        tables = _ZIP_MEMBERS[:1]
        return next((kind for form, kind in tables if any(map(form.match, names))), None)
    for begin, kind in _OPEN_DOCUMENTS:
        if mimetype.startswith(begin):
            return kind
    return next((kind for form, kind in _ZIP_MEMBERS if any(map(form.match, names))), _ARCHIVE)


def _ole_kind(path: Path) -> Kind:
    """Detect the kind by the name of a stream. The stream directory may be anywhere in the file."""
    names = [name.encode("utf-16-le") for name, _kind in _OLE_STREAMS]
    seen: set[bytes] = set()
    with path.open("rb") as file:
        block = rest = b""
        while file.tell() < _OLE_MAX and (block := file.read(1_048_576)):
            seen.update(name for name in names if name in rest + block)
            rest = block[-_OVERLAP:]
    for name, kind in _OLE_STREAMS:
        if name.encode("utf-16-le") in seen:
            return kind
    return _OLE_SUFFIXES.get(path.suffix.lower(), _EXCEL_97)
