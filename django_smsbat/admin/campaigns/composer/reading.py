"""Converts between the inputs of a type and the arguments of its message class.

An input is named by its path: ``viber_carousel-items-0-primary_button-url``.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from django_smsbat.admin.campaigns.composer.schema import SCHEMA, Group, Input, Node, Rows
from django_smsbat.admin.parsing import number
from django_smsbat.gateway import otp_templates
from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.messages import CLASSES, InvalidMessage

Typed = Mapping[str, Any]
# The other fields that a gateway error may name.
WORDS: Final = {
    "text": _("text"),
    "sender": _("sender"),
    "ttl": _("time to live"),
    "fallback_text": _("SMS fallback"),
}


def data_from(kind: MessageType, typed: Typed) -> dict[str, Any]:
    """Return `messageData` for the typed values, in wire format, without validation."""
    values = _values(SCHEMA[kind], typed, kind.value)
    template = otp_templates.find(str(values.get("template_id", "")))
    if template:  # the inputs that the template does not use were not visible
        params = values["template_params"]
        values["template_params"] = {n: params[n] for n in template.params if n in params}
    return CLASSES[kind].data_of(**values)


def values_of(kind: MessageType, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of all inputs by path.

    Raises:
        InvalidMessage: if the data do not have the shape of that type.
    """
    arguments = CLASSES[kind].fields_from_data(data)
    values: dict[str, Any] = {}
    for node in SCHEMA[kind]:
        _spread(node, arguments.get(node.name), kind.value, values)
    return values


def fits(kind: MessageType, data: Any) -> bool:
    """Return whether the inputs of that type can show all of the data."""
    try:
        shown = values_of(kind, data)
        return len(shown) <= _INPUTS_MAX
    except (InvalidMessage, TypeError, AttributeError, ValueError):  # code may store anything
        return False


def is_typed(kind: MessageType, typed: Typed) -> bool:
    """Return whether any input of that type has a value."""
    return any(_is_typed(node, typed, join(kind.value, node.name)) for node in SCHEMA[kind])


def path_of(kind: MessageType, field: str) -> str:
    """Return the input that a gateway error names, such as ``items[1].title``."""
    steps = re.sub(r"\.action\b", "", field).replace("[", ".").replace("]", "")
    return join(kind.value, *steps.split("."))


def label_of(kind: MessageType, field: str) -> str:
    """Return the label of the input that a gateway error names."""
    first = re.split(r"[.\[]", field)[0]
    labels = {node.name: node.label for node in SCHEMA[kind]}
    return str(labels.get(first) or WORDS.get(first) or field)


def join(*steps: str) -> str:
    return "-".join(step for step in steps if step)


def _values(nodes: Sequence[Node], typed: Typed, path: str) -> dict[str, Any]:
    return {node.name: _value(node, typed, join(path, node.name)) for node in nodes}


def _value(node: Node, typed: Typed, path: str) -> Any:
    if isinstance(node, Rows):
        rows = (_group(node.row, typed, join(path, str(place))) for place in places(typed, path))
        return [row for row in rows if row is not None]
    if isinstance(node, Group):
        return node.make(_values(node.nodes, typed, path))
    text = str(typed.get(path, "")).strip()
    if node.kind == "number":
        typed_number = number(text, _DIGITS_MAX)
        return text or _nothing(path) if typed_number is None else typed_number
    return text


def _nothing(path: str) -> Any:
    """Return None for an empty number, but "" for a template parameter, where the two differ."""
    return "" if "-template_params-" in path else None


_DIGITS_MAX: Final = 11
_INPUTS_MAX: Final = 900  # Django accepts at most 1,000 fields in a form


def _group(row: Group, typed: Typed, path: str) -> Any:
    """Return a row's argument, or None if the row is empty."""
    if not any(_is_typed(node, typed, join(path, node.name)) for node in row.nodes):
        return None
    return row.make(_values(row.nodes, typed, path))


def _is_typed(node: Node, typed: Typed, path: str) -> bool:
    if isinstance(node, Rows):
        return any(
            _is_typed(node.row, typed, join(path, str(place))) for place in places(typed, path)
        )
    if isinstance(node, Group):
        return any(_is_typed(child, typed, join(path, child.name)) for child in node.nodes)
    return node.kind != "select" and bool(str(typed.get(path, "")).strip())


def places(typed: Typed, path: str) -> list[int]:
    """Return the indexes of the posted rows, in posted order."""
    begin = f"{path}-"
    indexes = (name[len(begin) :].partition("-")[0] for name in typed if name.startswith(begin))
    # Browsers post rows in the order on the page, whatever their indexes.
    numbers = (number(place, _DIGITS_MAX) for place in indexes)
    return list(dict.fromkeys(place for place in numbers if place is not None))


def _spread(node: Node, value: Any, path: str, values: dict[str, Any]) -> None:
    own = join(path, node.name)
    if isinstance(node, Input):
        values[own] = "" if value is None else value
    elif value is None:
        return
    elif isinstance(node, Rows):
        for place, row in enumerate(value):
            _spread_all(node.row, row, join(own, str(place)), values)
    else:
        _spread_all(node, value, own, values)


def _spread_all(group: Group, argument: Any, path: str, result: dict[str, Any]) -> None:
    values = group.read(argument)
    for node in group.nodes:
        _spread(node, values.get(node.name), path, result)
