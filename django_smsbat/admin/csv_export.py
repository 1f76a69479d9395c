"""Streamed CSV files; a spreadsheet reads every cell as text."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import Model, QuerySet
from django.http import StreamingHttpResponse
from django.utils.timezone import localtime

from django_smsbat.services.csv_safety import harmless

_CHUNK: Final = 2_000
_BYTE_ORDER_MARK: Final = "\ufeff"  # spreadsheets detect UTF-8 by it


def model_response(
    file_name: str,
    model: type[Model],
    columns: Sequence[str],
    rows: QuerySet[Any],
    shown: Mapping[str, Callable[[Any], str]] | None = None,
) -> StreamingHttpResponse:
    """Return fields of a model as a CSV file.

    Args:
        columns: fields of the model; their verbose names are the headings.
        shown: functions that format the values of a column; other values are written unchanged.
    """
    headings = [str(getattr(model._meta.get_field(name), "verbose_name", "")) for name in columns]
    formats = [(shown or {}).get(name, _plain) for name in columns]
    cells = (
        [show(cell) for show, cell in zip(formats, row, strict=True)] for row in walk(rows, columns)
    )
    return csv_response(file_name, csv_lines(headings, cells))


def csv_response(file_name: str, lines: Iterable[str]) -> StreamingHttpResponse:
    """Return the lines of a CSV file as a download."""
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response


def walk(rows: QuerySet[Any], columns: Sequence[str]) -> Iterator[Sequence[Any]]:
    """Yield the rows in key order, in chunks, so that memory use stays constant."""
    last = 0
    ordered = rows.order_by("pk").values_list("pk", *columns)
    while chunk := list(ordered.filter(pk__gt=last)[:_CHUNK]):
        yield from (row[1:] for row in chunk)
        last = chunk[-1][0]


class _Echo:
    """A file-like object for `csv`: `write` returns each line."""

    def write(self, line: str) -> str:
        return line


def csv_lines(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a CSV file in which no cell is a formula."""
    writer = csv.writer(_Echo())
    yield _BYTE_ORDER_MARK + writer.writerow([harmless(heading) for heading in headings])
    for row in rows:
        yield writer.writerow([harmless(cell) for cell in row])


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return localtime(value).isoformat(sep=" ", timespec="seconds")
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return "" if value is None else str(value)
