"""The campaign form: one set of inputs per message type, with errors at the field concerned."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from django_smsbat.admin.campaigns.composer import reading
from django_smsbat.admin.campaigns.composer.schema import SCHEMA, Group, Input, Node, Rows
from django_smsbat.admin.formatting import zone_name
from django_smsbat.admin.sentences import translated
from django_smsbat.conf import DEFAULT_ACCOUNT
from django_smsbat.gateway.message_types import TYPES, MessageType, Purpose
from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.gateway.text import with_line_feeds
from django_smsbat.models import Campaign, RecipientList
from django_smsbat.models.choices import TYPE_LABELS
from django_smsbat.services.accounts import registry
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.recipients import lists

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Campaign]
    _ListsField = forms.ModelMultipleChoiceField[RecipientList]
else:
    _ModelForm = forms.ModelForm
    _ListsField = forms.ModelMultipleChoiceField

MESSAGE_FIELDS: Final = (
    "account",
    "type",
    "is_transactional",
    "sender",
    "text",
    "message_data",
    "fallback_text",
    "ttl",
)
AUDIENCE_FIELDS: Final = ("lists", "scheduled_at", "canary_size", "canary_share")
# The message types that use each field, derived from the gateway's table.
_ONLY_FOR: Final[Mapping[str, list[MessageType]]] = {
    "text": [kind for kind, facts in TYPES.items() if facts.has_text],
    "fallback_text": [kind for kind, facts in TYPES.items() if facts.has_fallback],
    "is_transactional": [
        kind for kind, facts in TYPES.items() if facts.purpose is Purpose.AS_STATED
    ],
    "message_data": [kind for kind, nodes in SCHEMA.items() if nodes],
}


EMPTIED: Final = tuple(_ONLY_FOR)


def is_used(field: str, kind: str) -> bool:
    """Return whether messages of that type use a field that the phone preview does not show."""
    return field != "message_data" and kind in _ONLY_FOR.get(field, [kind])


def chosen_type(value: object) -> MessageType | None:
    """Return the chosen message type, or None if the value is not a type."""
    return MessageType(str(value)) if str(value) in list(MessageType) else None


class ComposerWidget(forms.Widget):
    """The inputs of all types; the browser shows those of the chosen type.

    Attributes:
        type: the type of the inputs that contain the value.
        refusals: error messages by the path of the input.
    """

    template_name = "admin/smsbat/composer/composer.html"

    def __init__(self) -> None:
        super().__init__()
        self.type: MessageType | None = None
        self.refusals: dict[str, str] = {}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        kind = chosen_type(data.get("type"))
        return reading.data_from(kind, data) if kind else {}

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str | None) -> str:
        return ""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["types"] = [
            {
                "type": kind.value,
                "label": TYPE_LABELS[kind],
                "nodes": _Shown(self._values(kind, value), self.refusals).nodes(
                    nodes, kind.value, 0
                ),
            }
            for kind, nodes in SCHEMA.items()
            if nodes
        ]
        context["raw"] = value if self.type and not self._fits(value) else None
        return context

    def _values(self, kind: MessageType, value: Any) -> dict[str, Any]:
        return reading.values_of(kind, value) if kind is self.type and self._fits(value) else {}

    def _fits(self, value: Any) -> bool:
        return reading.fits(self.type or MessageType.SMS, value or {})


class _Shown:
    """The nodes of a type with their values, as the template renders them."""

    def __init__(
        self,
        values: Mapping[str, Any],
        refusals: Mapping[str, str],
        *,
        without_script: bool = False,
    ) -> None:
        self._values = values
        self._refusals = refusals
        self._without_script = without_script

    def nodes(self, nodes: Sequence[Node], path: str, depth: int) -> list[dict[str, Any]]:
        return [self._node(node, reading.join(path, node.name), depth) for node in nodes]

    def _node(self, node: Node, path: str, depth: int) -> dict[str, Any]:
        if isinstance(node, Rows):
            return self._rows(node, path, depth)
        if isinstance(node, Group):
            return {"is_group": True, "node": node, "nodes": self.nodes(node.nodes, path, depth)}
        return self._input(node, path)

    def _input(self, node: Input, path: str) -> dict[str, Any]:
        value = self._values.get(path, "")
        # Keep a stored value that is no longer among the choices (a language, for example).
        known = {str(key) for key, _label in node.choices}
        own = [(value, value)] if node.choices and value and str(value) not in known else []
        choices = [(key, label, str(key) == str(value)) for key, label in (*node.choices, *own)]
        refusal = self._refusals.get(path, "")
        return {"node": node, "path": path, "value": value, "choices": choices, "refusal": refusal}

    def _rows(self, node: Rows, path: str, depth: int) -> dict[str, Any]:
        there = len(reading.places(self._values, path))
        token = f"__{depth}__"

        def row(place: object, shown: _Shown = self) -> list[dict[str, Any]]:
            return shown.nodes(node.row.nodes, reading.join(path, str(place)), depth + 1)

        # The spare row is for browsers without JavaScript. Rows nested in it get no spare row.
        spare = _Shown(self._values, self._refusals, without_script=True)

        return {
            "is_rows": True,
            "node": node,
            "path": path,
            "token": token,
            "rows": [row(place) for place in range(max(there, node.least))],
            "blank": row(token),
            "spare": row(max(there, node.least), spare) if there < node.most else [],
            "without_script": self._without_script,
            "refusal": self._refusals.get(path, ""),
        }


class ComposedField(forms.Field):
    """`message_data` in SMSBAT's wire format, from the inputs of the chosen type."""

    widget = ComposerWidget

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or {}) != (data or {})


