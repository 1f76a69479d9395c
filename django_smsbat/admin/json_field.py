"""A form field for JSON, limited to what databases store and SMSBAT accepts."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from django_smsbat.gateway.answers import parse_json, storable


class ObjectField(forms.JSONField):
    """A JSON object, empty for no input. Refuses huge numbers, NUL and deep nesting."""

    def to_python(self, value: Any) -> Any:
        try:
            if isinstance(value, str) and value.strip():
                parse_json(value.encode())
            parsed = super().to_python(value)
        except (ValueError, RecursionError):
            raise ValidationError(_("This is not valid JSON."), code="invalid") from None
        if parsed is None:
            return {}
        if not isinstance(parsed, dict):
            raise ValidationError(_('Give an object, such as {"city": "Kyiv"}.'))
        if storable(parsed) != parsed:
            raise ValidationError(_("It holds a character that cannot be stored."))
        return parsed
