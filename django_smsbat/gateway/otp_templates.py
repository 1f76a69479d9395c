"""The nine Viber OTP templates that SMSBAT offers, their parameters and languages.

Source: SMSBAT's help page on Viber OTP. Viber owns the texts; they are not documented.
"""

import logging
import re
from dataclasses import dataclass
from functools import cache
from typing import Final

logger = logging.getLogger("django_smsbat")

# The languages that SMSBAT documents. Another Viber partner lists more.
LANGUAGES: Final = (
    "uk",
    "en",
    "ru",
    "pl",
    "ro",
    "es",
    "de",
    "fr",
    "it",
    "pt",
    "nl",
    "tr",
    "ar",
    "he",
    "hi",
    "zh",
    "ja",
    "ko",
    "vi",
)

# The types of the parameters. Minutes are sent as a number, everything else as text.
PARAMETERS: Final[dict[str, type[str] | type[int]]] = {
    "pin": str,
    "pin_type": str,
    "code_validity_time": int,
    "business_platform_name": str,
    "business_platform_action_name": str,
    "code_reason": str,
}


@dataclass(frozen=True)
class OtpTemplate:
    id: str
    slug: str
    params: tuple[str, ...]


_ROWS: Final = (
    ("0aac888f-2ee2-4112-9659-1755a951966a", "basic", "pin"),
    ("c2cdc028-a48b-4187-bbaf-3aaa137b6e23", "basic_5_minutes", "pin"),
    ("c33cccaf-735f-4d62-8383-a76bf4999e2d", "business_name", "pin business_platform_name"),
    ("bed0942f-e07e-4879-834b-29cc4cf3ec35", "validity_time", "pin code_validity_time"),
    (
        "60d67b38-b9fb-444a-80e6-754447e010c6",
        "pin_type_validity_time",
        "pin pin_type code_validity_time",
    ),
    (
        "6c929cef-29b4-4349-bc9d-2a07bdbb6e43",
        "business_name_validity_time",
        "pin business_platform_name code_validity_time",
    ),
    ("82ba31a3-db42-4e87-82e8-33fa92b9e5ed", "pin_type", "pin pin_type"),
    (
        "210ee8a9-1ed5-43cd-96e4-65bba311ab40",
        "action_name",
        "pin business_platform_action_name",
    ),
    (
        "be56d97b-2a33-4c89-ac5f-f555a2c827d9",
        "business_name_code_reason",
        "pin business_platform_name code_reason",
    ),
)

TEMPLATES: Final = tuple(
    OtpTemplate(key, slug, tuple(params.split())) for key, slug, params in _ROWS
)
_BY_NAME: Final = {
    name: template for template in TEMPLATES for name in (template.id, template.slug)
}


_LANGUAGE: Final = re.compile(r"[a-z]{2}")


def takes_language(code: str) -> bool:
    """Whether a template may be requested in that language.

    Any two-letter code is allowed. A code that SMSBAT does not document is logged as a warning,
    once per process: Viber may support it, and SMSBAT's response reports it if not.
    """
    if code in LANGUAGES:
        return True
    if not _LANGUAGE.fullmatch(code):
        return False
    _warn_of_language(code)
    return True


@cache
def _warn_of_language(code: str) -> None:
    logger.warning("SMSBAT names no Viber template for codes in the language %r", code)


def find(id_or_slug: str) -> OtpTemplate | None:
    """Return the template with that UUID or slug, or None."""
    return _BY_NAME.get(id_or_slug)
