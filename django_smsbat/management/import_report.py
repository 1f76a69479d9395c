"""The report of ``smsbat_import``: the interpretation of a file, and the result of its rows."""

from collections.abc import Iterator
from typing import Final

from django_smsbat.gateway import phones
from django_smsbat.services.recipients.imports import ImportPreview, ImportResult
from django_smsbat.services.recipients.imports.columns import Column
from django_smsbat.services.recipients.imports.fields import AttributeType, Field
from django_smsbat.services.recipients.imports.preview import PersonPreview
from django_smsbat.services.recipients.imports.readers import TableFormat

_SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}


def interpretation(preview: ImportPreview) -> Iterator[str]:
    """Yield the interpretation of the file: its format, its columns, the first recipients."""
    if preview.format:
        yield _format(preview.format)
    for number, shown in enumerate(preview.columns, start=1):
        heading = phones.redact(shown.column.heading)
        yield f"  column {number} {heading!r}: {_use(shown.column)}"
    if preview.people:
        yield "First recipients:"
    for person in preview.people:
        yield f"  {_person(person)}"


def _format(table: TableFormat) -> str:
    if table.kind == "CSV":
        return f"CSV, {table.encoding}, separator: {_SEPARATORS.get(table.separator, 'none')}"
    left = f"; not imported: {', '.join(table.other_sheets)}" if table.other_sheets else ""
    hidden = f"; hidden sheets: {table.hidden_sheets}" if table.hidden_sheets else ""
    return f"{table.kind}, sheet {table.sheet!r}{left}{hidden}"


def _use(column: Column) -> str:
    if column.field is Field.IGNORE:
        return "not imported"
    kind = "" if column.type is AttributeType.TEXT else f" ({column.type})"
    name = phones.redact(column.attribute)
    placeholder = f"attribute {{{{ {name} }}}}{kind}" if name else ""
    own = "" if column.field is Field.ATTRIBUTE else column.field.replace("_", " ")
    return ", ".join(filter(None, [own, placeholder]))


def _person(shown: PersonPreview) -> str:
    person = shown.person
    attributes = ", ".join(f"{name}={value}" for name, value in person.attributes.items())
    consent = "" if person.consent is None else "opted out" if shown.opts_out else "opted in"
    change = "new" if shown.is_new else "existing"
    values = [phones.redact(text) for text in (person.name, person.email, attributes)]
    return "; ".join(filter(None, [phones.mask(person.phone), *values, consent, change]))


def summary(result: ImportResult) -> str:
    """Return one line with the counts."""
    end = "" if result.is_complete else " It was stopped; start it again to continue."
    resumed = f" (continued after row {result.resumed_after})" if result.resumed_after else ""
    rejects = f"; see {result.rejects}" if result.rejects else ""
    consent = "".join(
        f", {count} {what}"
        for count, what in (
            (result.opted_out, "opted out"),
            (result.opted_in, "opted in"),
            (result.left_out, "with a value that could not be read"),
        )
        if count
    )
    return (
        f"{result.rows} rows{resumed}: {result.created} new, {result.updated} updated, "
        f"{result.unchanged} unchanged, {result.repeated} repeated{consent}, "
        f"{result.rejected} rejected{rejects}.{end}"
    )
