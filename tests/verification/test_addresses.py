"""The address that limits count: a request without an address is refused, not left uncounted."""

import pytest
from django.urls import reverse

from django_smsbat import verification
from django_smsbat.models import Verification
from django_smsbat.services.verification.limits import hashed_address
from django_smsbat.verification import api, session, views
from tests.conftest import phone

ANSWER = {"phone": phone(77), "channel": "sms"}
PAGE, API = "smsbat-verification:start", "smsbat-verification-api:start"


def post_api(client, **meta):
    return client.post(reverse(API), ANSWER, content_type="application/json", **meta)


@pytest.mark.parametrize("address", ["", "  "])
def test_the_api_answers_503_and_the_log_names_the_fix(client, smsbat, db, caplog, address):
    refused = post_api(client, REMOTE_ADDR=address)
    assert refused.status_code == 503
    assert "REMOTE_ADDR" not in refused.content.decode()
    [line] = [one.getMessage() for one in caplog.records if one.name == "django_smsbat"]
    assert "REMOTE_ADDR is empty" in line
    assert "address_of" in line
    assert not smsbat.outbox


@pytest.mark.parametrize("address", ["", "  "])
def test_the_page_answers_503_in_words_for_visitors(client, smsbat, db, caplog, address):
    refused = client.post(reverse(PAGE), ANSWER, REMOTE_ADDR=address)
    shown = refused.content.decode()
    assert (refused.status_code, "No codes can be sent at the moment." in shown) == (503, True)
    assert "REMOTE_ADDR" not in shown
    assert "REMOTE_ADDR is empty" in caplog.text
    assert not smsbat.outbox


def test_another_code_needs_an_address_too(client, smsbat, db):
    client.post(reverse(PAGE), ANSWER)
    smsbat.let_time_pass(2)
    url = reverse("smsbat-verification:check")
    refused = client.post(url, {"again": "1"}, REMOTE_ADDR="")
    assert (refused.status_code, len(smsbat.outbox)) == (503, 1)
    assert client.post(url, {"again": "1"}).status_code == 302


def test_a_request_without_the_key_is_refused_as_under_asgi(rf, smsbat, db):
    request = rf.post("/", ANSWER, content_type="application/json")
    del request.META["REMOTE_ADDR"]
    assert api.StartView.as_view()(request).status_code == 503


@pytest.mark.parametrize("given", ["", None])
def test_an_own_address_that_is_empty_is_refused(rf, smsbat, db, given):
    class Start(api.StartView):
        def address_of(self, request):
            return given

    request = rf.post("/", ANSWER, content_type="application/json")
    assert Start.as_view()(request).status_code == 503


@pytest.mark.parametrize("kind", [api.StartView, views.StartView])
def test_an_own_address_is_counted(rf, smsbat, client, db, kind):
    class Start(kind):
        def address_of(self, request):
            return request.META["HTTP_X_REAL_IP"]

    as_json = {"content_type": "application/json"} if kind is api.StartView else {}
    request = rf.post("/", ANSWER, **as_json, headers={"x-real-ip": "192.0.2.7"})
    request.session, request._dont_enforce_csrf_checks = client.session, True
    assert Start.as_view()(request).status_code in (201, 302)
    assert Verification.objects.get().address_hash == hashed_address("192.0.2.7")


def test_the_documented_middleware_gives_the_address(client, smsbat, settings, db):
    middleware = "tests.project.documented.real_address.RealAddress"
    settings.MIDDLEWARE = [middleware, *settings.MIDDLEWARE]
    assert post_api(client, REMOTE_ADDR="", headers={"x-real-ip": "192.0.2.7"}).status_code == 201
    assert Verification.objects.get().address_hash == hashed_address("192.0.2.7")


def test_own_code_may_go_without_an_address(smsbat, db):
    assert verification.start(phone(77), "sms").status == "pending"


class TestSession:
    """The pages also identify the visitor by the session."""

    def test_a_visitor_who_changes_networks_replaces_their_own_code(self, client, smsbat, db):
        client.post(reverse(PAGE), ANSWER, REMOTE_ADDR="192.0.2.1")
        client.post(reverse(PAGE), ANSWER, REMOTE_ADDR="192.0.2.2")
        assert [one.status for one in Verification.objects.order_by("pk")] == [
            "replaced",
            "pending",
        ]

    def test_a_stranger_does_not(self, client, async_client, smsbat, db):
        client.post(reverse(PAGE), ANSWER, REMOTE_ADDR="192.0.2.1")
        code = smsbat.outbox[-1].code
        post_api(client, REMOTE_ADDR="203.0.113.9")
        done = client.post(reverse("smsbat-verification:check"), {"code": code})
        assert done.status_code == 302

    def test_the_proof_is_kept_there_and_in_no_url(self, client, rf, smsbat, db):
        client.post(reverse(PAGE), ANSWER)
        url = reverse("smsbat-verification:check")
        done = client.post(url, {"code": smsbat.outbox[-1].code}, follow=True)
        request = rf.get("/")
        request.session = client.session
        proof = request.session["smsbat_proof"]
        assert proof not in done.content.decode() + str(done.redirect_chain)
        assert session.phone_of(request) == session.phone_of(request) == phone(77)
        assert session.take_phone(request) == phone(77)
        assert (session.take_phone(request), session.phone_of(request)) == (None, None)
        assert verification.take(proof) is None


def test_the_kit_gives_proofs_to_tests(smsbat, db):
    proof = smsbat.proof_for("067 111 22 33", purpose="login")
    assert verification.take(proof) is None
    assert verification.take(proof, purpose="login") == "+380671112233"
