"""Two ways to keep programs from asking for codes, which need no service on the network.

`honeypot` is the `VERIFY_GUARD` of the example's settings, for the pages and the API; the example's
own ``start.html`` has its field. `StartWithSum` asks for a sum besides. A real site asks a CAPTCHA
service in the same places.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from django_smsbat.verification.forms import StartForm
from django_smsbat.verification.views import StartView

_SUM = "example_sum"


def honeypot(request: Any, data: Mapping[str, Any]) -> None:
    """Refuse whoever fills in a field that people do not see."""
    if data.get("website"):
        raise ValidationError("This request looks automated.")


class SumForm(StartForm):
    sum = forms.CharField(max_length=4, widget=forms.TextInput(attrs={"inputmode": "numeric"}))


class StartWithSum(StartView):
    """The first page with a sum; the right one is in the session, and good once."""

    form_class = SumForm

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        if self.request.method != "POST":
            self._ask(form)
        return form

    def may_start(self, request: Any, data: Mapping[str, Any]) -> None:
        super().may_start(request, data)
        expected = request.session.pop(_SUM, None)
        if expected is None or str(data.get("sum", "")).strip() != str(expected):
            raise ValidationError({"sum": "This is not the sum."})

    def form_invalid(self, form: Any) -> Any:
        self._ask(form)
        return super().form_invalid(form)

    def _ask(self, form: Any) -> None:
        first, second = 1 + secrets.randbelow(9), 1 + secrets.randbelow(9)
        self.request.session[_SUM] = first + second
        form.fields["sum"].label = f"{first} + {second} ="
