"""The sandbox acts as SMSBAT according to its documents, on a real port."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import monotonic, sleep

import pytest
import requests

from django_smsbat.gateway.dialects import Dialect, Outgoing
from django_smsbat.gateway.errors import ErrorKind, GatewayError
from django_smsbat.gateway.messages import Content
from django_smsbat.gateway.statuses import Status
from django_smsbat.sandbox import fates
from django_smsbat.sandbox.callbacks import Target
from tests.conftest import client_for, phone
from tests.gateway.test_contract import REQUESTS

KEY = {"X-Authorization-Key": "sandbox-key"}


def outgoing(ending, number=1, **content):
    fields = {"type": "sms", "sender": "AcmeShop", "text": "Hi", **content}
    return Outgoing(f"{number}-a", phone(ending), Content(**fields))


def eventually(condition, seconds=10):
    deadline = monotonic() + seconds
    while not (found := condition()):
        assert monotonic() < deadline, "it never came"
        sleep(0.02)
    return found


@pytest.fixture
def sandbox(start_sandbox):
    return start_sandbox()


@pytest.fixture
def client(sandbox):
    made = client_for(sandbox.url)
    yield made
    made.close()


def post(sandbox, body, **options):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **KEY, **options.pop("headers", {})}
    return requests.post(
        f"{sandbox.url}/bat/messagelist", data, headers=headers, timeout=5, **options
    )


@pytest.mark.parametrize("name", REQUESTS)
def test_every_sample_of_a_request_is_taken(sandbox, name):
    answer = post(sandbox, {"messages": [REQUESTS[name]]})
    assert answer.status_code == 200
    assert answer.json()["messages"][0]["status"] in ("accepted", "sent")


@pytest.mark.parametrize("digits", sorted(fates.BY_LAST_DIGITS))
def test_the_last_two_digits_decide(client, digits):
    final = {
        "00": Status.UNDELIVERABLE,
        "01": Status.EXPIRED,
        "02": Status.REJECTED,
        "03": Status.FAILED,
        "04": Status.READ,
        "05": Status.DELIVERED,
        "06": Status.PROCESSING,
    }[digits]
    result = client.send([outgoing(digits)]).results["1-a"]
    assert (result.status is Status.REJECTED) is (digits == "02")
    sleep(0.01)  # ten seconds of a sandbox at speed 1,000
    assert client.status(result.message_id).status is final


def test_anything_else_is_delivered_with_parts_and_cost(client):
    result = client.send([outgoing(77, text="ї" * 71)]).results["1-a"]
    sleep(0.01)
    report = client.status(result.message_id)
    assert (result.parts, report.status, report.parts) == (2, Status.DELIVERED, 2)
    assert str(report.money.amount) == "0.100000"


def test_where_viber_fails_the_fallback_delivers_and_says_so(client):
    promo = outgoing("05", type="viber_promo", fallback_text="Hi by SMS")
    result = client.send([promo]).results["1-a"]
    sleep(0.01)
    report = client.status(result.message_id)
    assert (report.status, report.channels["sms"]) == (Status.DELIVERED, "delivered")
    assert report.payload["extendedStatuses"] == {"viber": "undeliverable", "sms": "delivered"}


def test_without_a_fallback_that_fate_is_undeliverable(client):
    result = client.send([outgoing("05", type="viber_promo")]).results["1-a"]
    sleep(0.01)
    assert client.status(result.message_id).status is Status.UNDELIVERABLE


@pytest.mark.slow
def test_statuses_move_with_time(start_sandbox):
    client = client_for(start_sandbox(speed=6).url)
    result = client.send([outgoing(77)]).results["1-a"]
    assert client.status(result.message_id).status is Status.PROCESSING
    eventually(lambda: client.status(result.message_id).status is Status.DELIVERED)
    client.close()


def test_both_dialects_are_understood(sandbox):
    client = client_for(sandbox.url, dialect=Dialect.OVERVIEW)
    answer = client.send([outgoing(1, 1), outgoing(2, 2)])
    assert [answer.results[key].status for key in ("1-a", "2-a")] == [
        Status.ACCEPTED,
        Status.REJECTED,
    ]
    client.close()


@pytest.mark.parametrize(
    ("headers", "auth", "status"),
    [
        (KEY, None, 200),
        ({}, ("@", "sandbox-key"), 200),
        ({}, ("sandbox", "sandbox-password"), 200),
        ({}, ("sandbox", "wrong"), 401),
        ({"X-Authorization-Key": "wrong"}, None, 401),
        ({"Authorization": b"Basic \xff\xff"}, None, 401),
        ({}, None, 401),
    ],
)
def test_three_ways_lead_in(sandbox, headers, auth, status):
    url = f"{sandbox.url}/bat/messagelist"
    body = json.dumps({"messages": [REQUESTS["sms"]]}).encode()
    sent = {"Content-Type": "application/json", **headers}
    assert requests.post(url, body, headers=sent, auth=auth, timeout=5).status_code == status


SMS = REQUESTS["sms"]
CALL = {key: value for key, value in REQUESTS["flashcall"].items() if key != "messageData"}
REFUSED = [
    ({}, 400, 1002, "Missing required field: 'messages'"),
    ([], 400, 1001, ""),
    ({"messages": {}}, 400, 1001, ""),
    ({"messages": []}, 400, 1001, ""),
    ({"messages": [1]}, 400, 1001, ""),
    ({"messages": [SMS] * 5_001}, 400, 1001, "5000"),
    ({"messages": [{k: v for k, v in SMS.items() if k != "to"}]}, 400, 1002, "'to'"),
    ({"messages": [{k: v for k, v in SMS.items() if k != "from"}]}, 400, 1002, "'from'"),
    ({"messages": [{**SMS, "text": ""}]}, 400, 1002, "'text'"),
    ({"messages": [{**SMS, "surprise": 1}]}, 400, 1001, "surprise"),
    ({"messages": [{**SMS, "type": "viber", "messageData": 5}]}, 400, 1001, ""),
    ({"messages": [{**SMS, "to": "12"}]}, 422, "INVALID_RECIPIENT", "phone"),
    ({"messages": [{**SMS, "from": "Занадто довгий"}]}, 422, "INVALID_SENDER", ""),
    (
        {"messages": [{**SMS, "type": "viber_promo", "text": "x" * 1_001}]},
        422,
        "MESSAGE_TOO_LONG",
        "",
    ),
    ({"messages": [CALL]}, 400, 1002, "Missing required field: 'callerId'"),
    ({"messages": [{**CALL, "messageData": {}}]}, 400, 1002, "'callerId'"),
    ({"messages": [{**CALL, "messageData": {"callerId": ""}}]}, 400, 1002, "'callerId'"),
    ({"messages": [{**CALL, "messageData": {"callerId": None}}]}, 400, 1002, "'callerId'"),
    ({"messages": [{**CALL, "messageData": {"callerId": "12"}}]}, 400, 1003, "'callerId'"),
    ({"messages": [{**SMS, "ttl": "soon"}]}, 400, 1001, "ttl"),
    ({"messages": [{**SMS, "ttl": ""}]}, 400, 1001, "ttl"),
    (b"{", 400, 1001, "JSON"),
    (b"[" * 50_000, 400, 1001, "JSON"),
]


@pytest.mark.parametrize(("body", "status", "code", "words"), REFUSED)
def test_what_smsbat_refuses_is_refused_in_its_words(sandbox, body, status, code, words):
    answer = post(sandbox, body)
    told = answer.json()
    told = told["error"] if isinstance(told["error"], dict) else told
    assert (answer.status_code, told["code"]) == (status, code)
    assert words in told["message"]
    assert not sandbox.sandbox.ledger.entries


def test_a_body_that_is_no_json_is_415(sandbox):
    assert post(sandbox, b"x", headers={"Content-Type": "text/plain"}).status_code == 415


def test_an_id_that_it_does_not_know_is_404(client):
    with pytest.raises(GatewayError) as error:
        client.status("nobody")
    assert error.value.kind is ErrorKind.NOT_FOUND


def test_over_the_rate_it_answers_429(start_sandbox):
    sandbox = start_sandbox(send_rate=4)
    statuses = [post(sandbox, {"messages": [SMS]}).status_code for _ in range(8)]
    assert statuses[:6] == [200] * 6
    assert 429 in statuses


@pytest.mark.parametrize("caller", ["+380441234567", "+48221876543"])
def test_a_flash_call_comes_from_the_number_that_was_given(sandbox, client, caller):
    call = outgoing(77, type="flashcall", text="", message_data={"callerId": caller})
    result = client.send([call]).results["1-a"]
    assert (result.caller_id, result.pattern) == (caller, f"***{caller[-6:]}")
    [shown] = requests.get(f"{sandbox.url}/phones", timeout=5).json()["phones"]
    assert shown["bubbles"][0]["data"] == {"callerId": caller}


class Receiver:
    """A site's webhooks on a real port, with scripted responses."""

    def __init__(self, statuses=()):
        self.posts = []
        statuses = list(statuses)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.posts.append((self.path, self.headers["Authorization"], body))
                self.send_response(statuses.pop(0) if statuses else 200)
                self.end_headers()

            def log_message(self, *args):
                """Print nothing during tests."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://smsbat:s%2Fecret@127.0.0.1:{self.server.server_port}/smsbat/"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)


@pytest.fixture
def receive():
    started = []

    def start(*statuses):
        receiver = Receiver(statuses)
        receiver.thread.start()
        started.append(receiver)
        return receiver

    yield start
    for receiver in started:
        receiver.server.shutdown()
        receiver.server.server_close()


def test_statuses_are_called_back_with_the_secret(start_sandbox, receive):
    site = receive()
    client = client_for(start_sandbox(callback_url=site.url, speed=50).url)
    result = client.send([outgoing("04")]).results["1-a"]
    client.close()
    eventually(lambda: len(site.posts) == 2)
    assert [body["deliverystatus"] for _path, _auth, body in site.posts] == ["delivered", "read"]
    path, authorization, body = site.posts[0]
    assert (path, body["messageId"]) == ("/smsbat/status/", result.message_id)
    assert authorization == requests.auth._basic_auth_str("smsbat", "s/ecret")


@pytest.mark.slow
def test_a_callback_that_was_not_taken_comes_again(start_sandbox, receive):
    site = receive(503)
    client = client_for(start_sandbox(callback_url=site.url).url)
    client.send([outgoing(77)])
    client.close()
    eventually(lambda: len(site.posts) == 2)
    assert site.posts[0][2]["messageId"] == site.posts[1][2]["messageId"]


class TestCallbacksInDisorder:
    def sent(self, start_sandbox, receive, fault, *endings, speed=50):
        site = receive()
        sandbox = start_sandbox(callback_url=site.url, speed=speed, faults=(f"callback/{fault}",))
        client = client_for(sandbox.url)
        client.send([outgoing(ending, place) for place, ending in enumerate(endings)])
        client.close()
        self.told_before_the_answer = len(site.posts)
        return site, sandbox

    def record(self, sandbox):
        return requests.get(f"{sandbox.url}/record", timeout=5).json()

    def test_one_may_come_twice(self, start_sandbox, receive):
        site, _ = self.sent(start_sandbox, receive, "duplicate@100%", 77)
        eventually(lambda: len(site.posts) == 2)
        assert site.posts[0] == site.posts[1]

    def test_one_may_be_overtaken(self, start_sandbox, receive):
        site, _ = self.sent(start_sandbox, receive, "reorder@100%", *["04"] * 40)
        eventually(lambda: len(site.posts) == 80)
        told = [(body["messageId"], body["deliverystatus"]) for _path, _auth, body in site.posts]
        firsts = dict(reversed(told))
        assert set(firsts.values()) == {"delivered", "read"}

    def test_one_may_come_late(self, start_sandbox, receive):
        site, sandbox = self.sent(start_sandbox, receive, "delay:300@1", 77, 78)
        eventually(lambda: len(site.posts) == 1)
        eventually(lambda: self.record(sandbox)["callbacks_to_come"] == 1)

    def test_one_may_come_before_the_answer(self, start_sandbox, receive):
        _, sandbox = self.sent(start_sandbox, receive, "precede@100%", 77, speed=0.01)
        assert self.told_before_the_answer == 1
        assert list(self.record(sandbox)["statuses"].values()) == ["delivered"]


def test_statuses_are_not_called_back_where_that_is_switched_off(start_sandbox, receive):
    site = receive()
    sandbox = start_sandbox(callback_url=site.url, status_callbacks=False)
    client = client_for(sandbox.url)
    client.send([outgoing(77)])
    client.close()
    requests.post(f"{sandbox.url}/phones/{phone(77)}/reply", json={"text": "Hi"}, timeout=5)
    assert [path for path, _auth, _body in site.posts] == ["/smsbat/inbound/"]


def test_what_is_written_on_a_phone_is_called_back(start_sandbox, receive):
    site = receive()
    sandbox = start_sandbox(callback_url=site.url)
    client = client_for(sandbox.url)
    client.send([outgoing("06")])
    client.close()
    url = f"{sandbox.url}/phones/{phone('06')}/reply"
    assert requests.post(url, json={"text": "Чи відчинено?"}, timeout=5).json() == {"taken": True}
    told = next(body for path, _auth, body in site.posts if "inbound" in path)
    assert (told["phoneNumber"], told["alphaName"], told["text"]) == (
        phone("06")[1:],
        "AcmeShop",
        "Чи відчинено?",
    )


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"text": " "}', b"{"])
def test_an_empty_or_broken_reply_is_refused(sandbox, body):
    answer = requests.post(
        f"{sandbox.url}/phones/{phone(1)}/reply",
        body,
        headers={"Content-Type": "application/json"},
        timeout=5,
    )
    assert answer.status_code == 400


def test_a_foreign_pages_form_cannot_write_for_a_phone(sandbox):
    url = f"{sandbox.url}/phones/{phone(1)}/reply"
    assert requests.post(url, data={"text": "x"}, timeout=5).status_code == 415


def test_the_page_shows_phones_latest_first_and_finds_by_digits(sandbox, client):
    for ending in (11, 12, 11):
        client.send([outgoing(ending)])
    shown = requests.get(f"{sandbox.url}/phones", timeout=5).json()
    assert [one["phone"] for one in shown["phones"]] == [phone(11), phone(12)]
    assert len(shown["phones"][0]["bubbles"]) == 2
    found = requests.get(f"{sandbox.url}/phones?search=0012", timeout=5).json()
    assert [one["phone"] for one in found["phones"]] == [phone(12)]


def test_the_page_and_its_files_are_served_under_a_strict_policy(sandbox):
    page = requests.get(sandbox.url, timeout=5)
    assert page.headers["Content-Security-Policy"] == "default-src 'self'"
    for name in ("phones.css", "phones.js", "icon.svg"):
        assert name in page.text
        assert requests.get(f"{sandbox.url}/static/{name}", timeout=5).status_code == 200


def test_its_own_count_can_be_read(sandbox, client):
    client.send([outgoing(1), outgoing(1, 2)])
    told = requests.get(f"{sandbox.url}/statistics", timeout=5).json()
    assert (told["messages"], told["phones"], told["most_to_one_phone"]) == (2, 1, 2)
    assert told["requests"] == {"send": 1}


def test_five_thousand_messages_are_one_request(client):
    batch = [outgoing(number, number) for number in range(5_000)]
    assert len(client.send(batch).results) == 5_000


def test_the_secret_is_taken_out_of_the_callback_address():
    target = Target.parse("http://me:p%40ss@site.example:8000/smsbat")
    assert target.url == "http://site.example:8000/smsbat/"
    assert target.headers == {"Authorization": requests.auth._basic_auth_str("me", "p@ss")}
    assert "p@ss" not in repr(target)