class TextField(forms.CharField):
    """A text field that stores line breaks as LF; browsers post CR LF."""

    def to_python(self, value: Any) -> str:
        return with_line_feeds(super().to_python(value) or "")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(with_line_feeds(initial or ""), with_line_feeds(data or ""))


class LabelledDateTime(AdminSplitDateTime):
    """Date and time inputs, each with its own label for screen readers."""

    def __init__(self) -> None:
        super().__init__()
        for widget, label in zip(self.widgets, (_("Date"), _("Time")), strict=True):
            widget.attrs["aria-label"] = label


class ListsField(_ListsField):
    """A choice of lists, each with its number of recipients."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} ({obj.people_count})"


class CampaignForm(_ModelForm):
    """The campaign form. It refuses content that cannot be sent, with the error at its field."""

    message_data = ComposedField(label=_("What it is made of"), required=False)
    lists = ListsField(
        RecipientList.objects.all(),
        label=_("Lists"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each person gets one message, on however many of them they stand."),
    )
    scheduled_at = forms.SplitDateTimeField(required=False, widget=LabelledDateTime)

    class Meta:
        model = Campaign
        fields = ("name", *MESSAGE_FIELDS, *AUDIENCE_FIELDS, "budget")
        field_classes = {"text": TextField, "fallback_text": TextField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, kinds in _ONLY_FOR.items():
            if name in self.fields:
                self.fields[name].widget.attrs["data-smsbat-for"] = " ".join(kinds)
        if "account" in self.fields:
            self.fields["account"] = self._account_field()
        if "lists" in self.fields:
            self.fields["lists"].queryset = lists.with_counts()  # type: ignore[attr-defined]
        if "scheduled_at" in self.fields:
            zone = zone_name()
            self.fields["scheduled_at"].label = capfirst(_("scheduled for"))
            self.fields["scheduled_at"].help_text = _("In the time zone %(zone)s.") % {"zone": zone}
        if "message_data" in self.fields:
            chosen = self.data.get("type") if self.is_bound else self.initial.get("type")
            self._composer.type = chosen_type(chosen)
            self._composer.refusals = {}  # a copied widget shares its dict

    def _account_field(self) -> forms.ChoiceField:
        """Offer the accounts in the settings, plus the campaign's own account if it was removed."""
        names = dict.fromkeys([*registry.names(), self.initial.get("account", DEFAULT_ACCOUNT)])
        model_field = Campaign._meta.get_field("account")
        return forms.ChoiceField(
            choices=[(name, name) for name in names],
            label=capfirst(model_field.verbose_name),
            help_text=model_field.help_text,
        )

    @property
    def _composer(self) -> ComposerWidget:
        widget = self.fields["message_data"].widget
        assert isinstance(widget, ComposerWidget)  # noqa: S101 - narrows the type for mypy
        return widget

    def clean_scheduled_at(self) -> Any:
        moment = self.cleaned_data["scheduled_at"]
        if moment and "scheduled_at" in self.changed_data and moment <= timezone.now():
            raise forms.ValidationError(_("Give a time in the future, or none."))
        return moment

    def clean(self) -> Any:
        """Clear the fields that the chosen type does not use; their inputs were not visible."""
        kind = chosen_type(self.cleaned_data.get("type"))
        for name, kinds in _ONLY_FOR.items():
            if kind and kind not in kinds and name in self.cleaned_data:
                self.cleaned_data[name] = {"is_transactional": False, "message_data": {}}.get(
                    name, ""
                )
        self._keep_what_does_not_fit(kind)
        return self.cleaned_data

    def _keep_what_does_not_fit(self, kind: MessageType | None) -> None:
        """Keep content stored by code that the inputs cannot show, unless new content was typed."""
        stored = self.initial.get("message_data") or {}
        is_same = kind is not None and kind == self.initial.get("type")
        if (
            is_same
            and kind
            and not reading.fits(kind, stored)
            and not reading.is_typed(kind, self.data)
        ):
            self.cleaned_data["message_data"] = stored

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        if self.instance.pk and not lifecycle.lock_for_editing(self.instance):
            self.add_error(None, _("It was launched meanwhile and can no longer be changed."))
            return
        try:
            lifecycle.check(self.instance)
        except InvalidMessage as error:
            self._refuse(error)

    def _refuse(self, error: InvalidMessage) -> None:
        if error.field in self.fields and error.field != "message_data":
            self.add_error(error.field, translated(error.reason))
            return
        kind = MessageType(self.instance.type)
        self._composer.refusals[reading.path_of(kind, error.field)] = translated(error.reason)
        label = reading.label_of(kind, error.field)
        self.add_error("message_data", f"{label}: {translated(error.reason)}")
