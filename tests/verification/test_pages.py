"""The two pages, as a visitor sees them."""

import re

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation

from django_smsbat.models import Verification, VerificationStatus
from django_smsbat.services.verification.checking import Checked
from django_smsbat.services.verification.refusals import NotStarted, Why
from django_smsbat.verification import session
from django_smsbat.verification.sentences import (
    NOT_STARTED,
    NOT_VERIFIED,
    why_not_started,
    why_not_verified,
)
from django_smsbat.verification.views import CheckView, DoneView, StartView
from tests.conftest import phone

START, CHECK = "smsbat-verification:start", "smsbat-verification:check"


@pytest.fixture
def visitor(client, sandbox, transactional_db):
    """A browser, and the sandbox's phones."""
    client.ledger = sandbox.sandbox.ledger
    return client


def ask(visitor, to="067 000 00 77", channel="viber_otp", query="", **more):
    return visitor.post(reverse(START) + query, {"phone": to, "channel": channel, **more})


def enter(visitor, code):
    return visitor.post(reverse(CHECK), {"code": code})


def code_on(visitor, number=None):
    """Return the code on the phone."""
    message = visitor.ledger.by_phone[number or phone(77)][-1].message
    if message["type"] == "flashcall":
        return message["messageData"]["callerId"][-6:]
    data = message.get("messageData", {})
    return data.get("templateParams", {}).get("pin") or re.search(r"\d{6}", message["text"])[0]


def wrong(code):
    return str((int(code) + 1) % 1_000_000).zfill(6)


@pytest.mark.parametrize("channel", ["viber_otp", "sms", "flashcall"])
def test_from_the_phone_to_done(visitor, channel):
    asked = ask(visitor, channel=channel)
    assert asked.url == reverse(CHECK)
    assert phone(77) in visitor.get(asked.url).content.decode()
    done = visitor.post(asked.url, {"code": code_on(visitor)}, follow=True)
    assert phone(77) in done.content.decode()
    assert Verification.objects.get().is_verified


def test_without_sessions_no_code_leaves_that_nobody_could_enter(visitor, settings):
    settings.MIDDLEWARE = []
    with pytest.raises(ImproperlyConfigured, match="SessionMiddleware"):
        ask(visitor)
    assert not visitor.ledger.entries


def test_where_it_goes_on_is_remembered_if_it_is_of_this_site(visitor):
    ask(visitor, query="?next=/checkout/")
    assert enter(visitor, code_on(visitor)).url == "/checkout/"


def test_and_not_if_it_is_not(visitor):
    ask(visitor, query="?next=https://evil.example.com/")
    assert enter(visitor, code_on(visitor)).url == reverse("smsbat-verification:done")


def test_a_wrong_code_is_said_with_what_is_left(visitor):
    ask(visitor)
    page = enter(visitor, wrong(code_on(visitor))).content.decode()
    assert "This is not the code. You can try 4 more times." in page


def test_the_phone_that_was_typed_wrong_is_said(visitor):
    page = ask(visitor, to="12").content.decode()
    assert "Give a phone number, such as +380671112233." in page


def test_too_often_is_said_with_when(visitor):
    ask(visitor)
    page = ask(visitor).content.decode()
    assert re.search(r"A code was asked for a moment ago. Try again in \d+ seconds.", page)


def test_what_could_not_be_sent_is_said(visitor):
    page = ask(visitor, to="067 000 00 02").content.decode()
    assert "The code could not be sent." in page


def test_without_a_sender_the_visitor_is_told_no_more_than_they_can_use(visitor, settings):
    settings.SMSBAT = {**settings.SMSBAT, "SENDER": ""}
    page = ask(visitor).content.decode()
    assert "No codes can be sent at the moment." in page
    assert "SMSBAT" not in page


def test_another_code_is_sent_when_the_cooldown_is_over(visitor, settings):
    ask(visitor)
    first = code_on(visitor)
    page = visitor.post(reverse(CHECK), {"again": "1"}).content.decode()
    assert "A code was asked for a moment ago." in page
    settings.SMSBAT = {**settings.SMSBAT, "VERIFY_COOLDOWN": 0}
    assert visitor.post(reverse(CHECK), {"again": "1"}).url == reverse(CHECK)
    assert len(visitor.ledger.by_phone[phone(77)]) == 2
    if first != code_on(visitor):
        assert "This is not the code" in enter(visitor, first).content.decode()
    assert enter(visitor, code_on(visitor)).status_code == 302


