"""Each difference in a response is reported by the id of its assumption, and no other is."""

import pytest

from django_smsbat.gateway.message_types import MessageType
from django_smsbat.models import Message
from tests.services.probe.conftest import problems

pytestmark = pytest.mark.django_db


def of_send(change):
    """Alter the response to the first and only message."""

    def alter(reply):
        if reply.is_send:
            answer = reply.json
            change(answer, answer["messages"][0])
            reply.json = answer

    return alter


def of_report(change):
    def alter(reply):
        if reply.is_report:
            answer = reply.json
            change(answer)
            reply.json = answer

    return alter


@pytest.mark.parametrize("dialect", ["messagelist", "overview"])
def test_an_unaltered_sandbox_differs_in_nothing(probe, dialect):
    kinds = list(MessageType)
    result = probe(types=kinds, smsbat={"DIALECT": dialect})
    assert problems(result) == set()
    assert len(result.sandbox.ledger.entries) == len(kinds)


@pytest.mark.parametrize(
    ("auth", "secrets"),
    [
        ("header", {"API_KEY": "sandbox-key"}),
        ("basic_key", {"API_KEY": "sandbox-key"}),
        ("basic", {"API_KEY": "", "LOGIN": "sandbox", "PASSWORD": "sandbox-password"}),
    ],
)
def test_every_way_to_authenticate_is_refused_with_a_wrong_key(probe, auth, secrets):
    assert problems(probe(smsbat={"AUTH": auth, **secrets})) == set()


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        (lambda a, m: a.pop("messagelistId"), {"send.messagelist-id"}),
        (lambda a, m: a.update(messagelistId="x-1"), {"send.messagelist-id", "status.ids"}),
        (lambda a, m: m.pop("customerMessageId"), {"send.customer-message-id"}),
        (lambda a, m: m.update(messageId=5), {"send.message-id", "status.http-status"}),
        (lambda a, m: m.pop("messageId"), {"send.message-id"}),
        (lambda a, m: m.update(status="Taken"), {"send.status-word", "send.accepted"}),
        (lambda a, m: m.update(status="rejected"), {"send.accepted"}),
        (lambda a, m: m.update(parts=2), {"send.parts"}),
        (lambda a, m: m.update(parts="1"), {"send.parts"}),
        (lambda a, m: m.pop("parts"), {"send.parts"}),
        (lambda a, m: m.update(to="067 000 00 77"), {"send.phone"}),
        (lambda a, m: m.pop("to"), {"send.phone"}),
        (lambda a, m: m.update(route="x"), {"send.keys"}),
        (lambda a, m: a.update(balance={"left": 5}), {"send.keys"}),
        (lambda a, m: a["messages"].append(dict(m)), {"send.one-result"}),
        (lambda a, m: a.update(messages=[]), {"send.one-result", "send.accepted"}),
    ],
)
def test_a_difference_in_the_answer_to_a_send(probe, change, ids):
    found = problems(probe(of_send(change), follow=20))
    assert found - {"follow.final"} == ids


@pytest.mark.parametrize("to", ["380670000077", "+380670000077"])
def test_a_phone_with_or_without_the_plus_is_as_assumed(probe, to):
    assert problems(probe(of_send(lambda a, m: m.update(to=to)))) == set()


@pytest.mark.parametrize(
    ("change", "id"),
    [
        (lambda m: m.update(callerId="+380441111111"), "send.caller-id"),
        (lambda m: m.pop("callerId"), "send.caller-id"),
        (lambda m: m.update(pattern="xxx4567"), "send.pattern"),
        (lambda m: m.update(pattern="***0000"), "send.pattern"),
        (lambda m: m.pop("pattern"), "send.pattern"),
        (lambda m: m.update(ttl=600), "send.ttl"),
        (lambda m: m.update(ttl="60"), "send.ttl"),
    ],
)
def test_a_difference_in_the_answer_to_a_flash_call(probe, change, id):
    found = problems(probe(of_send(lambda a, m: change(m)), types=["flashcall"]))
    assert id in found
    assert found <= {id, "send.pattern"}  # the digits are compared with the calling number


