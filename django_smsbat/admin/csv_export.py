"""Rows as a CSV file that a spreadsheet takes for nothing else than text, streamed."""

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
_BYTE_ORDER_MARK: Final = "\ufeff"  # by which spreadsheets know UTF-8


def model_response(
    file_name: str,
    model: type[Model],
    columns: Sequence[str],
    rows: QuerySet[Any],
    shown: Mapping[str, Callable[[Any], str]] | None = None,
) -> StreamingHttpResponse:
    """Fields of a model as a CSV file.

    Args:
        columns: fields of the model; their verbose names are the headings.
        shown: functions that format the values of a column; others are written as they are.
    """
    headings = [str(getattr(model._meta.get_field(name), "verbose_name", "")) for name in columns]
    formats = [(shown or {}).get(name, _plain) for name in columns]
    cells = (
        [show(cell) for show, cell in zip(formats, row, strict=True)] for row in walk(rows, columns)
    )
    return csv_response(file_name, csv_lines(headings, cells))


def csv_response(file_name: str, lines: Iterable[str]) -> StreamingHttpResponse:
    """Lines of a CSV file as a download."""
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response


def walk(rows: QuerySet[Any], columns: Sequence[str]) -> Iterator[Sequence[Any]]:
    """The rows in the order of their keys, a chunk at a time: memory does not grow with them."""
    last = 0
    ordered = rows.order_by("pk").values_list("pk", *columns)
    while chunk := list(ordered.filter(pk__gt=last)[:_CHUNK]):
        yield from (row[1:] for row in chunk)
        last = chunk[-1][0]


class _Echo:
    """What `csv` writes to, which hands each line on at once."""

    def write(self, line: str) -> str:
        return line


def csv_lines(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a CSV file, in which no cell is a formula."""
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