def test_another_code_may_come_by_another_way(visitor, settings):
    settings.SMSBAT = {**settings.SMSBAT, "VERIFY_COOLDOWN": 0}
    ask(visitor)
    page = visitor.get(reverse(CHECK)).content.decode()
    assert 'value="flashcall"' in page
    assert 'value="viber_otp"' not in page
    visitor.post(reverse(CHECK), {"again": "flashcall"})
    assert [one.channel for one in Verification.objects.order_by("pk")] == [
        "viber_otp",
        "flashcall",
    ]
    visitor.post(reverse(CHECK), {"again": "pigeon"})
    assert Verification.objects.latest("pk").channel == "flashcall"


def test_a_project_may_fill_in_the_phone(rf, db, monkeypatch):
    monkeypatch.setattr(StartView, "phone_to_offer", lambda self, request: phone(77))
    request = rf.get("/")
    request.session = {}
    page = StartView.as_view()(request).render().content.decode()
    assert f'value="{phone(77)}"' in page


def test_one_that_was_replaced_says_so_and_takes_no_code(visitor, settings):
    ask(visitor)
    Verification.objects.update(status="replaced")
    page = visitor.get(reverse(CHECK)).content.decode()
    assert "A newer code was sent" in page
    assert 'name="code"' not in page
    assert 'name="again"' in page


def test_done_shows_what_was_proved_whatever_for(rf, visitor):
    class Login(CheckView):
        purpose = "login"

    class Start(StartView):
        purpose = "login"

    store = visitor.session
    request = rf.post("/", {"phone": phone(77), "channel": "sms"})
    request._dont_enforce_csrf_checks = True
    Start.as_view()(_with(request, store))
    request = rf.post("/", {"code": code_on(visitor)})
    request._dont_enforce_csrf_checks = True
    Login.as_view()(_with(request, store))
    page = DoneView.as_view()(_with(rf.get("/"), store)).render().content.decode()
    assert phone(77) in page


def test_after_too_many_tries_nothing_can_be_entered(visitor):
    ask(visitor)
    for _ in range(5):
        page = enter(visitor, wrong(code_on(visitor))).content.decode()
    assert "Too many wrong codes: ask for another one." in page
    assert ">Verify</button>" not in page


def test_who_asked_for_nothing_is_led_to_the_beginning(visitor):
    assert visitor.get(reverse(CHECK)).url == reverse(START)
    assert "Ask for a code" in visitor.get(reverse("smsbat-verification:done")).content.decode()


def test_another_session_cannot_enter_it(visitor):
    ask(visitor)
    stranger = Client()
    assert enter(stranger, code_on(visitor)).url == reverse(START)
    assert session_of(stranger, "") is None
    assert enter(visitor, code_on(visitor)).status_code == 302
    assert session_of(visitor, "") == phone(77)


def session_of(visitor, purpose):
    request = RequestFactory().get("/")
    request.session = visitor.session
    return session.phone_of(request, purpose=purpose)


def test_an_id_cannot_be_guessed(visitor):
    ask(visitor)
    made = Verification.objects.get()
    assert made.id.version == 4
    assert str(made.pk) not in str(made.id).split("-")


def test_with_the_proof_the_session_gets_a_new_key(visitor):
    ask(visitor)
    before = visitor.session.session_key
    enter(visitor, code_on(visitor))
    assert visitor.session.session_key != before


def test_where_an_abandoned_one_led_is_forgotten(visitor, settings):
    settings.SMSBAT = {**settings.SMSBAT, "VERIFY_COOLDOWN": 0}
    ask(visitor, query="?next=/checkout/")
    ask(visitor)
    assert enter(visitor, code_on(visitor)).url == reverse("smsbat-verification:done")


