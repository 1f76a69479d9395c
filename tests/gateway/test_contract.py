"""Requests equal the samples, and the sample responses are readable."""

import json
from decimal import Decimal

import pytest

from django_smsbat.gateway import answers
from django_smsbat.gateway.dialects import Dialect, Outgoing, encode, encode_request
from django_smsbat.gateway.errors import ErrorKind
from django_smsbat.gateway.messages import CLASSES, Content, ViberPromo, from_content
from django_smsbat.gateway.statuses import Status
from django_smsbat.webhooks.serializers import InboundSerializer, StatusSerializer
from tests.support.paths import FIXTURES

REQUESTS = json.loads((FIXTURES / "requests.json").read_text())
ANSWERS = {
    name: json.dumps(body).encode()
    for name, body in json.loads((FIXTURES / "answers.json").read_text()).items()
}
CALLBACKS = json.loads((FIXTURES / "callbacks.json").read_text())
MESSAGELIST = [name for name in REQUESTS if not name.startswith("overview")]


def outgoing(number, phone="+380501234567"):
    return Outgoing(f"{number}-0000abcd", phone, Content(type="sms", sender="Kvitka", text="Hi"))


def message_of(wire):
    content = Content(
        type=wire["type"],
        sender=wire["from"],
        text=wire.get("text", ""),
        message_data=wire.get("messageData", {}),
        ttl=wire["ttl"],
        fallback_text=wire.get("fallback", {}).get("text", ""),
    )
    return from_content(content, wire["to"])


@pytest.mark.parametrize("name", MESSAGELIST)
def test_each_sample_is_written_as_it_stands(name):
    wire = REQUESTS[name]
    written = Outgoing.of(message_of(wire), wire["customerMessageId"])
    assert encode(written, Dialect.MESSAGELIST) == wire


def test_the_samples_cover_every_type():
    assert {REQUESTS[name]["type"] for name in MESSAGELIST} == {kind.value for kind in CLASSES}


def test_the_overviews_dialect_names_the_recipient_and_viber_in_its_own_way():
    wire = REQUESTS["overview_promo"]
    message = ViberPromo(to=wire["recipient"], sender="Kvitka", text=wire["text"])
    assert encode(Outgoing.of(message, wire["customerMessageId"]), Dialect.OVERVIEW) == wire


@pytest.mark.parametrize(
    "name", [name for name in MESSAGELIST if "promo" not in name and "trans" not in name]
)
def test_the_overviews_dialect_leaves_other_types_as_they_are(name):
    wire = REQUESTS[name]
    written = encode(Outgoing.of(message_of(wire), wire["customerMessageId"]), Dialect.OVERVIEW)
    assert written == {**{k: v for k, v in wire.items() if k != "to"}, "recipient": wire["to"]}


def test_a_request_is_utf_8_without_escapes():
    message = Outgoing("1-a", "+380501234567", Content(type="sms", text="Привіт"))
    assert "Привіт".encode() in encode_request([message], Dialect.MESSAGELIST)


DIFFERENT = [
    Content(type="viber_promo", sender="Kvitka", text="Sale"),
    Content(type="viber_trans", sender="Kvitka", text="Sale"),
    Content(type="viber_promo", sender="Lavka", text="Sale"),
    Content(type="viber_promo", sender="Kvitka", text="Sale", ttl=60),
    Content(type="viber_promo", sender="Kvitka", text="Sale", fallback_text="Sale!"),
    Content(type="viber_promo", sender="Kvitka", text="Sale", message_data={"buttonText": "Go"}),
    Content(type="viber_promo", sender="Kvitka", text="Sale", message_data={"buttonText": "No"}),
    Content(type="flashcall", sender="Kvitka"),
    Content(type="viber_promo", sender="Kvitka", text="Other words"),
]


@pytest.mark.parametrize("dialect", Dialect)
def test_messages_of_one_request_keep_what_they_do_not_share(dialect):
    sent = [Outgoing(f"{n}-a", f"+38050123456{n}", said) for n, said in enumerate(DIFFERENT)]
    written = json.loads(encode_request(sent, dialect))
    assert written == {"messages": [encode(one, dialect) for one in sent]}


def test_an_answer_to_a_send_is_read():
    sent = [outgoing(1), outgoing(2, "+380501234568")]
    answer = answers.parse_send(ANSWERS["send"], sent)
    accepted, rejected = (answer.results[message.customer_message_id] for message in sent)
    assert answer.messagelist_id == "881"
    assert (accepted.message_id, accepted.status, accepted.parts) == ("a1", Status.ACCEPTED, 2)
    assert rejected.status is Status.REJECTED
    assert not answer.missing_results


def test_the_overviews_answer_is_matched_by_phone():
    answer = answers.parse_send(ANSWERS["send_overview"], [outgoing(1)])
    assert answer.results["1-0000abcd"].status is Status.ACCEPTED


def test_a_flash_calls_answer_carries_caller_and_pattern():
    result = answers.parse_send(ANSWERS["send_flashcall"], [outgoing(1)]).results["1-0000abcd"]
    assert (result.caller_id, result.pattern) == ("+380441234567", "***234567")


def test_a_status_is_read_with_exact_money():
    report = answers.parse_status(ANSWERS["status"])
    assert (report.status, report.parts) == (Status.DELIVERED, 2)
    assert report.money == answers.Money(Decimal("0.07"), "")


def test_of_a_fallback_the_channel_that_delivered_and_the_billed_money_are_read():
    report = answers.parse_status(ANSWERS["status_with_fallback"])
    assert report.channels == {"viber": "undeliverable", "sms": "delivered"}
    assert report.money == answers.Money(Decimal("2.45"), "UAH")


@pytest.mark.parametrize(
    ("name", "status", "kind", "code"),
    [
        ("error_coded", 400, ErrorKind.INVALID, "1002"),
        ("error_nested", 422, ErrorKind.INVALID, "INVALID_RECIPIENT"),
        ("error_rate", 429, ErrorKind.THROTTLED, ""),
    ],
)
def test_the_three_shapes_of_errors_are_read(name, status, kind, code):
    error = answers.parse_error(status, ANSWERS[name], None)
    assert (error.kind, error.code) == (kind, code)
    assert error.detail


def test_an_incoming_message_is_read():
    serializer = InboundSerializer(data=CALLBACKS["inbound"])
    assert serializer.is_valid()
    assert serializer.incoming("default").phone == "380501234567"


def test_an_incoming_message_without_words_sender_and_time_is_read():
    serializer = InboundSerializer(data=CALLBACKS["inbound_sticker"])
    assert serializer.is_valid()
    assert (serializer.incoming("default").text, serializer.incoming("default").alpha_name) == (
        "",
        "",
    )


def test_a_status_callback_is_read():
    serializer = StatusSerializer(data=CALLBACKS["status"])
    assert serializer.is_valid()
    assert serializer.report("default").status is Status.DELIVERED
