"""The forms for the phone and for the code. The services validate the values."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from django_smsbat.models import Channel

_PHONE_MAX: Final = 32  # characters, including separators between the digits
_CODE_MAX: Final = 32


_WAYS: Final = {
    Channel.VIBER_OTP: _("Viber, or SMS where that fails"),
    Channel.SMS: _("SMS"),
    Channel.FLASH_CALL: _("A call: do not answer, its last digits are the code"),
}


class StartForm(forms.Form):
    """The form for the phone and the channel.

    Args:
        channels: the channels to choose from; a single one is not shown.
    """

    phone = forms.CharField(
        label=_("Phone"),
        max_length=_PHONE_MAX,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    channel = forms.ChoiceField(label=_("How to get the code"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, channels: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(name, _WAYS[Channel(name)]) for name in channels]
        field = self.fields["channel"]
        field.choices = choices  # type: ignore[attr-defined]
        field.initial = choices[0][0]
        if len(choices) == 1:
            field.widget = forms.HiddenInput()


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=_CODE_MAX,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )
