"""Columns of our own kind: phone numbers in E.164, and JSON as it came from the wire."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from django_smsbat import conf
from django_smsbat.gateway import phones

if TYPE_CHECKING:
    _PhoneBase = models.CharField[str, str]
else:
    _PhoneBase = models.CharField


class PhoneField(_PhoneBase):
    """A phone number, kept in E.164 whichever way it was written.

    National numbers are read as those of `DEFAULT_REGION`. A number that is none is refused with
    `ValidationError`: by forms, by `save` and by `bulk_create` alike.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 20)
        super().__init__(*args, **kwargs)

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return _normalised(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        """Looking for what is no number finds nothing; it is no error."""
        return None if value is None else str(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self.to_python(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value


def _normalised(value: str) -> str:
    try:
        return phones.normalise(value, conf.current().default_region)
    except phones.InvalidPhone as error:
        raise ValidationError(str(error), code="invalid_phone") from None


class WireJSONEncoder(DjangoJSONEncoder):
    """Writes a decimal as a number, as it was on the wire; exact sums have columns of their own."""

    def default(self, o: Any) -> Any:
        return float(o) if isinstance(o, Decimal) else super().default(o)
