"""Model fields: phone numbers in E.164, and JSON as received from SMSBAT."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy
from phonenumbers import PhoneNumber

from django_smsbat import conf
from django_smsbat.gateway import phones

if TYPE_CHECKING:
    _PhoneBase = models.CharField[str, str]
else:
    _PhoneBase = models.CharField


_WRITTEN_MAX: Final = 64  # characters


def validate_mobile(value: str) -> None:
    """Refuse numbers that cannot receive messages."""
    try:
        phones.normalise(value, conf.current().default_region, mobile=True)
    except phones.InvalidPhone as error:
        raise _as_validation_error(error) from None


class PhoneField(_PhoneBase):
    """A phone number, stored in E.164 whatever its input format.

    National numbers belong to `DEFAULT_REGION`. Forms, `save` and `bulk_create` raise
    `ValidationError` for a text that is not a phone number. Forms and `full_clean` also refuse
    landlines; `save` accepts those that are already stored.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 20)
        super().__init__(*args, **kwargs)

    default_validators = [validate_mobile]

    def formfield(self, **kwargs: Any) -> Any:
        """Accept input longer than a number: a label, spaces, or two numbers (to be refused)."""
        return super().formfield(**{"max_length": _WRITTEN_MAX, **kwargs})

    def to_python(self, value: Any) -> Any:
        if isinstance(value, PhoneNumber):
            return _normalised(value)
        value = super().to_python(value)
        return _normalised(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        """A lookup by a text that is not a phone number matches no row and raises no error."""
        return None if value is None else str(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = self.to_python(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value


def _normalised(value: str | PhoneNumber) -> str:
    try:
        return phones.normalise(value, conf.current().default_region)
    except phones.InvalidPhone as error:
        raise _as_validation_error(error) from None


def _as_validation_error(error: phones.InvalidPhone) -> ValidationError:
    return ValidationError(gettext_lazy(error.sentence), error.problem.value, error.params)


class WireJSONEncoder(DjangoJSONEncoder):
    """Encodes a decimal as a number, as received; exact sums have columns of their own."""

    def default(self, o: Any) -> Any:
        return float(o) if isinstance(o, Decimal) else super().default(o)
