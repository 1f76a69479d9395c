"""No report contains a key, phone, code or text, wherever a response repeats it."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from django_smsbat.gateway.dialects import Dialect
from django_smsbat.gateway.exchange import Exchange
from django_smsbat.messages import FlashCall
from django_smsbat.services.probe import report
from django_smsbat.services.probe.evidence import MessageEvidence, Poll, RefusalEvidence
from django_smsbat.services.probe.exchanges import Answer, Recorder
from django_smsbat.services.probe.expectations import judge_message, judge_refusal
from django_smsbat.services.probe.messages import PlannedMessage
from django_smsbat.services.probe.questions import answers as answers_to_questions
from django_smsbat.services.probe.redaction import Redactor
from django_smsbat.services.probe.refusal_checks import REFUSALS
from tests.services.probe.conftest import CALLER

PHONE, KEY, CODE, TEXT = "+380670000077", "SecretKeyLetters", "482913", "A private text"
SECRETS = (PHONE, "380670000077", "670000077", "0670000077", "067 000 00 77", KEY, CODE, TEXT)
PLACES = st.sampled_from(
    [
        *("messagelistId", "messageId", "status", "parts", "to", "callerId", "pattern", "ttl"),
        *("deliverystatus", "partscount", "cost", "billAmount", "billCurrency", "fallbacks"),
        *("extendedStatuses", "error", "message", "code", "anything", "customerMessageId"),
        *SECRETS,
    ]
)
SECRET = st.sampled_from([*SECRETS, int(CODE), int("380670000077")])
VALUES = st.recursive(
    SECRET | st.none() | st.booleans() | st.integers() | st.sampled_from(["delivered", "sent"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLACES, inner, max_size=4),
    max_leaves=12,
)
BODIES = st.dictionaries(PLACES | st.just("messages"), VALUES, max_size=8)


def answer_of(body, status=200, message_id="id"):
    headers = {"content-type": f"text/{KEY}", "x-ratelimit-limit": CODE, f"x-ratelimit-{KEY}": "1"}
    content = json.dumps(body).encode()
    return Answer(
        Exchange(
            method="GET",
            path="/",
            message_id=message_id,
            status=status,
            headers=headers,
            body=content,
        )
    )


def shown(body, status=200):
    """Return everything that a report may quote of responses with this body."""
    redactor = Redactor([PHONE, PHONE[1:], "670000077", KEY, CODE, TEXT])
    planned = PlannedMessage(FlashCall(to=PHONE, caller_id=CALLER), 1, 0)
    row = SimpleNamespace(customer_message_id="1-a", pk=1, error_code=KEY, status="accepted")
    send = {"messages": [body], **body}
    evidence = MessageEvidence(planned, Dialect.MESSAGELIST, redactor, row)
    evidence.answer = answer_of(send, status)
    evidence.polls = [Poll(answer_of(body, status), 5.0)]
    refusals = [RefusalEvidence(name, redactor, answer_of(send, status)) for name in REFUSALS]
    result = SimpleNamespace(
        redactor=redactor,
        messages=[evidence],
        refusals=refusals,
        replies=[body],
        recorder=Recorder([evidence.answer]),
        account=SimpleNamespace(webhook_secrets=["x"]),
    )
    findings = judge_message(evidence) + [one for r in refusals for one in judge_refusal(r)]
    lines = [line for one in findings for line in one.seen]
    outcome = report._outcome(evidence)
    return "\n".join([*lines, outcome, *(value for _, value in answers_to_questions(result))])


@given(BODIES, st.sampled_from([200, 400, 500]))
@example({"status": KEY, "code": int(CODE), KEY: {PHONE: TEXT}}, 200)
@example({"deliverystatus": KEY, "fallbacks": [{"type": CODE, "status": PHONE}]}, 200)
@example({"extendedStatuses": {KEY: CODE, "380670000077": KEY}}, 200)
@example({"error": {"code": KEY, "message": TEXT, CODE: 1}}, 400)
def test_nothing_secret_is_quoted_wherever_it_stands(body, status):
    text = shown(body, status).casefold()
    assert [one for one in SECRETS if one.casefold() in text] == []


@pytest.mark.django_db
def test_a_whole_report_on_answers_full_of_secrets_holds_none(probe):
    key = "sandbox-key"

    def alter(reply):
        if reply.is_report or reply.is_send:
            answer = reply.json
            inner = answer["messages"][0] if reply.is_send else answer
            inner.update({key: phone_of(reply), "echo": f"Basic {key}", "to2": "0670000077"})
            inner.update({"380670000077": {"text": "django-smsbat test message"}})
            answer["deliverystatus"] = "sandbox-key"
            reply.json = answer
            reply.headers["X-RateLimit-Limit"] = "482913482913"
        if reply.status == 401:
            reply.json = {"error": key, "message": "0670000077", "code": key}

    def phone_of(reply):
        return "+380670000077"

    result = probe(alter, follow=20)
    text = report.render(result)
    assert "send.keys" in text
    assert "status.word" in text
    for secret in (key, "670000077", "test message", "django-smsbat-wrong-key", "AcmeShop"):
        assert secret not in text


def test_what_is_harmless_is_quoted():
    redactor = Redactor([PHONE, KEY])
    assert redactor.word("In transit") == '"In transit"'
    assert redactor.word(1003) == "1003"
    assert redactor.word("1003") == '"1003"'
    assert redactor.path(("messages", "[]", "route")) == "messages[].route"
    assert redactor.content_type("text/html; charset=utf-8") == "text/html"


@pytest.mark.parametrize("name", ["u380501112233", "order_2026", "Ім'я", "a b", KEY, f"x{KEY}"])
def test_the_name_of_a_key_that_may_hold_data_is_described(name):
    assert Redactor([KEY]).path([name]) == f"<key of {len(name)} characters>"


@pytest.mark.parametrize(
    ("value", "described"),
    [
        ("+380671112233", "text of 13 characters"),
        (482913, "whole number"),
        ("Дякуємо", "text of 7 characters"),
        (None, "null"),
        (True, "true or false"),
        ([1], "list of 1"),
        ({"a": 1}, "object of 1 keys"),
        (1.5, "decimal number"),
    ],
)
def test_everything_else_is_described(value, described):
    assert Redactor([]).word(value) == described
