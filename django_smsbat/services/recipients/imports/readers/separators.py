"""The separator of a CSV.

A line ``sep=;``, which Excel writes and hides, decides. Otherwise the first rows are parsed with
each separator, so that a comma inside a quoted heading does not count.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

SEPARATORS: Final = (",", ";", "\t", "|")
# A row of only these characters is empty: blanks, the end of a DOS file, separators, their quotes.
NOTHING: Final = ' \t\r\n\v\f\xa0\ufeff\x1a,;|"'
SAMPLE: Final = 65_536  # characters
_MARK: Final = re.compile(r'"?sep=([^"\s\w]|\t)"?[ ,;\t|]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE)


def reader_of(lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    """Return a `csv.reader` in which a quote after a space also opens a cell."""
    return csv.reader(lines, delimiter=separator, skipinitialspace=True)


def marked_separator(sample: str) -> tuple[str, int]:
    """Return the separator of a line ``sep=;`` and the length of that line."""
    mark = _MARK.match(sample)
    return (mark[1], mark.end()) if mark else ("", 0)


def separator_of(sample: str, rate: Callable[[Sequence[str]], int] | None) -> str:
    """Return the separator with which the first rows are most like a table.

    Args:
        rate: rates a row as headings; None if the table has no headings.
    """
    lines = list(io.StringIO(sample, newline=""))
    if len(sample) >= SAMPLE and len(lines) > 1:
        lines.pop()  # incomplete
    return max(SEPARATORS, key=lambda separator: _fit(lines, separator, rate))


def _fit(
    lines: list[str], separator: str, rate: Callable[[Sequence[str]], int] | None
) -> tuple[float, ...]:
    rows = [row for row in _parsed(lines, separator) if "".join(row).strip(NOTHING)]
    if not rows:
        return (0,)
    widths = Counter(map(len, rows))
    width, count = widths.most_common(1)[0]
    agreement = count / len(rows) if width > 1 else 0
    return (rate(rows[0]) if rate else 0, agreement, width)


def _parsed(lines: list[str], separator: str) -> Iterator[list[str]]:
    try:
        yield from reader_of(lines, separator)
    except csv.Error:  # a cell exceeds the limit; the rows before it are sufficient
        return
