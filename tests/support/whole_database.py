"""Searches every table for a person: the digits of a phone in any form, and parts of a name."""

import json
import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib.sessions.models import Session

from django_smsbat.gateway import phones


def cells() -> Iterator[tuple[str, str]]:
    """Yield each value of each row of each table, with the names of its model and field."""
    for model in apps.get_models(include_auto_created=True):
        for row in model._base_manager.values():
            for name, value in row.items():
                yield f"{model.__name__}.{name}", _text(value)
    for session in Session.objects.all():
        yield "Session", json.dumps(session.get_decoded(), ensure_ascii=False, default=str)


def _text(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", errors="replace")
    return json.dumps(value, ensure_ascii=False, default=str)


def places_of(phone: str, *words: str) -> set[str]:
    """Return where a phone's national digits, or one of the texts, occur."""
    national = phones.national(phone)
    found = set()
    for place, text in cells():
        digits = re.sub(r"\D", "", phones.plain_digits(text))
        if national in digits or any(word.casefold() in text.casefold() for word in words):
            found.add(place)
    return found
