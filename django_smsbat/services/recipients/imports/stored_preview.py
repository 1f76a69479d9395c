"""The preview of an upload as JSON, computed once and shown each time the page is opened.

Texts are truncated for display.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from django_smsbat.services.recipients.imports.columns import Column
from django_smsbat.services.recipients.imports.consent import Consent
from django_smsbat.services.recipients.imports.fields import AttributeType, Field
from django_smsbat.services.recipients.imports.importer import ImportResult
from django_smsbat.services.recipients.imports.preview import (
    ColumnPreview,
    ImportPreview,
    PersonPreview,
)
from django_smsbat.services.recipients.imports.readers import TableFormat
from django_smsbat.services.recipients.imports.rows import Person

_TEXT_MAX: Final = 200  # characters
_VALUES_MAX: Final = 50  # attributes of a recipient, and cells of a rejected row
_MISSING: Final = "The preview was not finished: upload the file again."


def dump(preview: ImportPreview) -> dict[str, Any]:
    """Convert a preview to JSON."""
    return {
        "counts": preview.result.counts(),
        "format": asdict(preview.format) if preview.format else None,
        "columns": [_dump_column(one) for one in preview.columns],
        "people": [_dump_person(one) for one in preview.people],
        "rejects": [[_cut(cell) for cell in row[: _VALUES_MAX + 2]] for row in preview.rejects],
        "failure": preview.failure,
    }


def load(stored: Mapping[str, Any]) -> ImportPreview:
    """Load a preview from JSON. If none is stored, return a preview with a failure."""
    if not stored:
        return ImportPreview(failure=_MISSING)
    result = ImportResult()
    result.add(stored["counts"])
    return ImportPreview(
        result=result,
        format=_load_format(stored["format"]),
        columns=[_load_column(one) for one in stored["columns"]],
        people=[_load_person(one) for one in stored["people"]],
        rejects=stored["rejects"],
        failure=stored["failure"],
    )


def phones(stored: Mapping[str, Any]) -> Sequence[str]:
    """Return the phones of the recipients in a stored preview."""
    return [one["phone"] for one in stored.get("people", ())]


def _cut(value: Any) -> Any:
    """Return the value; truncate text. A list or mapping becomes text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:_TEXT_MAX]


def _dump_column(shown: ColumnPreview) -> dict[str, Any]:
    column = {**asdict(shown.column), "heading": _cut(shown.column.heading)}
    return {"column": column, "samples": list(shown.samples)}


def _load_column(stored: Mapping[str, Any]) -> ColumnPreview:
    column = stored["column"]
    kinds = {"field": Field(column["field"]), "type": AttributeType(column["type"])}
    return ColumnPreview(Column(**{**column, **kinds}), tuple(stored["samples"]))


def _dump_person(shown: PersonPreview) -> dict[str, Any]:
    person = shown.person
    attributes = list(person.attributes.items())[:_VALUES_MAX]
    return {
        "phone": person.phone,
        "name": _cut(person.name),
        "email": _cut(person.email),
        "attributes": {_cut(name): _cut(value) for name, value in attributes},
        "opts_out": person.consent and person.consent.is_opt_out,
        "is_new": shown.is_new,
    }


def _load_person(stored: Mapping[str, Any]) -> PersonPreview:
    opts_out = stored["opts_out"]
    person = Person(
        stored["phone"],
        stored["name"],
        stored["email"],
        stored["attributes"],
        consent=None if opts_out is None else Consent(is_opt_out=opts_out),
    )
    return PersonPreview(person, stored["is_new"])


def _load_format(stored: Mapping[str, Any] | None) -> TableFormat | None:
    if stored is None:
        return None
    return TableFormat(**{**stored, "other_sheets": tuple(stored["other_sheets"])})
