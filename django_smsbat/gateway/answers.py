"""Parse SMSBAT's responses and callbacks into typed objects.

The parsers tolerate differences between SMSBAT's documents and irregular responses. A body that
cannot be read reliably raises `GatewayError` of the kind ``UNREADABLE``.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final

from django_smsbat.gateway import statuses
from django_smsbat.gateway.dialects import Outgoing
from django_smsbat.gateway.errors import ErrorKind, GatewayError, kind_of_status
from django_smsbat.gateway.messages.rules import UNSENDABLE
from django_smsbat.gateway.statuses import Status
from django_smsbat.gateway.wire_values import decimal_of, identifier_of, text_of, whole_of

DEPTH_MAX: Final = 32  # levels; SQLite stores no JSON deeper than a thousand
_DETAIL_MAX: Final = 500  # characters
_WORD_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Money:
    """The cost of a message. The currency is empty if SMSBAT names none.

    Attributes:
        rank: 2 for a billed amount, 1 for a rated amount, 0 for a bare cost.
    """

    amount: Decimal
    currency: str
    rank: int = field(default=0, compare=False)


@dataclass(slots=True)  # not frozen, which takes three times as long: there is one for each message
class MessageResult:
    """The result of one message in the response to a send.

    Attributes:
        status: None for an unknown status.
        caller_id, pattern: for a flash call, the calling number and its visible digits.
    """

    message_id: str
    raw_status: str
    status: Status | None
    parts: int | None
    code: str
    detail: str = field(repr=False)
    payload: Mapping[str, Any] = field(repr=False)
    caller_id: str = field(default="", repr=False)
    pattern: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SendAnswer:
    """The response to a send, matched to the messages sent.

    Attributes:
        results: by this site's `customer_message_id`.
        sent: the messages sent.
        unmatched_results: results that match no message sent.
    """

    messagelist_id: str
    results: Mapping[str, MessageResult]
    sent: Sequence[Outgoing]
    unmatched_results: Sequence[MessageResult] = field(default_factory=tuple)

    @property
    def missing_results(self) -> list[Outgoing]:
        """The messages without a matching result."""
        return [
            outgoing for outgoing in self.sent if outgoing.customer_message_id not in self.results
        ]


@dataclass(slots=True)  # not frozen, as above
class StatusReport:
    """The status of one message, from a status request or a callback.

    Attributes:
        status: None for an unknown status.
        channels: the result of each channel used, such as ``{"viber": "undeliverable", "sms":
            "delivered"}``. A status that `Status` does not have is passed on unchanged.
    """

    message_id: str
    messagelist_id: str
    raw_status: str
    status: Status | None
    parts: int | None
    money: Money | None
    channels: Mapping[str, str]
    payload: Mapping[str, Any] = field(repr=False)


def parse_json(body: bytes) -> Any:
    """Parse JSON with exact numbers: money must never pass through a float.

    Raises:
        ValueError: if the body is not JSON in UTF-8, is nested too deeply or has a number out of
            range.
    """
    text = body.decode("utf-8-sig")
    try:
        answer = json.loads(text, parse_float=_finite_decimal, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _depth(answer) > DEPTH_MAX:
        raise ValueError("nested too deeply")
    return storable(answer) if "\\u" in text else answer


def _depth(value: Any) -> int:
    """Count the levels of objects and lists, without recursion."""
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        level = [
            inner for item in level for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return depth


def storable(value: Any) -> Any:
    """Replace NUL and unpaired surrogates, which no database stores, by a replacement character."""
    if isinstance(value, str):
        return UNSENDABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return [storable(item) for item in value] if isinstance(value, list) else value


def _finite_decimal(text: str) -> Decimal:
    try:
        if math.isfinite(float(text)):
            return Decimal(text)
    except InvalidOperation:  # the exponent is out of the range of Decimal
        pass
    raise ValueError("a number is out of range")


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def parse_send(body: bytes, sent: Sequence[Outgoing]) -> SendAnswer:
    """Parse the response to a send.

    Results are matched by `customerMessageId`, else by phone if exactly one message was sent to it.
    A message with several results counts as accepted if any of them does.

    Raises:
        GatewayError: of the kind ``UNREADABLE``.
    """
    answer = _object(body)
    items = answer.get("messages")
    if not isinstance(items, list):
        raise GatewayError(ErrorKind.UNREADABLE, "the answer has no list of messages")
    results: dict[str, MessageResult] = {}
    unmatched_results: list[MessageResult] = []
    find = _Matcher(sent)
    for item in items:
        if not isinstance(item, Mapping):
            continue
        result = _result(item)
        owner = find(item)
        if owner is None:
            unmatched_results.append(result)
        elif owner not in results or _says_taken(result):
            results[owner] = result
    return SendAnswer(text_of(answer.get("messagelistId")), results, sent, unmatched_results)


def _says_taken(result: MessageResult) -> bool:
    return result.status is not None and not result.status.is_failure


class _Matcher:
    """Matches an item of the response to a message: by id, else by an unambiguous phone."""

    def __init__(self, sent: Sequence[Outgoing]) -> None:
        self._ids = {outgoing.customer_message_id for outgoing in sent}
        count = Counter(outgoing.to for outgoing in sent)
        self._by_phone = {
            outgoing.to: outgoing.customer_message_id
            for outgoing in sent
            if count[outgoing.to] == 1
        }

    def __call__(self, item: Mapping[str, Any]) -> str | None:
        if own_id := text_of(item.get("customerMessageId")):
            return own_id if own_id in self._ids else None
        phone = text_of(item.get("to")) or text_of(item.get("recipient"))
        return self._by_phone.get(f"+{phone.lstrip('+')}")


def _result(item: Mapping[str, Any]) -> MessageResult:
    raw = text_of(item.get("status"))
    return MessageResult(
        identifier_of(item.get("messageId")),
        raw,
        statuses.from_submit_answer(raw),
        whole_of(item.get("parts")),
        *read_error(item),
        item,
        text_of(item.get("callerId")),
        text_of(item.get("pattern")),
    )


def parse_status(body: bytes) -> StatusReport:
    """Parse the response to a status request.

    Raises:
        GatewayError: of the kind ``UNREADABLE``.
    """
    answer = _object(body)
    if not text_of(answer.get("deliverystatus")):
        raise GatewayError(ErrorKind.UNREADABLE, "the answer has no deliverystatus")
    return read_report(answer)


def read_report(report: Mapping[str, Any]) -> StatusReport:
    """Read a status report that is already parsed: from a callback or from the database."""
    raw = text_of(report.get("deliverystatus"))
    return StatusReport(
        identifier_of(report.get("messageId")),
        text_of(report.get("messagelistId")),
        raw,
        statuses.from_wire(raw),
        whole_of(report.get("partscount", report.get("parts"))),
        read_money(report),
        read_channels(report),
        report,
    )


# A billed amount takes precedence over a rated one, and both over a bare cost without a currency.
_MONEY_KEYS: Final = {
    2: ("billAmount", "billCurrency"),
    1: ("rateAmount", "rateCurrency"),
    0: ("cost", "billCurrency"),
}


_MONEY_NAMES: Final = frozenset(amount for amount, _currency in _MONEY_KEYS.values())


def read_money(report: Mapping[str, Any]) -> Money | None:
    if _MONEY_NAMES.isdisjoint(report):
        return None
    for rank, (amount_key, currency_key) in _MONEY_KEYS.items():
        amount = decimal_of(report.get(amount_key))
        if amount is not None:
            return Money(amount, text_of(report.get(currency_key)).upper()[:3], rank)
    return None


_NOT_USED: Final = "notused"
_CHANNELS_MAX: Final = 8
_CHANNEL_NAME_MAX: Final = 16  # characters
_NO_CHANNELS: Final[Mapping[str, str]] = MappingProxyType({})


def read_channels(report: Mapping[str, Any]) -> Mapping[str, str]:
    """Return status by channel, from `extendedStatuses`, overridden by `fallbacks`."""
    extended, fallbacks = report.get("extendedStatuses"), report.get("fallbacks")
    if not extended and not fallbacks:
        return _NO_CHANNELS
    pairs = list(extended.items()) if isinstance(extended, Mapping) else []
    for fallback in fallbacks if isinstance(fallbacks, list) else []:
        if isinstance(fallback, Mapping):
            pairs.append((fallback.get("type"), fallback.get("status")))
    channels: dict[str, str] = {}
    for name, raw in pairs[:_CHANNELS_MAX]:
        channel, word = text_of(name).lower()[:_CHANNEL_NAME_MAX], text_of(raw)
        if channel and word and re.sub(r"[^a-z]", "", word.lower()) != _NOT_USED:
            channels[channel] = str(statuses.from_wire(word) or word[:_WORD_MAX])
    return channels


_FACTS: Final = (
    *("deliverystatus", "status", "partscount", "parts", "messagelistId", "code", "email"),
    *("cost", "rate", "rateAmount", "rateCurrency", "billAmount", "billCurrency"),
)


def redact_payload(report: Mapping[str, Any]) -> dict[str, Any]:
    """Reduce a report to the facts that this package reads, without the error text.

    The result contains no phone, no text and no unknown field.
    """
    facts = {name: report[name] for name in _FACTS if _is_plain(report.get(name))}
    if code := read_error(report)[0]:
        facts["code"] = code
    channels = read_channels(report)
    return {**facts, **({"extendedStatuses": dict(channels)} if channels else {})}


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | Decimal) and len(str(value)) <= _WORD_MAX


def parse_error(status: int, body: bytes, retry_after: float | None) -> GatewayError:
    """Return the error for an HTTP status outside 2xx, with SMSBAT's error text if there is any."""
    code, detail = "", ""
    try:
        answer = parse_json(body)
    except ValueError:
        answer = None
    if isinstance(answer, Mapping):
        code, detail = read_error(answer)
    return GatewayError(
        kind_of_status(status), detail, status=status, code=code, retry_after=retry_after
    )


def read_error(answer: Mapping[str, Any]) -> tuple[str, str]:
    """Return code and text, from any of the three shapes in which SMSBAT reports an error."""
    nested = answer.get("error")
    if nested is None and "message" not in answer and "code" not in answer:
        return "", ""
    if isinstance(nested, Mapping):
        answer, nested = nested, None
    detail = text_of(answer.get("message")) or text_of(nested)
    return text_of(answer.get("code")), detail[:_DETAIL_MAX]


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        answer = parse_json(body)
    except ValueError:
        raise GatewayError(ErrorKind.UNREADABLE, "the answer is not JSON") from None
    if not isinstance(answer, Mapping):
        raise GatewayError(ErrorKind.UNREADABLE, "the answer is not an object")
    return answer
