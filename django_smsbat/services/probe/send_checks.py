"""Checks of the answer to a send request. Each returns the differences from the assumption."""

import re
from typing import Any, Final

from django_smsbat.gateway.dialects import Dialect
from django_smsbat.gateway.message_types import TYPES, MessageType
from django_smsbat.gateway.statuses import Status, from_submit_answer
from django_smsbat.services.probe import json_checks
from django_smsbat.services.probe.evidence import MessageEvidence
from django_smsbat.services.probe.json_checks import Seen
from django_smsbat.services.probe.redaction import describe

_ID_MAX: Final = 64
_PATTERN: Final = re.compile(r"\*+([0-9]+)")
_WORDS: Final = frozenset((Status.ACCEPTED, Status.REJECTED, Status.FAILED))
_RESULT_KEYS: Final = (
    *("messageId", "status", "parts", "customerMessageId", "to", "recipient"),
    *("callerId", "pattern", "ttl"),
    *json_checks.ERROR_KEYS,
)
KEYS: Final = frozenset(
    ("messagelistId", "messages", *(f"messages[].{name}" for name in _RESULT_KEYS))
)


def request(evidence: MessageEvidence) -> Seen:
    if evidence.answer is not None:
        failure = evidence.answer.exchange.failure
        return [f"no answer: {failure}"] if failure else []
    if evidence.row is None:
        return None
    reason = evidence.redactor.word(evidence.row.error_code or "none")
    return [f"no request was made; the message was {evidence.row.status}, reason {reason}"]


def http_status(evidence: MessageEvidence) -> Seen:
    if evidence.answer is None or evidence.answer.status is None:
        return None
    return json_checks.http_status(evidence.answer, evidence.redactor)


def content_type(evidence: MessageEvidence) -> Seen:
    if evidence.answer is None or evidence.answer.status is None:
        return None
    return json_checks.content_type(evidence.answer, evidence.redactor)


def json_object(evidence: MessageEvidence) -> Seen:
    if evidence.answer is None or evidence.answer.status is None:
        return None
    return json_checks.json_object(evidence.answer)


def messagelist_id(evidence: MessageEvidence) -> Seen:
    """Check `messagelistId`, which the API overview does not show."""
    if evidence.result is None or evidence.answer is None:
        return None
    value = evidence.answer.object.get("messagelistId")
    if value is None:
        return ["missing"] if evidence.dialect is Dialect.MESSAGELIST else None
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return [] if is_whole else [describe(value)]


def one_result(evidence: MessageEvidence) -> Seen:
    answer = evidence.answer
    if answer is None or not answer.is_success or not answer.object:
        return None
    items = answer.object.get("messages")
    if not isinstance(items, list):
        return [describe(items)]
    count = len(evidence.results)
    return [] if len(items) == count == 1 else [f"{len(items)} items, {count} of them objects"]


def customer_message_id(evidence: MessageEvidence) -> Seen:
    """Check `customerMessageId`, which the API overview does not show in an answer."""
    result, row = evidence.result, evidence.row
    if result is None or row is None:
        return None
    value = result.get("customerMessageId")
    if value is None:
        return ["missing"] if evidence.dialect is Dialect.MESSAGELIST else None
    return [] if value == row.customer_message_id else [f"another value: {describe(value)}"]


def message_id(evidence: MessageEvidence) -> Seen:
    if evidence.result is None:
        return None
    value = evidence.result.get("messageId")
    fits = isinstance(value, str) and 0 < len(value) <= _ID_MAX
    return [] if fits else [_missing_or_described(evidence, "messageId")]


def status_word(evidence: MessageEvidence) -> Seen:
    if evidence.result is None:
        return None
    value = evidence.result.get("status")
    is_known = isinstance(value, str) and from_submit_answer(value) in _WORDS
    return [] if is_known else [evidence.redactor.word(value)]


def accepted(evidence: MessageEvidence) -> Seen:
    answer = evidence.answer
    if answer is None or answer.status is None:
        return None
    if evidence.result is None:
        return [json_checks.status_with_code(answer, evidence.redactor)]
    value = evidence.result.get("status")
    if isinstance(value, str) and from_submit_answer(value) is Status.ACCEPTED:
        return []
    code = json_checks.error_code(evidence.result)
    shown = f", code {evidence.redactor.word(code)}" if code is not None else ""
    return [evidence.redactor.word(value) + shown]


def parts(evidence: MessageEvidence) -> Seen:
    """Check the parts, which the API overview does not show. Refused messages have none."""
    if evidence.result is None or accepted(evidence):
        return None
    if "parts" not in evidence.result and not _has_parts(evidence):
        return None
    value = evidence.result.get("parts")
    if type(value) is int and value == evidence.planned.parts:
        return []
    shown = evidence.redactor.word(value) if isinstance(value, int) else describe(value)
    return [f"{shown}, we count {evidence.planned.parts}"]


def _has_parts(evidence: MessageEvidence) -> bool:
    is_call = evidence.planned.type is MessageType.FLASH_CALL
    return evidence.dialect is Dialect.MESSAGELIST and not is_call


def phone(evidence: MessageEvidence) -> Seen:
    if evidence.result is None:
        return None
    given = evidence.planned.message.phone
    value = evidence.result.get("to", evidence.result.get("recipient"))
    if value is None:
        return ["missing"]
    is_same = isinstance(value, str) and value in (given, given.lstrip("+"))
    return [] if is_same else [f"another form: {describe(value)}"]


def keys(evidence: MessageEvidence) -> Seen:
    answer = evidence.answer
    if answer is None or not isinstance(answer.json, dict):
        return None
    known = KEYS if answer.is_success else json_checks.ERROR_KEYS
    return json_checks.unknown_keys(answer.json, known, evidence.redactor)


def caller_id(evidence: MessageEvidence) -> Seen:
    value = _flash_value(evidence, "callerId")
    if value is None:
        return None
    asked = str(evidence.planned.message.content().message_data.get("callerId"))
    if isinstance(value, str) and value.lstrip("+") == asked.lstrip("+"):
        return []
    return [_missing_or_described(evidence, "callerId")]


def pattern(evidence: MessageEvidence) -> Seen:
    value = _flash_value(evidence, "pattern")
    if value is None:
        return None
    found = _PATTERN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return [_missing_or_described(evidence, "pattern")]
    caller = str((evidence.result or {}).get("callerId", ""))
    return [] if caller.endswith(found[1]) else ["digits that do not end callerId"]


def ttl(evidence: MessageEvidence) -> Seen:
    value = _flash_value(evidence, "ttl")
    if value is None:
        return None
    most = TYPES[MessageType.FLASH_CALL].ttl_max or 0
    fits = type(value) is int and 0 < value <= most
    return [] if fits else [_missing_or_described(evidence, "ttl")]


_ABSENT: Final = object()


def _flash_value(evidence: MessageEvidence, name: str) -> Any:
    """Return the value of a key in the answer; None if there is no accepted flash call.

    The API overview does not show these keys in an answer.
    """
    is_call = evidence.planned.type is MessageType.FLASH_CALL
    if evidence.result is None or not is_call or accepted(evidence):
        return None
    value = evidence.result.get(name)
    if value is None:
        return _ABSENT if evidence.dialect is Dialect.MESSAGELIST else None
    return value


def _missing_or_described(evidence: MessageEvidence, name: str) -> str:
    result = evidence.result or {}
    return describe(result[name]) if name in result else "missing"