@pytest.mark.parametrize("missing", ["API_KEY", "BASE_URL"])
def test_a_misconfigured_site_says_no_more_than_the_visitor_can_use(
    visitor, settings, missing, caplog
):
    settings.SMSBAT = {**settings.SMSBAT, missing: ""}
    page = ask(visitor)
    assert (page.status_code, "No codes can be sent" in page.content.decode()) == (503, True)
    assert missing in caplog.text


def test_the_beginning_may_be_an_address(rf, visitor):
    class Check(CheckView):
        start_url = "/somewhere/else/"

    ask(visitor)
    page = Check.as_view()(_with(rf.get("/"), visitor.session))
    assert 'href="/somewhere/else/"' in page.render().content.decode()


def test_the_limit_by_address_counts_who_asks(visitor, settings):
    settings.SMSBAT = {**settings.SMSBAT, "VERIFY_PER_ADDRESS": 1}
    ask(visitor)
    assert "from your network" in ask(visitor, to=phone(78)).content.decode()


def test_a_forwarded_address_is_not_believed(visitor, settings):
    settings.SMSBAT = {**settings.SMSBAT, "VERIFY_PER_ADDRESS": 1}
    for n, address in ((11, "192.0.2.1"), (12, "192.0.2.2")):
        headers = {"x-forwarded-for": address}
        data = {"phone": phone(n), "channel": "sms"}
        page = visitor.post(reverse(START), data, headers=headers)
    assert "from your network" in page.content.decode()


def test_pages_are_not_kept_by_caches_and_speak_ukrainian(visitor):
    page = visitor.get(reverse(START), headers={"accept-language": "uk"})
    assert "no-store" in page["Cache-Control"]
    assert "Отримати код" in page.content.decode()
    assert '<html lang="uk">' in page.content.decode()


def test_a_project_gives_them_its_own_purpose_and_ending(rf, visitor, settings):
    class Checkout:
        purpose = "checkout"
        channels = ("sms",)

    class Start(Checkout, StartView):
        pass

    class Check(Checkout, CheckView):
        def verified(self, number, next_url):
            assert session.phone_of(self.request, purpose="checkout") == number
            return self.render_to_response({"form": None})

    store = visitor.session

    def through(view, data):
        request = rf.post("/", data)
        request.session = store
        request._dont_enforce_csrf_checks = True
        return view.as_view()(request)

    assert "radio" not in Start.as_view()(_with(rf.get("/"), store)).rendered_content
    through(Start, {"phone": phone(77), "channel": "sms"})
    assert Verification.objects.get().purpose == "checkout"
    assert through(Check, {"code": code_on(visitor)}).status_code == 200
    assert through(Start, {"phone": phone(78), "channel": "viber_otp"}).status_code == 200
    assert Verification.objects.count() == 1


def _with(request, store):
    request.session = store
    return request


def test_a_failure_after_the_check_gives_no_attempt_back(visitor, settings, monkeypatch):
    """The attempt counts even if the project wraps requests in transactions."""
    monkeypatch.setitem(django_settings.DATABASES["default"], "ATOMIC_REQUESTS", True)
    ask(visitor)
    monkeypatch.setattr(CheckView, "form_invalid", _failing)
    with pytest.raises(ZeroDivisionError):
        enter(visitor, wrong(code_on(visitor)))
    assert Verification.objects.get().attempts == 1


def _failing(self, form):
    raise ZeroDivisionError


def test_every_reason_has_its_sentence_in_both_languages():
    assert set(NOT_STARTED) == set(Why)
    assert set(NOT_VERIFIED) == set(VerificationStatus)
    for words in (*NOT_STARTED.values(), *NOT_VERIFIED.values()):
        with translation.override("uk"):
            assert re.search("[а-яі]", str(words))


@pytest.mark.parametrize(
    ("seconds", "ending"),
    [(0.2, "in 1 second."), (60, "in 60 seconds."), (61, "in 2 minutes."), (None, "here.")],
)
def test_when_to_ask_again_is_told_in_what_people_count_in(seconds, ending):
    with translation.override("en"):
        assert why_not_started(NotStarted(Why.NOT_ALLOWED, seconds)).endswith(ending)


def test_a_check_of_nothing_says_so():
    with translation.override("en"):
        assert why_not_verified(Checked(None)) == "There is no such verification: ask for a code."
