"""Rows as a CSV file that a spreadsheet takes for nothing else than text, streamed."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import Model, QuerySet
from django.http import StreamingHttpResponse
from django.utils.timezone import localtime

from django_smsbat.services.spreadsheets import harmless

_CHUNK: Final = 2_000
_BYTE_ORDER_MARK: Final = "\ufeff"  # by which spreadsheets know UTF-8


def csv_response(
    file_name: str,
    model: type[Model],
    columns: Sequence[str],
    rows: QuerySet[Any],
    shown: Mapping[str, Callable[[Any], str]] | None = None,
) -> StreamingHttpResponse:
    """
    Args:
        columns: fields of the model; their names for people are the headings.
        shown: how the values of a column are told to people, where it is not as they stand.
        rows: read by key, a chunk at a time, so that memory does not grow with them.
    """
    headings = [str(getattr(model._meta.get_field(name), "verbose_name", "")) for name in columns]
    told = [(shown or {}).get(name, _plain) for name in columns]
    lines = _lines(headings, _walk(rows, columns), told)
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return answer


def _walk(rows: QuerySet[Any], columns: Sequence[str]) -> Iterator[Sequence[Any]]:
    last = 0
    ordered = rows.order_by("pk").values_list("pk", *columns)
    while chunk := list(ordered.filter(pk__gt=last)[:_CHUNK]):
        yield from (row[1:] for row in chunk)
        last = chunk[-1][0]


class _Echo:
    """What `csv` writes to, which hands each line on at once."""

    def write(self, line: str) -> str:
        return line


def _lines(
    headings: Sequence[str], rows: Iterable[Sequence[Any]], told: Sequence[Callable[[Any], str]]
) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield _BYTE_ORDER_MARK + writer.writerow(headings)
    for row in rows:
        yield writer.writerow([harmless(tell(cell)) for tell, cell in zip(told, row, strict=True)])


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return localtime(value).isoformat(sep=" ", timespec="seconds")
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return "" if value is None else str(value)
