"""Responses are read in any form; if their meaning is uncertain, the result says so."""

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.gateway import answers
from django_smsbat.gateway.dialects import Outgoing
from django_smsbat.gateway.errors import ErrorKind, GatewayError
from django_smsbat.gateway.messages import Content
from django_smsbat.gateway.statuses import Status

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def outgoing(number, ending=1):
    return Outgoing(str(number), f"+38050000000{ending}", Content(type="sms", text="x"))


def parse(items, sent, **answer):
    return answers.parse_send(json.dumps({"messages": items, **answer}).encode(), sent)


def accepted(**item):
    return {"messageId": "m", "status": "accepted", **item}


def test_the_order_of_the_answer_does_not_matter():
    sent = [outgoing(1), outgoing(2)]
    items = [
        accepted(customerMessageId="2", messageId="b"),
        accepted(customerMessageId="1", messageId="a"),
    ]
    results = parse(items, sent).results
    assert (results["1"].message_id, results["2"].message_id) == ("a", "b")


def test_a_message_that_is_not_mentioned_is_neither_sent_nor_failed():
    answer = parse([accepted(customerMessageId="1")], [outgoing(1), outgoing(2)])
    assert [message.customer_message_id for message in answer.missing_results] == ["2"]


def test_two_messages_to_one_phone_are_not_matched_by_phone():
    answer = parse([accepted(to="380500000001")], [outgoing(1), outgoing(2)])
    assert len(answer.missing_results) == 2
    assert len(answer.unmatched_results) == 1


@pytest.mark.parametrize("key", ["to", "recipient"])
@pytest.mark.parametrize("phone", ["380500000001", "+380500000001"])
def test_without_an_id_the_phone_matches_under_either_name_with_or_without_plus(key, phone):
    assert "1" in parse([accepted(**{key: phone})], [outgoing(1)]).results


def test_a_stranger_is_no_match_even_with_our_phone():
    answer = parse([accepted(customerMessageId="9", to="+380500000001")], [outgoing(1)])
    assert not answer.results
    assert answer.unmatched_results[0].message_id == "m"


def test_of_two_mentions_the_one_that_says_taken_counts():
    items = [
        {"status": "rejected", "customerMessageId": "1"},
        accepted(customerMessageId="1"),
        {"status": "rejected", "customerMessageId": "1"},
    ]
    assert parse(items, [outgoing(1)]).results["1"].status is Status.ACCEPTED


def test_an_unknown_status_is_kept_as_it_came():
    result = parse([accepted(customerMessageId="1", status="Moderation")], [outgoing(1)]).results[
        "1"
    ]
    assert (result.raw_status, result.status) == ("Moderation", None)


def test_numbers_as_ids_are_read_as_text():
    items = [accepted(customerMessageId=1, messageId=42)]
    assert parse(items, [outgoing(1)]).results["1"].message_id == "42"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502</html>",
        b'{"messages": [{"messageId": "a", "sta',
        b"[]",
        b"null",
        b'{"messages": {}}',
        b'{"error": {"code": "X"}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_an_answer_that_says_nothing_certain_is_unreadable(body):
    with pytest.raises(GatewayError) as error:
        answers.parse_send(body, [outgoing(1)])
    assert error.value.kind is ErrorKind.UNREADABLE


@pytest.mark.parametrize(("length", "kept"), [(64, 64), (65, 0)])
def test_an_id_that_cannot_be_kept_whole_is_none(length, kept):
    items = [accepted(customerMessageId="1", messageId="x" * length)]
    assert len(parse(items, [outgoing(1)]).results["1"].message_id) == kept


@pytest.mark.parametrize(
    ("told", "parts"),
    [
        (0, 0),
        (32_767, 32_767),
        (32_768, None),
        (-1, None),
        ("2", 2),
        (" 3 ", 3),
        ("32768", None),
        ("two", None),
        ("2.5", None),
        ("", None),
        ("٣", None),
        ("9" * 5_000, None),
        (True, None),
    ],
)
def test_a_number_of_parts_that_no_message_has_is_none(told, parts):
    items = [accepted(customerMessageId="1", parts=told)]
    assert parse(items, [outgoing(1)]).results["1"].parts == parts


def test_a_report_names_its_message():
    assert answers.read_report({"messageId": 7, "deliverystatus": "read"}).message_id == "7"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({}, ("", "")),
        ({"message": "no"}, ("", "no")),
        ({"code": "E1"}, ("E1", "")),
        ({"error": "no"}, ("", "no")),
        ({"error": {"code": "E1", "message": "no"}}, ("E1", "no")),
    ],
)
def test_an_error_is_read_in_each_of_its_shapes(answer, told):
    assert answers.read_error(answer) == told


