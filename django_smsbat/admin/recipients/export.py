"""Export of recipients as CSV, opt-outs included; the file can be imported again unchanged."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils.timezone import localtime
from django.utils.translation import gettext

from django_smsbat.admin.csv_export import csv_lines, csv_response, walk
from django_smsbat.db.set_based import keys_in
from django_smsbat.models import ConsentChange, Recipient
from django_smsbat.services.recipients.imports.columns import Columns
from django_smsbat.services.recipients.imports.fields import AttributeType, Field

FILE_NAME: Final = "recipients.csv"
_CHUNK: Final = 2_000
_FIELDS: Final = ("phone", "name", "email", "opted_out_at", "attributes")


def export(recipients: QuerySet[Recipient]) -> StreamingHttpResponse:
    """Export all of these recipients, with one column for each attribute that any of them has."""
    attributes = _attributes(recipients)
    return csv_response(FILE_NAME, csv_lines(_headings(attributes), _rows(recipients, attributes)))


def _headings(attributes: Mapping[str, AttributeType]) -> list[str]:
    # The importer recognises these headings in every language of this package.
    own = [
        *(gettext("phone"), gettext("name"), gettext("e-mail")),
        *(gettext("opted out"), gettext("consent date"), gettext("consent source")),
    ]
    return [*own, *(_heading(name, kind) for name, kind in attributes.items())]


def _heading(name: str, kind: AttributeType) -> str:
    """Return the attribute's name, unless an import would mistake it for another column."""
    [column] = Columns.of([name]).columns
    is_plain = (column.field, column.attribute) == (Field.ATTRIBUTE, name)
    return name if is_plain and kind is AttributeType.TEXT else f"attribute:{name}:{kind}"


def _attributes(recipients: QuerySet[Recipient]) -> dict[str, AttributeType]:
    """Return the attributes in use, each with the type that fits all its values."""
    kinds: dict[str, AttributeType] = {}
    for (attributes,) in walk(recipients, ("attributes",)):
        for name, value in _items(attributes):
            kind = _kind(value)
            kinds[name] = kind if kinds.get(name, kind) is kind else AttributeType.JSON
    return dict(sorted(kinds.items()))


def _items(attributes: Any) -> Iterable[tuple[str, Any]]:
    known = attributes.items() if isinstance(attributes, dict) else ()
    return ((name, value) for name, value in known if value not in ("", None))


def _kind(value: object) -> AttributeType:
    if isinstance(value, str):
        return AttributeType.TEXT
    if isinstance(value, bool):
        return AttributeType.BOOLEAN
    return AttributeType.NUMBER if isinstance(value, int | float) else AttributeType.JSON


def _rows(
    recipients: QuerySet[Recipient], attributes: Mapping[str, AttributeType]
) -> Iterator[list[str]]:
    chunk: list[Sequence[Any]] = []
    for row in walk(recipients, ("pk", *_FIELDS)):
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield from _chunk_rows(chunk, attributes)
            chunk = []
    yield from _chunk_rows(chunk, attributes)


def _chunk_rows(
    chunk: Sequence[Sequence[Any]], attributes: Mapping[str, AttributeType]
) -> Iterator[list[str]]:
    opt_ins = _opt_ins([row[0] for row in chunk])
    for key, phone, name, email, opted_out_at, known in chunk:
        opted_in_at, source = opt_ins.get(key, (None, "")) if not opted_out_at else (None, "")
        values = dict(_items(known))
        yield [
            *(phone, name, email, _moment(opted_out_at), _moment(opted_in_at), source),
            *(_cell(values.get(one), kind) for one, kind in attributes.items()),
        ]


def _opt_ins(keys: Sequence[int]) -> dict[int, tuple[datetime, str]]:
    """Return each recipient's latest opt-in, with its source."""
    changes = ConsentChange.objects.filter(
        recipient__in=keys_in(Recipient, keys), is_opt_out=False
    ).order_by("at", "pk")
    return {
        change.recipient_id: (change.at, change.reason or change.get_source_display())
        for change in changes
    }


def _moment(at: datetime | None) -> str:
    return localtime(at).isoformat(sep=" ") if at else ""


def _cell(value: Any, kind: AttributeType) -> str:
    if value is None:
        return ""
    if kind is AttributeType.JSON:
        return json.dumps(value, ensure_ascii=False)
    return ("yes" if value else "no") if kind is AttributeType.BOOLEAN else str(value)
