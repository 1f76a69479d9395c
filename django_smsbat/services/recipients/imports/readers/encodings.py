"""The encoding of a text file.

A byte-order mark decides. Without a mark, UTF-16 is recognised by its NULs. Otherwise the lines
vote: a file is UTF-8 if most of its non-ASCII lines are valid UTF-8. Any other file is in an 8-bit
encoding, which is detected by its letters.
"""

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO, Final

from django_smsbat.services.recipients.imports.readers import letters
from django_smsbat.services.recipients.imports.readers.table import UnreadableTable

# The encodings that a user can choose, with their labels.
ENCODINGS: Final[Mapping[str, str]] = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-32": "UTF-32",
    "cp1251": "Windows-1251",
    "cp1250": "Windows-1250",
    "cp1252": "Windows-1252",
    "koi8-u": "KOI8-U",
    "cp866": "CP866",
    "cp1125": "CP1125",
    "mac-cyrillic": "Mac Cyrillic",
}
MARKED: Final = "smsbat_marked"  # the error handler for `open`
BAD_BYTE: Final = "\udc80"  # replaces bytes that are invalid in the encoding

# The mark of UTF-32 begins with the mark of UTF-16, so it comes first.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HEAD: Final = 65_536  # bytes
_BLOCK: Final = 16_384  # bytes
_LINE_MAX: Final = 1_048_576  # bytes
_COUNTED: Final = 1_000  # lines; after them a sample of blocks is counted
_SAMPLED: Final = 8  # blocks
_NULS_MIN: Final = 0.05  # minimum share of UTF-16 letters with a NUL
_NULS_OF_ONE_LINE: Final = 0.4
_CONTROLS_MAX: Final = 0.08  # maximum share of control characters among the bytes of a text
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))


def _mark_error(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return BAD_BYTE, error.end
    raise error


codecs.register_error(MARKED, _mark_error)


def label_of(codec: str) -> str:
    """Return the label of a codec for users."""
    family = codec.removesuffix("-sig").removesuffix("-le").removesuffix("-be")
    return ENCODINGS[family]


def encoding_of(path: Path, chosen: str = "") -> str:
    """Return the codec for a file.

    Args:
        chosen: a key of ENCODINGS or an alias of it; overrides the detection.

    Raises:
        UnreadableTable: if the file is not text, or the chosen encoding is unknown.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
        _require_lines(file, path.name)
        if chosen:
            return _chosen(chosen, head)
        if codec := _marked(head) or _wide(head):
            return codec
        if _controls(head) > _CONTROLS_MAX:
            raise UnreadableTable(f"{path.name} is not a table; save it as XLSX or CSV")
        return "utf-8" if _is_utf_8(file) else _by_vote(file)


def _chosen(chosen: str, head: bytes) -> str:
    try:
        codec = codecs.lookup(chosen).name
    except LookupError:
        codec = ""
    if codec.removesuffix("-sig") not in ENCODINGS:
        names = ", ".join(ENCODINGS)
        raise UnreadableTable(f"the encoding {chosen!r} is not supported; choose one of {names}")
    if codec == "utf-8":
        return "utf-8-sig"
    if codec in {"utf-16", "utf-32"} and _marked(head) != codec:
        detected = _wide(head)
        return detected if detected.startswith(codec) else f"{codec}-le"
    return codec


def _marked(head: bytes) -> str:
    return next((codec for mark, codec in _MARKS if head.startswith(mark)), "")


def _wide(head: bytes) -> str:
    """Detect UTF-16 by its NULs: each ASCII character has a NUL, always in the same half."""
    pairs = len(head) // 2
    first, second = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    codec = "utf-16-le" if second > first else "utf-16-be"
    most, least = max(first, second), min(first, second)
    has_lines = "\n" in head.decode(codec, "ignore")  # other texts with NULs decode to no lines
    is_wide = most > pairs * (_NULS_MIN if has_lines else _NULS_OF_ONE_LINE)
    return codec if is_wide and 10 * least <= most else ""


def _controls(head: bytes) -> float:
    text = head.rstrip(b"\0")  # a crash can leave NULs after a text
    return 1 - len(text.translate(None, _CONTROLS)) / len(text) if text else 0


def _blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    file.seek(0)
    while block := file.read(size):
        yield block


def _require_lines(file: BinaryIO, name: str) -> None:
    """Check the lengths of lines. They are limited, as a line is stored in memory."""
    for block in _blocks(file, _LINE_MAX):
        if len(block) == _LINE_MAX and b"\n" not in block and b"\r" not in block:
            line = 1 + _line_breaks(file, until=file.tell() - _LINE_MAX)
            raise UnreadableTable(
                f"{name} is not a table: line {line} is longer than {_LINE_MAX:,} bytes"
            )


def _line_breaks(file: BinaryIO, until: int) -> int:
    file.seek(0)
    blocks = (file.read(_LINE_MAX) for _ in range(0, until, _LINE_MAX))
    return sum(max(block.count(b"\n"), block.count(b"\r")) for block in blocks)


def _is_utf_8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for block in _blocks(file, _LINE_MAX):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _by_vote(file: BinaryIO) -> str:
    """Decide between UTF-8 and 8-bit encodings by the lines. UTF-8 wins a tie.

    A valid non-ASCII line is strong evidence for UTF-8.
    """
    votes = _Votes()
    step = max(1, file.seek(0, SEEK_END) // _BLOCK // _SAMPLED)
    for place, lines in enumerate(_line_blocks(file)):
        if votes.count < _COUNTED:
            votes.add(lines)
        elif place % step == 0:
            votes.add(lines, weight=step)
    return "utf-8" if votes.valid and votes.valid >= votes.invalid else letters.decide(votes.words)


def _line_blocks(file: BinaryIO) -> Iterator[bytes]:
    """Yield blocks that end at the end of a line, as a split letter would count as invalid."""
    rest = b""
    for block in _blocks(file, _BLOCK):
        end = max(block.rfind(b"\n"), block.rfind(b"\r")) + 1
        if not end:
            rest += block
            continue
        yield rest + block[:end]
        rest = block[end:]
    yield rest


@dataclass
class _Votes:
    """The counts of lines that are valid UTF-8 and that are not.

    Attributes:
        words: words of the invalid lines, for the detection of their encoding.
    """

    valid: int = 0
    invalid: int = 0
    words: set[bytes] = field(default_factory=set)

    @property
    def count(self) -> int:
        return self.valid + self.invalid

    def add(self, lines: bytes, weight: int = 1) -> None:
        if lines.isascii():
            return
        room = len(self.words) + letters.WORDS_OF_A_BLOCK
        for line in lines.splitlines():
            if line.isascii():
                continue
            try:
                line.decode()
            except UnicodeDecodeError:
                self.invalid += weight
                if len(self.words) < min(room, letters.WORDS_MAX):
                    self.words.update(letters.words_of(line))
            else:
                self.valid += weight
