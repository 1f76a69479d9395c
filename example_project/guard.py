"""Two guards against programs that request codes; neither needs a network service.

`honeypot` is the `VERIFY_GUARD` of the example's settings, for the pages and the API; the example's
own ``start.html`` has its field. `StartWithSum` also requires the answer to a sum. A real site
calls a CAPTCHA service in the same places.
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
    """Refuse a request that fills in a field hidden from people."""
    if data.get("website"):
        raise ValidationError("This request looks automated.")


class SumForm(StartForm):
    sum = forms.CharField(max_length=4, widget=forms.TextInput(attrs={"inputmode": "numeric"}))


class StartWithSum(StartView):
    """The start page with a sum; the answer is stored in the session and valid once."""

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