@pytest.mark.parametrize(("begin", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_json_is_nested_as_deeply_as_every_database_keeps_it(begin, end):
    deepest = answers.DEPTH_MAX
    assert answers.parse_json(begin * deepest + b"1" + end * deepest)
    with pytest.raises(ValueError, match="nested too deeply"):
        answers.parse_json(begin * (deepest + 1) + b"1" + end * (deepest + 1))


def test_what_is_no_result_hides_none():
    assert "1" in parse(["?", accepted(customerMessageId="1")], [outgoing(1)]).results


@pytest.mark.parametrize("body", [b"", b"{}", b'{"deliverystatus": 7.5}', b"[1]"])
def test_a_status_without_a_status_is_unreadable(body):
    with pytest.raises(GatewayError) as error:
        answers.parse_status(body)
    assert error.value.kind is ErrorKind.UNREADABLE


@given(json_values)
def test_no_json_breaks_the_reading_of_an_answer(value):
    body = json.dumps({"messages": [value], "messagelistId": value}).encode()
    with suppress(GatewayError):
        answer = answers.parse_send(body, [outgoing(1)])
        assert len(answer.results) + len(answer.missing_results) == 1


@given(json_values, json_values, json_values)
def test_no_json_breaks_the_reading_of_a_report(first, second, third):
    names = ("messageId", "cost", "billAmount", "fallbacks", "extendedStatuses", "partscount")
    told = dict(zip(names, (first, second, third, first, second, third), strict=True))
    report = answers.read_report({"deliverystatus": "delivered", **told})
    assert report.status is Status.DELIVERED


@given(st.binary())
def test_no_bytes_break_the_reading_of_an_error(body):
    assert answers.parse_error(502, body, None).kind is ErrorKind.SERVER_ERROR


@pytest.mark.parametrize(
    ("told", "amount", "currency"),
    [
        ({"cost": 0.1}, "0.1", ""),
        ({"cost": "0.10"}, "0.1", ""),
        ({"cost": 1, "rateAmount": 2, "rateCurrency": "usd"}, "2", "USD"),
        ({"cost": 1, "rateAmount": 2, "billAmount": 3, "billCurrency": "UAH"}, "3", "UAH"),
    ],
)
def test_what_is_billed_comes_before_what_is_rated(told, amount, currency):
    assert answers.read_money(told) == answers.Money(Decimal(amount), currency)


@pytest.mark.parametrize(
    "cost", [None, "free", True, -1, 1e30, {}, [1], "NaN", 100_000_000, "99999999.9999999"]
)
def test_what_is_no_sum_of_money_is_none(cost):
    assert answers.read_money({"cost": cost}) is None


def test_without_words_neither_phone_nor_text_stays_but_what_became_of_it_does():
    told = {
        "messageId": "m-1",
        "to": "+380501234567",
        "text": "code 1234",
        "deliverystatus": "delivered",
        "partscount": 2,
        "cost": "0.07",
        "error": {"code": "1002", "message": "no +380501234567"},
        "extendedStatuses": {"viber": "Undeliverable", "sms": "not_used"},
    }
    assert answers.redact_payload(told) == {
        "deliverystatus": "delivered",
        "partscount": 2,
        "cost": "0.07",
        "code": "1002",
        "extendedStatuses": {"viber": "undeliverable"},
    }
    assert answers.redact_payload({"deliverystatus": "sent"}) == {"deliverystatus": "sent"}


def test_money_is_never_a_float():
    parsed = answers.parse_json(b'{"cost": 0.1}')
    assert parsed["cost"] == Decimal("0.1")
    assert isinstance(parsed["cost"], Decimal)


@pytest.mark.parametrize("body", [b"NaN", b"Infinity", b"1e999"])
def test_numbers_that_are_none_are_refused(body):
    with pytest.raises(ValueError, match=r"JSON|range"):
        answers.parse_json(body)


def test_what_no_database_keeps_is_replaced():
    assert answers.parse_json(b'{"a\\u0000": ["\\ud800x"]}') == {"a\ufffd": ["\ufffdx"]}
    assert answers.parse_json(b'["\\ud83d\\ude00"]') == ["😀"]


def test_parts_of_a_status_may_come_as_text():
    body = b'{"messageId": "a1", "deliverystatus": "seen", "partscount": "2"}'
    report = answers.parse_status(body)
    assert (report.status, report.parts) == (Status.READ, 2)


@pytest.mark.parametrize("word", ["seen", "Viewed"])
def test_a_channel_whose_message_was_seen_has_read_it(word):
    body = {"extendedStatuses": {"viber": word}, "fallbacks": [{"type": "rcs", "status": word}]}
    assert answers.read_channels(body) == {"viber": "read", "rcs": "read"}
