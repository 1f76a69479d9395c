"""One request of each kind to each endpoint, and the responses in a comparable form."""

import json
import re

from django.urls import reverse

from tests.settings import SECRET

AUTHORISED = {"x-authorization-key": SECRET}
UNKNOWN = "00000000-0000-4000-8000-000000000000"
REPORT = {
    "messageId": "s-1",
    "deliverystatus": "delivered",
    "timestamp": "2026-03-02T12:00:30Z",
    "cost": 0.05,
}
INBOUND = {
    "idUuid": "u-1",
    "alphaName": "AcmeShop",
    "phoneNumber": "380671112277",
    "text": "Чи відчинено?",
    "dt": "2026-03-02T12:00:30Z",
}
MALFORMED = ("{", "[]", "null", "{}", '"Привіт"', json.dumps({"x": "y" * 70_000}))
# Values that differ between two runs: ids, proofs, times and seconds to wait.
_CHANGING = [
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"), "TIME"),
    (re.compile(r"\b\d+ seconds?\b"), "SECONDS"),
    (re.compile(r"\+38067\d{7}"), "PHONE"),
    (re.compile(r'"proof":"[\w-]{43}"'), '"proof":"PROOF"'),
]
_HEADERS = ("Content-Type", "Allow", "Vary", "WWW-Authenticate")


def of_webhooks(client, urlconf="smsbat", **url_options):
    """Return both webhooks' responses to valid and to refused requests."""
    bodies = {"status": REPORT, "inbound": INBOUND}
    for name, body in bodies.items():
        url = reverse(f"{urlconf}:{name}", **url_options)
        good = json.dumps(body)
        json_type = {"content_type": "application/json"}
        yield client.post(url, good, **json_type, headers=AUTHORISED)
        yield client.post(url, good, **json_type, headers={**AUTHORISED, "accept": "text/html"})
        yield client.post(url + "?format=api&version=v7", good, **json_type, headers=AUTHORISED)
        yield client.post(url, good, **json_type)
        yield client.post(url, good, **json_type, headers={"x-authorization-key": "Wrong"})
        for malformed in (
            "{",
            "[]",
            "null",
            "{}",
            '"Привіт"',
            json.dumps({**body, "x": "y" * 70_000}),
        ):
            yield client.post(url, malformed, **json_type, headers=AUTHORISED)
        in_ukrainian = {**AUTHORISED, "accept-language": "uk"}
        yield client.post(url, "{}", **json_type, headers=in_ukrainian)
        yield client.post(url, body, headers=AUTHORISED)
        yield client.post(url, good, content_type="text/plain", headers=AUTHORISED)
        for method in ("get", "put", "options", "head"):
            yield getattr(client, method)(url, headers=AUTHORISED)


def of_api(client, smsbat, phone, namespace="smsbat-verification-api", **kwargs):
    """Yield the verification API's responses, from the first request to the verified phone."""
    start = reverse(f"{namespace}:start", kwargs=kwargs or None)
    body = {"phone": phone, "channel": "sms"}
    json_type = {"content_type": "application/json"}
    started = client.post(start, body, **json_type, headers={"accept": "text/html"})
    yield started
    yield client.post(start + "?format=api&version=v7", body, **json_type)  # the cooldown
    for wrong in ({"phone": "12"}, {"phone": "+48512345678"}, {**body, "channel": "pigeon"}):
        yield client.post(start, wrong, **json_type)
    for malformed in MALFORMED:
        yield client.post(start, malformed, **json_type)
    yield client.post(start, "{}", **json_type, headers={"accept-language": "uk"})
    yield client.post(start, body)
    yield client.post(start, "phone=1", content_type="application/x-www-form-urlencoded")
    for method in ("get", "put", "options", "head"):
        yield getattr(client, method)(start)
    key = started.json()["id"] if started.status_code == 201 else UNKNOWN
    code = smsbat.outbox[-1].code
    for pk, entered in ((UNKNOWN, code), (key, "Не код"), (key, code), (key, code)):
        url = reverse(f"{namespace}:check", kwargs={**kwargs, "pk": pk})
        yield client.post(url, {"code": entered}, **json_type)


def comparable(response):
    """Return status, headers and body of a response, without values that differ between runs."""
    body = response.content.decode()
    for pattern, instead in _CHANGING:
        body = pattern.sub(instead, body)
    headers = {name: response.headers.get(name) for name in _HEADERS}
    return response.status_code, headers, "Retry-After" in response.headers, body
