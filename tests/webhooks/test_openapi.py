"""The published description of the webhooks, and thousands of requests generated from it."""

import json
import random

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection
from hypothesis import HealthCheck, given, settings
from schemathesis.generation import GenerationMode

from django_smsbat.models import InboundMessage, Recipient, StatusEvent
from django_smsbat.services.tracking import recorder
from django_smsbat.webhooks.openapi import document
from scripts import openapi
from tests.conftest import NOON, phone
from tests.services.tracking.test_recorder import accepted
from tests.settings import SECRET
from tests.webhooks.cases import basic

pytestmark = pytest.mark.django_db
REQUESTS = 10_000
FROM_SCHEMA = 150  # valid, and as many invalid, for each webhook
CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_schema_conformance,
]
REFUSALS = {400, 401, 413, 415}


def test_what_is_published_is_what_the_webhooks_are():
    assert openapi.FILE.read_text() == openapi.rendered(), "make schema"


def application(environ, start_response):
    """The site, plus the OpenAPI document."""
    if environ["PATH_INFO"] == "/openapi.json":
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(document()).encode()]
    return get_wsgi_application()(environ, start_response)


@pytest.fixture
def _connection_is_the_tests_own():
    """Stop Django from closing the connection after each request: the test uses it."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.usefixtures("_connection_is_the_tests_own")
@pytest.mark.parametrize("door", ["inbound", "status"])
@pytest.mark.parametrize("mode", GenerationMode)
def test_requests_made_from_the_description_are_answered_as_it_says(door, mode):
    published = schemathesis.openapi.from_wsgi("/openapi.json", application)
    requests = published[f"/smsbat/{door}/"]["POST"].as_strategy(generation_mode=mode)

    @settings(max_examples=FROM_SCHEMA, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=requests)
    def answered_as_described(case):
        case.call_and_validate(headers={"Authorization": basic(SECRET)}, checks=CHECKS)

    answered_as_described()


VALID = {
    "inbound": {
        "idUuid": "u-1",
        "alphaName": "AcmeShop",
        "phoneNumber": phone(77)[1:],
        "text": "Чи відчинено?",
        "dt": "2026-01-20T14:30:00.000Z",
    },
    "status": {
        "messageId": "s-1",
        "deliverystatus": "delivered",
        "timestamp": "2026-03-02T12:00:30Z",
        "cost": 0.05,
    },
}
KNOWN = "s-1"  # a message that was accepted
VALUES = [
    *(
        "",
        " ",
        "\x00",
        "\ud800",
        "\u202e",
        "x" * 65,
        "x" * 30_000,
        "'; DROP TABLE x; --",
        "{{ 1 }}",
    ),
    *(
        "<script>alert(1)</script>",
        "=1+1",
        "%s%n",
        "../../etc/passwd",
        "NaN",
        "1e400",
        "٣٤٥",
        "🙏" * 50,
    ),
    *(None, True, False, 0, -1, 10**30, 1e308, -0.0, [], {}, [[]], {"a": {"b": [None]}}),
    *("0000-00-00", "2026-02-30T25:61:61Z", "9999-12-31T23:59:59+14:00", "+380", "+" + "9" * 31),
]
BODIES = [
    *(b"", b"\x00", b"\xff\xfe", b"null", b"[]", b'"x"', b"{", b"[" * 60_000, b'{"a":' * 9_000),
    b'{"messageId":"' + b"x" * 70_000 + b'"}',
    *(b"1e999999999", b"-", b'{"a":NaN}', b'{"a":Infinity}', b"{}" * 20_000, b"\xef\xbb\xbf{}"),
]
TYPES = [
    "application/json",
    "application/JSON; charset=utf-8",
    "text/plain",
    "multipart/form-data",
    "",
]


def hostile(chance):
    """Generate one tampered request for either webhook."""
    door = chance.choice(list(VALID))
    body = dict(VALID[door])
    body[next(iter(body))] = chance.choice([f"id-{chance.randrange(10**9)}", KNOWN])
    for _ in range(chance.randrange(3)):
        name = chance.choice([*body, "extra", "fallbacks", "extendedStatuses", "billAmount"])
        body[name] = chance.choice(VALUES)
    if chance.random() < 0.2:
        body.pop(chance.choice(list(body)))
    raw = json.dumps(body).encode()
    way = chance.random()
    if way < 0.1:
        raw = chance.choice(BODIES)
    elif way < 0.3:
        place = chance.randrange(len(raw) + 1)
        raw = (
            raw[:place] + chance.randbytes(chance.randrange(4)) + raw[place + chance.randrange(3) :]
        )
    kind = chance.choice(TYPES) if chance.random() < 0.05 else "application/json"
    secret = chance.choice([SECRET, SECRET, SECRET, "wrong", ""]) if way > 0.9 else SECRET
    return f"/smsbat/{door}/", raw, kind, secret


def newest():
    """Return the newest keys of both tables: counting ten thousand times would be slow."""
    tables = [model._meta.db_table for model in (InboundMessage, StatusEvent)]
    asked = ", ".join(f"(SELECT max(id) FROM {table})" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked}")
        return cursor.fetchone()


@pytest.mark.slow
def test_hostile_bodies_by_the_thousand_make_no_5xx_and_store_nothing_that_was_refused(
    client, queued
):
    message = queued(status="sending", attempts=1)
    recorder.record([accepted(message, KNOWN)], NOON)
    chance = random.Random(20_260_302)
    before, answered = newest(), 0
    seen = set()
    for _ in range(REQUESTS - 4 * FROM_SCHEMA):
        url, raw, kind, secret = hostile(chance)
        answer = client.post(url, raw, content_type=kind, headers={"authorization": basic(secret)})
        seen.add(answer.status_code)
        assert answer.status_code in {200, *REFUSALS}, (url, raw[:300])
        if secret != SECRET:
            assert answer.status_code == 401
        now = newest()
        assert now == before or answer.status_code == 200, (url, raw[:300])
        before, answered = now, answered + (answer.status_code == 200)
    assert seen == {200, *REFUSALS}
    kept = InboundMessage.objects.count() + StatusEvent.objects.count() - 1
    assert 2_000 < kept <= answered
    assert StatusEvent.objects.filter(message=message).count() > 100
    assert StatusEvent.objects.filter(message=None).count() > 1_000
    for told in InboundMessage.objects.values_list("text", flat=True):
        assert "\x00" not in told
    assert all(one.phone.startswith("+") for one in Recipient.objects.all())
