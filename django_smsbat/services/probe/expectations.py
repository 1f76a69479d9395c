"""The table of this project's assumptions about SMSBAT, each with an id and a check."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Generic, TypeVar

from django_smsbat.services.probe import (
    callback_checks,
    follow_checks,
    json_checks,
    refusal_checks,
    send_checks,
    status_checks,
)
from django_smsbat.services.probe.evidence import MessageEvidence, RefusalEvidence

_Evidence = TypeVar("_Evidence")


class Verdict(Enum):
    """The result of a check."""

    MATCH = "match"
    DIFFERENCE = "difference"
    FAILURE = "failure"
    NOT_SEEN = "not seen"


@dataclass(frozen=True)
class Expectation(Generic[_Evidence]):
    """An assumption.

    Attributes:
        id: stable, for bug reports.
        assumed: the assumption as a sentence.
        check: returns the differences; empty if the assumption is true, None without evidence.
        failure: the verdict in case of differences. `FAILURE` means that a message did not get
            through, which is not a difference in the protocol.
    """

    id: str
    assumed: str
    check: Callable[[_Evidence], Sequence[str] | None]
    failure: Verdict = Verdict.DIFFERENCE


@dataclass(frozen=True)
class Finding:
    """The result of comparing an assumption with the evidence of a message or refusal."""

    id: str
    label: str
    assumed: str
    verdict: Verdict
    seen: Sequence[str] = ()


_FAILURE: Final = Verdict.FAILURE

_SEND: Final[tuple[Expectation[MessageEvidence], ...]] = (
    Expectation(
        "send.request",
        "a message leaves in one request, which SMSBAT answers",
        send_checks.request,
        _FAILURE,
    ),
    Expectation("send.http-status", "the answer has HTTP status 200", send_checks.http_status),
    Expectation("send.content-type", "the answer is application/json", send_checks.content_type),
    Expectation("send.json", "the answer is a JSON object", send_checks.json_object),
    Expectation(
        "send.messagelist-id",
        "messagelistId is present and a whole number",
        send_checks.messagelist_id,
    ),
    Expectation(
        "send.one-result", "messages holds one result for each message", send_checks.one_result
    ),
    Expectation(
        "send.customer-message-id",
        "customerMessageId is echoed unchanged",
        send_checks.customer_message_id,
    ),
    Expectation(
        "send.message-id", "messageId is a text of 1 to 64 characters", send_checks.message_id
    ),
    Expectation(
        "send.status-word", "status is accepted, sent, rejected or failed", send_checks.status_word
    ),
    Expectation("send.accepted", "the message is accepted", send_checks.accepted, _FAILURE),
    Expectation("send.parts", "parts is the number that we count", send_checks.parts),
    Expectation(
        "send.phone", "the phone is echoed in E.164, with or without the plus", send_checks.phone
    ),
    Expectation("send.keys", "the answer has only documented keys", send_checks.keys),
    Expectation(
        "send.caller-id", "callerId is the number that the request names", send_checks.caller_id
    ),
    Expectation(
        "send.pattern", "pattern is asterisks and the last digits of callerId", send_checks.pattern
    ),
    Expectation("send.ttl", "ttl of a flash call is 1 to 120 seconds", send_checks.ttl),
)
_STATUS: Final[tuple[Expectation[MessageEvidence], ...]] = (
    Expectation(
        "status.http-status",
        "GET /bat/message/{messageId} is answered with HTTP status 200",
        status_checks.http_status,
    ),
    Expectation(
        "status.content-type", "the answer is application/json", status_checks.content_type
    ),
    Expectation("status.json", "the answer is a JSON object", status_checks.json_object),
    Expectation(
        "status.ids", "messageId and messagelistId are those of the send", status_checks.ids
    ),
    Expectation("status.word", "deliverystatus is a known word", status_checks.word),
    Expectation("status.partscount", "partscount is a whole number", status_checks.partscount),
    Expectation(
        "status.parts-agree",
        "partscount is the number that we count, if no fallback was sent",
        status_checks.parts_agree,
    ),
    Expectation("status.cost", "cost is a number of 0 or more", status_checks.cost),
    Expectation(
        "status.currency",
        "rateCurrency and billCurrency are three letters beside every amount",
        status_checks.currency,
    ),
    Expectation(
        "status.fallbacks",
        "fallbacks is a list of objects with type and a known status",
        status_checks.fallbacks,
    ),
    Expectation(
        "status.extended-statuses",
        "extendedStatuses is an object of channels with a known status or not_used",
        status_checks.extended_statuses,
    ),
    Expectation(
        "status.money-agrees",
        "rateAmount is rate times partscount, billAmount is rateAmount in the same currency, "
        "and cost is billAmount",
        status_checks.money_agrees,
    ),
    Expectation("status.keys", "the answer has only documented keys", status_checks.keys),
)
_FOLLOW: Final[tuple[Expectation[MessageEvidence], ...]] = (
    Expectation(
        "follow.order", "the status moves only forward from poll to poll", follow_checks.order
    ),
    Expectation(
        "follow.final",
        "the message has a final status before the probe ends",
        follow_checks.final,
        _FAILURE,
    ),
    Expectation("follow.delivered", "the message is delivered", follow_checks.delivered, _FAILURE),
)
_CALLBACK: Final[tuple[Expectation[MessageEvidence], ...]] = (
    Expectation(
        "callback.word", "deliverystatus of a callback is a known word", callback_checks.word
    ),
    Expectation(
        "callback.timestamp",
        "timestamp of a callback is ISO 8601 with a time zone",
        callback_checks.timestamp,
    ),
    Expectation("callback.cost", "cost of a callback is a number", callback_checks.cost),
    Expectation("callback.keys", "a callback has only documented keys", callback_checks.keys),
    Expectation(
        "callback.order",
        "the status moves only forward from callback to callback by timestamp",
        callback_checks.order,
    ),
)
MESSAGE_EXPECTATIONS: Final = (*_SEND, *_STATUS, *_FOLLOW, *_CALLBACK)

REFUSAL_EXPECTATIONS: Final[tuple[Expectation[RefusalEvidence], ...]] = (
    Expectation("refusal.status", "the HTTP status is the documented one", refusal_checks.status),
    Expectation("refusal.code", "the error code is the documented one", refusal_checks.code),
    Expectation(
        "refusal.body", "the body is JSON in a documented error shape", refusal_checks.body
    ),
    Expectation("refusal.keys", "the body has only documented keys", refusal_checks.keys),
)


def judge_message(evidence: MessageEvidence) -> list[Finding]:
    """Compare all assumptions with the evidence of a message."""
    return [_judge(one, evidence, evidence.label) for one in MESSAGE_EXPECTATIONS]


def judge_refusal(evidence: RefusalEvidence) -> list[Finding]:
    """Compare all assumptions with the answer to a request that should be refused."""
    return [_judge(one, evidence, evidence.label) for one in REFUSAL_EXPECTATIONS]


def _judge(expectation: Expectation[_Evidence], evidence: _Evidence, label: str) -> Finding:
    seen = expectation.check(evidence)
    verdict = expectation.failure if seen else Verdict.MATCH
    if seen and all(line.startswith(json_checks.NO_ANSWER) for line in seen):
        verdict = Verdict.FAILURE  # the service was not reached, so there is no evidence
    if seen is None:
        verdict = Verdict.NOT_SEEN
    return Finding(expectation.id, label, expectation.assumed, verdict, tuple(seen or ()))
