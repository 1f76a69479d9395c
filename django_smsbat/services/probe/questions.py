"""Questions that SMSBAT's documents leave open, answered by the results of a probe."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django_smsbat.services.probe import json_checks
from django_smsbat.services.probe.exchanges import walk
from django_smsbat.services.probe.redaction import describe
from django_smsbat.services.probe.run import ProbeResult

NOT_SETTLED: Final = (
    "Which path answers a request for the balance?",
    "What does a PATCH request modify?",
    "Does a second send with the same customerMessageId make a second message?",
    "Which number was shown on the phone (flash call), and which sender (other types)?",
    "Which messages arrived on the phone, and in which order?",
)
_NONE: Final = "none seen"
_RATE_HEADERS: Final = ("retry-after", "ratelimit", "x-ratelimit", "x-rate-limit")


def answers(result: ProbeResult) -> list[tuple[str, str]]:
    """Return each question with its answer, without any value from our own requests."""
    return [
        ("Values of status in send answers", _words(result, _send_words(result))),
        ("Values of deliverystatus in status answers", _words(result, _poll_words(result))),
        ("Values of deliverystatus in callbacks", _words(result, _callback_words(result))),
        ("Channels and their values in extendedStatuses", _channels(result)),
        ("Refusals", _refusals(result)),
        ("Currencies", _words(result, _currencies(result))),
        ("Rate limit headers", _rate_headers(result)),
        ("Status callbacks", _callbacks(result)),
        ("Number that rings in a flash call", _caller(result)),
        ("Keys of incoming messages", _reply_keys(result)),
        ("Slowest answer", _slowest(result)),
    ]


def _joined(found: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(found)) or _NONE


def _words(result: ProbeResult, values: Iterator[Any]) -> str:
    return _joined([result.redactor.word(value) for value in values])


def _send_words(result: ProbeResult) -> Iterator[Any]:
    return (
        one.result["status"] for one in result.messages if one.result and "status" in one.result
    )


def _poll_words(result: ProbeResult) -> Iterator[Any]:
    polls = (poll for one in result.messages for poll in one.polls)
    return (poll.raw_status for poll in polls if poll.raw_status is not None)


def _callback_words(result: ProbeResult) -> Iterator[Any]:
    return (callback.raw_status for one in result.messages for callback in one.callbacks)


def _channels(result: ProbeResult) -> str:
    redactor = result.redactor
    bodies = (poll.answer.object for one in result.messages for poll in one.polls)
    named = (body.get("extendedStatuses") for body in bodies)
    return _joined(
        [
            f"{redactor.key(channel)}: {redactor.word(raw)}"
            for one in named
            if isinstance(one, dict)
            for channel, raw in one.items()
        ]
    )


def _refusals(result: ProbeResult) -> str:
    return _joined(
        [
            f"{one.name}: {json_checks.status_with_code(one.answer, result.redactor)}"
            for one in result.refusals
            if one.answer is not None
        ]
    )


def _currencies(result: ProbeResult) -> Iterator[Any]:
    for one in result.messages:
        for poll in one.polls:
            for name in ("rateCurrency", "billCurrency"):
                if name in poll.answer.object:
                    yield poll.answer.object[name]


def _rate_headers(result: ProbeResult) -> str:
    headers = (one.exchange.headers for one in result.recorder.answers)
    return _joined(
        [
            f"{result.redactor.key(name)}: {result.redactor.word(value)}"
            for one in headers
            for name, value in one.items()
            if name.startswith(_RATE_HEADERS)
        ]
    )


def _callbacks(result: ProbeResult) -> str:
    if not result.account.webhook_secrets:
        return "not expected: WEBHOOK_SECRETS is empty"
    sent = [one for one in result.messages if one.answer is not None]
    came = [
        f"{one.label}: first after {one.callbacks[0].after:.0f} s" for one in sent if one.callbacks
    ]
    missing = ", ".join(one.label for one in sent if not one.callbacks)
    if missing:
        came.append(f"none for {missing}, which is a difference only if SMSBAT knows the address")
    return _joined(came)


def _caller(result: ProbeResult) -> str:
    for one in result.messages:
        if one.result is not None and "callerId" in one.result:
            asked = one.planned.message.content().message_data.get("callerId", "")
            answered = one.result["callerId"]
            is_same = isinstance(answered, str) and answered.lstrip("+") == str(asked).lstrip("+")
            return "the one that the request names" if is_same else "another one"
    return _NONE


def _reply_keys(result: ProbeResult) -> str:
    found = [
        f"{result.redactor.path(path)}: {describe(value)}"
        for payload in result.replies
        for path, value in walk(payload)
    ]
    return _joined(found)


def _slowest(result: ProbeResult) -> str:
    seconds = [one.exchange.seconds for one in result.recorder.answers]
    known = [one for one in seconds if one is not None]
    return f"{max(known):.1f} s of {len(known)} answers" if known else _NONE
