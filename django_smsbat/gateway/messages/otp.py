"""One-time codes in Viber's own templates."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django_smsbat.gateway import otp_templates
from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.messages import rules
from django_smsbat.gateway.messages.base import MessageWithFallback, from_wire, to_wire
from django_smsbat.gateway.messages.rules import InvalidMessage

_OTP: Final = {
    "template_id": "templateId",
    "template_lang": "templateLang",
    "template_params": "templateParams",
}
_MINUTES: Final = re.compile(r"[0-9]{1,9}")


def _as_text(value: Any) -> Any:
    """Convert a number to text; return anything else unchanged, to be validated."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_number(value: Any) -> Any:
    """Convert digits to a number; return anything else unchanged, to be validated."""
    written = value.strip() if isinstance(value, str) else ""
    return int(written) if _MINUTES.fullmatch(written) else value


_READ_PARAM: Final[Mapping[type, Callable[[Any], Any]]] = {str: _as_text, int: _as_number}
_CHECK_PARAM: Final[Mapping[type, Callable[[str, Any], None]]] = {
    str: lambda field, value: rules.check_text(field, value, None),
    int: rules.check_whole,
}


@dataclass(frozen=True, kw_only=True, repr=False)
class ViberOtp(MessageWithFallback):
    """A one-time code in one of Viber's own templates.

    Args:
        template_id: the UUID or the slug of a template in `otp_templates`.
        template_lang: one of `otp_templates.LANGUAGES`. Any other two-letter code is also sent,
            with a warning in the log.
        template_params: exactly the template's parameters. Minutes are sent as a number and all
            others as text, whatever their type.
    """

    type = MessageType.VIBER_OTP

    template_id: str
    template_lang: str
    template_params: Mapping[str, str | int] = field(default_factory=dict)

    def check(self) -> None:
        template = otp_templates.find(self.template_id)
        if template is None:
            slugs = ", ".join(template.slug for template in otp_templates.TEMPLATES)
            raise InvalidMessage("template_id", f"no such template; there are {slugs}")
        object.__setattr__(self, "template_id", template.id)
        rules.require(
            otp_templates.takes_language(self.template_lang),
            "template_lang",
            f"must be a language of two letters, such as {', '.join(otp_templates.LANGUAGES)}",
        )
        self._check_params(template)

    def _check_params(self, template: otp_templates.OtpTemplate) -> None:
        rules.check_keys("template_params", self.template_params, template.params)
        params: dict[str, str | int] = {}
        for name in template.params:
            field_name = f"template_params.{name}"
            rules.require(name in self.template_params, field_name, "the template needs it")
            params[name] = _READ_PARAM[otp_templates.PARAMETERS[name]](self.template_params[name])
            _CHECK_PARAM[otp_templates.PARAMETERS[name]](field_name, params[name])
        object.__setattr__(self, "template_params", params)

    def data(self) -> dict[str, Any]:
        return to_wire(self, _OTP) | {"templateParams": dict(self.template_params)}

    @classmethod
    def fields_from_data(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        given = from_wire("message_data", data, _OTP)
        return {"template_id": "", "template_lang": "", **given}
