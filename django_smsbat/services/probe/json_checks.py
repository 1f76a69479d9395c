"""Checks shared by several stages of a probe: content type, JSON, keys, order of statuses."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from django_smsbat.gateway.statuses import Status, latest_status
from django_smsbat.services.probe.exchanges import Answer, walk
from django_smsbat.services.probe.redaction import Redactor, describe

Seen = Sequence[str] | None

JSON_TYPE: Final = "application/json"
ERROR_KEYS: Final = frozenset(("status", "error", "error.code", "error.message", "message", "code"))
NO_ANSWER: Final = "no answer"
_KEYS_MAX: Final = 30  # lines of a report
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


def content_type(answer: Answer, redactor: Redactor) -> Seen:
    shown = redactor.content_type(answer.exchange.headers.get("content-type", ""))
    return [] if shown == JSON_TYPE else [shown]


def json_object(answer: Answer) -> Seen:
    if isinstance(answer.json, dict):
        return []
    if answer.json is None:
        return [f"{len(answer.exchange.body)} bytes that are not JSON"]
    return [describe(answer.json)]


def http_status(answer: Answer, redactor: Redactor) -> Seen:
    return [] if answer.status == 200 else [status_with_code(answer, redactor)]


def status_with_code(answer: Answer, redactor: Redactor) -> str:
    """Return the HTTP status, and the error code if the body contains it."""
    code = error_code(answer.object)
    if answer.status is None:
        return f"{NO_ANSWER}: {answer.exchange.failure}"
    return f"HTTP {answer.status}" + (f", code {redactor.word(code)}" if code is not None else "")


def error_code(body: Mapping[str, Any]) -> Any:
    """Return the error code in any of the documented shapes, None if there is none."""
    nested = body.get("error")
    return nested.get("code") if isinstance(nested, dict) else body.get("code")


def unknown_keys(body: Any, known: Collection[str], redactor: Redactor) -> list[str]:
    """Return the paths of undocumented keys, with the JSON types of their values.

    Keys inside an unknown key are not listed.
    """
    found: dict[str, None] = {}
    reported: list[tuple[str, ...]] = []
    for path, value in walk(body):
        if ".".join(path).replace(".[]", "[]") in known:
            continue
        if any(path[: len(one)] == one for one in reported):
            continue
        reported.append(path)
        found[f"{redactor.path(path)}: {describe(value)}"] = None
    return list(found)[:_KEYS_MAX]


def is_number(value: Any) -> bool:
    """Return whether this is a JSON number of 0 or more."""
    is_kind = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return is_kind and value >= 0


def number(value: Any, redactor: Redactor) -> Seen:
    return [] if is_number(value) else [describe(value)]


def forward_only(known: Sequence[Status]) -> Seen:
    """Check that each status may follow the previous status in this project's order."""
    if len(known) < 2:
        return None if not known else []
    return [f"{new} after {old}" for old, new in pairwise(known) if not _is_forward(old, new)]


def _is_forward(old: Status, new: Status) -> bool:
    decided = latest_status([(old, _EPOCH), (new, _EPOCH + timedelta(seconds=1))])
    return decided is not None and decided[0] is new
