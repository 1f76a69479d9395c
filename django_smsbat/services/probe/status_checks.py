"""Checks of the answers to status requests. Each examines all answers for a message."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import wraps
from typing import Any, Final

from django_smsbat.gateway import statuses
from django_smsbat.services.probe import json_checks
from django_smsbat.services.probe.evidence import MessageEvidence, Poll
from django_smsbat.services.probe.json_checks import Seen
from django_smsbat.services.probe.redaction import describe

MONEY_KEYS: Final = ("cost", "rate", "rateAmount", "rateCurrency", "billAmount", "billCurrency")
REPORT_KEYS: Final = frozenset(
    (
        *("messagelistId", "messageId", "deliverystatus", "partscount", *MONEY_KEYS),
        *("fallbacks", "fallbacks[].type", "fallbacks[].status", "extendedStatuses"),
    )
)
CHANNELS: Final = ("viber", "sms", "rcs", "flashcall", "email")
KEYS: Final = REPORT_KEYS | {f"extendedStatuses.{channel}" for channel in CHANNELS}
_NOT_USED: Final = "notused"
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_TOLERANCE: Final = Decimal("0.0001")
_AMOUNTS: Final = (("rateAmount", "rateCurrency"), ("billAmount", "billCurrency"))

_PollCheck = Callable[[MessageEvidence, Poll], Seen]


def _of_every_poll(check: _PollCheck) -> Callable[[MessageEvidence], Seen]:
    """Apply a check to all answers and report each difference once."""

    @wraps(check)
    def checked(evidence: MessageEvidence) -> Seen:
        outcomes = [check(evidence, poll) for poll in evidence.polls]
        judged = [outcome for outcome in outcomes if outcome is not None]
        if not judged:
            return None
        return list(dict.fromkeys(line for outcome in judged for line in outcome))

    return checked


def _of_every_report(check: _PollCheck) -> Callable[[MessageEvidence], Seen]:
    """Apply a check to all reports: successful answers with a JSON object."""

    def only_reports(evidence: MessageEvidence, poll: Poll) -> Seen:
        is_report = poll.answer.is_success and bool(poll.answer.object)
        return check(evidence, poll) if is_report else None

    return _of_every_poll(only_reports)


@_of_every_poll
def http_status(evidence: MessageEvidence, poll: Poll) -> Seen:
    return json_checks.http_status(poll.answer, evidence.redactor)


@_of_every_poll
def content_type(evidence: MessageEvidence, poll: Poll) -> Seen:
    if poll.answer.status is None:
        return None
    return json_checks.content_type(poll.answer, evidence.redactor)


@_of_every_poll
def json_object(evidence: MessageEvidence, poll: Poll) -> Seen:
    return None if poll.answer.status is None else json_checks.json_object(poll.answer)


@_of_every_report
def ids(evidence: MessageEvidence, poll: Poll) -> Seen:
    body = poll.answer.object
    sent = evidence.answer.object if evidence.answer else {}
    asked = poll.answer.exchange.message_id
    wrong = [] if body.get("messageId") == asked else [_instead(body, "messageId")]
    if "messagelistId" in sent and body.get("messagelistId") != sent["messagelistId"]:
        wrong.append(_instead(body, "messagelistId"))
    return wrong


def _instead(body: Mapping[str, Any], name: str) -> str:
    return f"{name} is another: {describe(body[name])}" if name in body else f"{name} is missing"


@_of_every_report
def word(evidence: MessageEvidence, poll: Poll) -> Seen:
    return [] if poll.known_status is not None else [evidence.redactor.word(poll.raw_status)]


@_of_every_report
def partscount(evidence: MessageEvidence, poll: Poll) -> Seen:
    body = poll.answer.object
    if "partscount" not in body:
        return ["missing in a final answer"] if poll.is_final else None
    return [] if type(body["partscount"]) is int else [describe(body["partscount"])]


@_of_every_report
def parts_agree(evidence: MessageEvidence, poll: Poll) -> Seen:
    count = poll.answer.object.get("partscount")
    if type(count) is not int or not poll.is_final or _fell_back(evidence, poll):
        return None
    expected = evidence.planned.parts
    return [] if count == expected else [f"{evidence.redactor.word(count)}, we count {expected}"]


def _fell_back(evidence: MessageEvidence, poll: Poll) -> bool:
    body = poll.answer.object
    used = body.get("extendedStatuses")
    sms = used.get("sms", "not_used") if isinstance(used, dict) else "not_used"
    is_used = isinstance(sms, str) and _letters(sms) != _NOT_USED
    return bool(body.get("fallbacks")) or (evidence.label != "sms" and is_used)


@_of_every_report
def cost(evidence: MessageEvidence, poll: Poll) -> Seen:
    body = poll.answer.object
    if "cost" not in body:
        return ["missing in a final answer"] if poll.is_final else None
    return json_checks.number(body["cost"], evidence.redactor)


@_of_every_report
def currency(evidence: MessageEvidence, poll: Poll) -> Seen:
    body = poll.answer.object
    named = [pair for pair in _AMOUNTS if pair[0] in body or pair[1] in body]
    if not named:
        return None
    return [line for pair in named for line in _wrong_amount(body, *pair)]


def _wrong_amount(body: Mapping[str, Any], amount: str, unit: str) -> list[str]:
    wrong = []
    if not json_checks.is_number(body.get(amount)):
        wrong.append(f"{amount} is {_shape(body, amount)}")
    if not (isinstance(body.get(unit), str) and _CURRENCY.fullmatch(body[unit])):
        wrong.append(f"{unit} is {_shape(body, unit)}")
    return wrong


def _shape(body: Mapping[str, Any], name: str) -> str:
    return describe(body[name]) if name in body else "missing"


@_of_every_report
def fallbacks(evidence: MessageEvidence, poll: Poll) -> Seen:
    if "fallbacks" not in poll.answer.object:
        return None
    value = poll.answer.object["fallbacks"]
    if not isinstance(value, list):
        return [describe(value)]
    return [line for item in value for line in _wrong_fallback(evidence, item)]


def _wrong_fallback(evidence: MessageEvidence, item: Any) -> list[str]:
    if not isinstance(item, dict):
        return [f"an item is {describe(item)}"]
    wrong = [] if item.get("type") in CHANNELS else [f"type is {_quoted(evidence, item, 'type')}"]
    if not _is_known(item.get("status")):
        wrong.append(f"status is {_quoted(evidence, item, 'status')}")
    return wrong


def _quoted(evidence: MessageEvidence, item: Mapping[str, Any], name: str) -> str:
    return evidence.redactor.word(item[name]) if name in item else "missing"


@_of_every_report
def extended_statuses(evidence: MessageEvidence, poll: Poll) -> Seen:
    if "extendedStatuses" not in poll.answer.object:
        return None
    value = poll.answer.object["extendedStatuses"]
    if not isinstance(value, dict):
        return [describe(value)]
    return [
        f"{evidence.redactor.key(channel)} is {evidence.redactor.word(raw)}"
        for channel, raw in value.items()
        if channel not in CHANNELS or not _is_known(raw)
    ]


def _is_known(raw: Any) -> bool:
    if not isinstance(raw, str):
        return False
    return statuses.from_wire(raw) is not None or _letters(raw) == _NOT_USED


def _letters(raw: str) -> str:
    return re.sub(r"[^a-z]", "", raw.lower())


@_of_every_report
def money_agrees(evidence: MessageEvidence, poll: Poll) -> Seen:
    """Check that amounts agree. The amounts are contract terms, so they are not shown."""
    body = poll.answer.object
    money = {name: Decimal(str(body[name])) for name in MONEY_KEYS if _is_amount(body, name)}
    parts = body.get("partscount")
    compared = []
    if {"rate", "rateAmount"} <= money.keys() and type(parts) is int:
        compared.append(("rateAmount", "rate times partscount", money["rate"] * parts))
    if {"rateAmount", "billAmount"} <= money.keys() and _has_one_currency(body):
        compared.append(("billAmount", "rateAmount", money["rateAmount"]))
    if {"cost", "billAmount"} <= money.keys():
        compared.append(("cost", "billAmount", money["billAmount"]))
    if not compared:
        return None
    return [
        f"{name} is not {other}"
        for name, other, amount in compared
        if abs(money[name] - amount) > _TOLERANCE
    ]


def _is_amount(body: Mapping[str, Any], name: str) -> bool:
    return not name.endswith("Currency") and json_checks.is_number(body.get(name))


def _has_one_currency(body: Mapping[str, Any]) -> bool:
    return bool(body.get("rateCurrency") == body.get("billCurrency"))


@_of_every_report
def keys(evidence: MessageEvidence, poll: Poll) -> Seen:
    return json_checks.unknown_keys(poll.answer.object, KEYS, evidence.redactor)
