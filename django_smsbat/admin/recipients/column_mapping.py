"""The form that assigns the columns of an uploaded file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from django_smsbat.admin.sentences import translated
from django_smsbat.services.recipients.imports.columns import Assignment, InvalidAssignment
from django_smsbat.services.recipients.imports.fields import AttributeType, Field
from django_smsbat.services.recipients.imports.preview import ColumnPreview
from django_smsbat.services.recipients.imports.readers import ENCODINGS

_USES: Final = (
    (Field.PHONE.value, _("phone")),
    (Field.NAME.value, _("name")),
    (Field.EMAIL.value, _("e-mail")),
    (AttributeType.TEXT.value, _("attribute: text")),
    (AttributeType.NUMBER.value, _("attribute: number")),
    (AttributeType.DATE.value, _("attribute: date")),
    (AttributeType.BOOLEAN.value, _("attribute: yes or no")),
    (Field.OPTED_OUT.value, _("opted out: yes, no or a date")),
    (Field.SUBSCRIBED.value, _("subscribed: yes or no")),
    (Field.STATUS.value, _("subscription status")),
    (Field.CONSENT_DATE.value, _("consent date")),
    (Field.CONSENT_SOURCE.value, _("consent source")),
    (Field.IGNORE.value, _("do not import")),
)
# Columns of this package's own exports that the user need not change.
_OWN_USES: Final = {
    Field.ATTRIBUTES: _("attributes, as exported"),
    AttributeType.JSON: _("attribute, as exported"),
}
_TYPES: Final = frozenset(kind.value for kind in AttributeType)


@dataclass(frozen=True)
class MappingRow:
    """A row of the form: a column with its samples and its two inputs."""

    number: int
    heading: str
    samples: Sequence[str]
    use: forms.BoundField
    name: forms.BoundField


class ColumnMappingForm(forms.Form):
    """One select and one attribute name for each column, and the encoding of the file.

    Args:
        columns: the columns in the current interpretation of the file.
        encoding: the chosen encoding; empty if it is detected.
    """

    def __init__(
        self, columns: Sequence[ColumnPreview], encoding: str, data: Any = None, *, is_text: bool
    ) -> None:
        super().__init__(data)
        self._columns = columns
        self.fields["encoding"] = forms.ChoiceField(
            label=_("Encoding"),
            choices=[("", _("detected")), *ENCODINGS.items()],
            initial=encoding,
            required=False,
            widget=forms.Select if is_text else forms.HiddenInput,
        )
        for place, shown in enumerate(columns):
            self._add(place, shown)

    def _add(self, place: int, shown: ColumnPreview) -> None:
        column = shown.column
        use = column.type if column.field is Field.ATTRIBUTE else column.field
        own = [(use.value, _OWN_USES[use])] if use in _OWN_USES else []
        label = column.heading or str(place + 1)
        self.fields[f"use_{place}"] = forms.ChoiceField(
            label=_("Use of %(column)s") % {"column": label},
            choices=[*_USES, *own],
            initial=use.value,
        )
        self.fields[f"name_{place}"] = forms.CharField(
            label=_("Attribute name of %(column)s") % {"column": label},
            initial=column.attribute,
            required=False,
        )

    def rows(self) -> Iterator[MappingRow]:
        for place, shown in enumerate(self._columns):
            use, name = self[f"use_{place}"], self[f"name_{place}"]
            yield MappingRow(place + 1, shown.column.heading, shown.samples, use, name)

    def clean(self) -> dict[str, Any]:
        chosen: list[str] = []
        for place, shown in enumerate(self._columns):
            use = self.cleaned_data.get(f"use_{place}")
            if use is None or self._is_own(place, use, shown):
                continue
            try:
                chosen.append(self._assignment(place, use))
            except InvalidAssignment as error:
                self.add_error(f"name_{place}", translated(error))
        self.cleaned_data["columns"] = chosen
        return self.cleaned_data

    def _is_own(self, place: int, use: str, shown: ColumnPreview) -> bool:
        """Return whether the heading alone identifies the column, so no assignment is needed."""
        column = shown.column
        named = self.cleaned_data.get(f"name_{place}") == column.attribute
        explicit = column.heading.startswith("attribute:") and use == column.type and named
        return explicit or use == Field.ATTRIBUTES

    def _assignment(self, place: int, use: str) -> str:
        heading = f"#{place + 1}"
        if use not in _TYPES:
            return f"{use}={heading}"
        name = self.cleaned_data.get(f"name_{place}") or ""
        kind = "" if use == AttributeType.TEXT else f":{use}"
        return str(Assignment.parse(f"{name or ' '}{kind}={heading}"))