@pytest.mark.parametrize(
    ("change", "ids"),
    [
        (lambda r: r.update(messageId="other"), {"status.ids"}),
        (lambda r: r.pop("messagelistId"), {"status.ids"}),
        (lambda r: r.update(deliverystatus="In transit"), {"status.word", "follow.final"}),
        (lambda r: r.update(deliverystatus="processing"), {"follow.final"}),
        (lambda r: r.update(deliverystatus="undeliverable"), {"follow.delivered"}),
        (lambda r: r.update(partscount="1"), {"status.partscount"}),
        (lambda r: r.pop("partscount"), {"status.partscount"}),
        (lambda r: r.update(partscount=2), {"status.parts-agree"}),
        (lambda r: r.update(cost="0.05"), {"status.cost"}),
        (lambda r: r.update(cost=-1), {"status.cost"}),
        (lambda r: r.pop("cost"), {"status.cost"}),
        (lambda r: r.update(rateAmount=0.05), {"status.currency"}),
        (lambda r: r.update(billAmount="1", billCurrency="euro"), {"status.currency"}),
        (lambda r: r.update(fallbacks={}), {"status.fallbacks"}),
        (lambda r: r.update(fallbacks=["sms"]), {"status.fallbacks"}),
        (lambda r: r.update(fallbacks=[{"type": "sms"}]), {"status.fallbacks"}),
        (lambda r: r.update(extendedStatuses=[]), {"status.extended-statuses"}),
        (
            lambda r: r.update(extendedStatuses={"telegram": "delivered"}),
            {"status.extended-statuses", "status.keys"},
        ),
        (lambda r: r.update(extendedStatuses={"sms": "gone"}), {"status.extended-statuses"}),
        (lambda r: r.update(cost=9, billAmount=8, billCurrency="USD"), {"status.money-agrees"}),
        (lambda r: r.update(rate=1, rateAmount=2, rateCurrency="USD"), {"status.money-agrees"}),
        (lambda r: r.update(operator="x"), {"status.keys"}),
    ],
)
def test_a_difference_in_a_status_answer(probe, change, ids):
    assert problems(probe(of_report(change), follow=20)) == ids


def test_a_status_that_moves_backwards_is_a_difference(probe):
    words = iter(["sent", "processing"])
    result = probe(of_report(lambda r: r.update(deliverystatus=next(words, "delivered"))))
    assert problems(result) == {"follow.order"}


def test_a_delivery_after_a_failure_is_no_difference(probe):
    result = probe(types=["viber_promo"], ending="05")
    assert problems(result) == set()
    assert result.messages[0].polls[-1].answer.object["fallbacks"]


def test_html_in_place_of_an_answer(probe):
    def alter(reply):
        if reply.is_send:
            reply.body, reply.headers["Content-Type"] = b"<html>", "text/html"

    found = problems(probe(alter))
    assert found == {"send.content-type", "send.json", "send.accepted"}
    assert Message.objects.get().status == "unconfirmed"


def test_a_server_error_is_a_failure_and_the_row_is_in_doubt(probe):
    def alter(reply):
        if reply.is_send:
            reply.status, reply.body = 500, b""

    assert problems(probe(alter)) == {"send.http-status", "send.json", "send.accepted"}
    assert Message.objects.get().status == "unconfirmed"


def test_a_status_answer_that_fails_once_is_a_difference_and_polling_goes_on(probe):
    failures = [503]

    def alter(reply):
        if reply.is_report and failures:
            reply.status = failures.pop()

    result = probe(alter)
    assert problems(result) == {"status.http-status"}
    assert Message.objects.get().status == "delivered"


@pytest.mark.parametrize(
    ("path", "method", "status", "change", "ids"),
    [
        ("unknown-id", "GET", 404, {"status": 200}, {"status", "keys", "code"}),
        ("unknown-id", "GET", 404, {"status": 410}, {"status"}),
        ("wrong-key", "GET", 401, {"status": 403}, {"status"}),
        ("invalid-recipient", "POST", 422, {"json": {"error": {"code": "X"}}}, {"code", "body"}),
        ("invalid-recipient", "POST", 422, {"json": {"error": "x", "message": "y"}}, {"code"}),
    ],
)
def test_a_difference_in_a_refusal(probe, path, method, status, change, ids):
    def alter(reply):
        if reply.method == method and reply.status == status:
            for name, value in change.items():
                setattr(reply, name, value)

    found = problems(probe(alter))
    assert found <= {f"refusal.{end} ({path})" for end in ids}
    assert found


def test_a_refusal_that_is_html_is_a_difference(probe):
    def alter(reply):
        if reply.status == 404:
            reply.body, reply.headers["Content-Type"] = b"<html>", "text/html"

    assert problems(probe(alter)) == {"refusal.body (unknown-id)"}


def test_an_invalid_recipient_that_is_accepted_is_a_difference(probe):
    def alter(reply):
        if reply.status == 422:
            reply.status = 200
            reply.json = {"messages": [{"status": "rejected", "messageId": "1"}]}

    result = probe(alter)
    assert problems(result) == {"refusal.status (invalid-recipient)"}
    (found,) = [one for one in result.findings if one.label == "invalid-recipient" and one.seen]
    assert found.seen == ('HTTP 200, status "rejected", assumed 400 or 422',)
