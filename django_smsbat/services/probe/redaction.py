"""Redact SMSBAT's answers for a report, which may not quote values from our own requests.

The rule is an allowlist: status words, error codes and short numbers. Other values are shown as
their JSON type and length.
"""

import base64
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from django_smsbat.gateway import statuses

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z _-]{0,39}")
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")
_CONTENT_TYPE: Final = re.compile(r"[a-z]{1,20}/[a-z.+-]{1,40}")
_SHORT_NUMBER: Final = re.compile(r"[0-9]{1,5}")
_FOUR_DIGITS: Final = re.compile(r"[0-9]{4}")
_OVERLAP_MIN: Final = 4  # characters; a shorter part of a secret reveals nothing


class Redactor:
    """Redacts values that a report may not quote.

    Args:
        secrets: values that must never be quoted: credentials, phones, texts, codes.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = frozenset(one.casefold() for one in secrets if one)

    def __repr__(self) -> str:
        return f"Redactor({len(self._secrets)} secrets)"

    def word(self, value: Any) -> str:
        """Return a status word, an error code or a short number unchanged, else type and length."""
        if isinstance(value, int) and not isinstance(value, bool):
            text = str(value)
            return text if self._is_allowed(_SHORT_NUMBER, text) else describe(value)
        if not isinstance(value, str):
            return describe(value)
        if statuses.from_wire(value) is not None and _WORD.fullmatch(value):
            return f'"{value}"'
        is_allowed = self._is_allowed(_WORD, value) or self._is_allowed(_SHORT_NUMBER, value)
        return f'"{value}"' if is_allowed else describe(value)

    def key(self, name: str) -> str:
        """Return the name of a JSON key, if it is allowed."""
        if self._is_allowed(_KEY, name) and not _FOUR_DIGITS.search(name):
            return name
        return f"<key of {len(name)} characters>"

    def content_type(self, header: str) -> str:
        """Return the media type without its parameters."""
        kind = header.partition(";")[0].strip().lower()
        if not kind:
            return "none"
        return kind if self._is_allowed(_CONTENT_TYPE, kind) else describe(header)

    def path(self, segments: Iterable[str]) -> str:
        """Return a JSON path: dots between keys, ``[]`` for the items of a list."""
        shown = (one if one in ("[]", "*") else self.key(one) for one in segments)
        return ".".join(shown).replace(".[]", "[]")

    def _is_allowed(self, form: re.Pattern[str], text: str) -> bool:
        return form.fullmatch(text) is not None and not self._overlaps(text.casefold())

    def _overlaps(self, text: str) -> bool:
        if text in self._secrets:
            return True
        longer = (one for one in self._secrets if len(one) >= _OVERLAP_MIN)
        return any(one in text or (len(text) >= _OVERLAP_MIN and text in one) for one in longer)


def describe(value: Any) -> str:
    """Return the JSON type and the length of a value, without its content."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | Decimal | float):
        return "whole number" if isinstance(value, int) else "decimal number"
    if isinstance(value, str):
        return f"text of {len(value)} characters"
    if isinstance(value, list):
        return f"list of {len(value)}"
    return f"object of {len(value)} keys"


def basic_tokens(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Return logins and passwords in the encoding of the `Authorization` header."""
    return [base64.b64encode(f"{login}:{secret}".encode()).decode() for login, secret in pairs]
