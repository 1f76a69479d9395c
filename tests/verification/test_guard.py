"""`VERIFY_GUARD` and `may_start`: a CAPTCHA or similar decides before a code is sent."""

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ValidationError
from django.urls import reverse

from django_smsbat.models import Message, Verification, VerificationCounter
from django_smsbat.verification import api
from tests.conftest import phone

PAGE, API = "smsbat-verification:start", "smsbat-verification-api:start"
ANSWER = {"phone": phone(77), "channel": "sms"}
calls = []


def refuses_a_field(request, data):
    calls.append((request.META["REMOTE_ADDR"], data.get("token")))
    if data.get("token") != "human":
        raise ValidationError({"phone": ["Confirm that you are a person."]})


def refuses_an_unknown_field(request, data):
    raise ValidationError({"captcha": ["Confirm that you are a person."]})


def refuses(request, data):
    raise ValidationError("Confirm that you are a person.")


def fails(request, data):
    raise ZeroDivisionError


not_callable = "a text"


@pytest.fixture
def guard(settings):
    def set_to(name):
        path = f"tests.verification.test_guard.{name}"
        settings.SMSBAT = {**settings.SMSBAT, "VERIFY_GUARD": path}

    calls.clear()
    return set_to


def ask_api(client, **more):
    return client.post(reverse(API), {**ANSWER, **more}, content_type="application/json")


def is_untouched(smsbat):
    tables = (Verification, Message, VerificationCounter)
    return not smsbat.outbox and not any(model.objects.exists() for model in tables)


def test_the_page_shows_a_refusal_at_its_field_and_nothing_is_stored(guard, client, smsbat, db):
    guard("refuses_a_field")
    page = client.post(reverse(PAGE), ANSWER)
    assert page.context["form"].errors == {"phone": ["Confirm that you are a person."]}
    assert is_untouched(smsbat)


@pytest.mark.parametrize("name", ["refuses", "refuses_an_unknown_field"])
def test_the_page_shows_a_refusal_of_no_field_of_its_form(guard, client, smsbat, db, name):
    guard(name)
    page = client.post(reverse(PAGE), ANSWER)
    assert page.context["form"].non_field_errors() == ["Confirm that you are a person."]
    assert is_untouched(smsbat)


@pytest.mark.parametrize(
    ("name", "fields"),
    [("refuses_a_field", ["phone"]), ("refuses_an_unknown_field", ["captcha"]), ("refuses", [])],
)
def test_the_api_answers_400_at_the_field(guard, client, smsbat, db, name, fields):
    guard(name)
    refused = ask_api(client)
    words = "Confirm that you are a person."
    assert (refused.status_code, refused.json()) == (
        400,
        {**{field: [words] for field in fields}, "detail": words, "reason": "guard"},
    )
    assert is_untouched(smsbat)


def test_the_guard_sees_who_asks_and_what_was_posted(guard, client, smsbat, db):
    guard("refuses_a_field")
    assert client.post(reverse(PAGE), {**ANSWER, "token": "human"}).status_code == 302
    smsbat.let_time_pass(2)
    assert ask_api(client, token="human").status_code == 201
    assert calls == [("127.0.0.1", "human")] * 2


def test_if_the_guard_fails_no_code_leaves(guard, client, smsbat, db):
    guard("fails")
    for ask in (lambda: client.post(reverse(PAGE), ANSWER), lambda: ask_api(client)):
        with pytest.raises(ZeroDivisionError):
            ask()
    assert is_untouched(smsbat)


def test_a_view_may_have_a_guard_of_its_own(rf, smsbat, db):
    class Start(api.StartView):
        def may_start(self, request, data):
            refuses(request, data)

    asked = rf.post("/", ANSWER, content_type="application/json")
    assert Start.as_view()(asked).status_code == 400
    assert is_untouched(smsbat)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("tests.verification.test_guard.refuses", None),
        ("tests.verification.test_guard.missing", "cannot be imported"),
        ("no_such_package.guard", "cannot be imported"),
        ("nonsense", "cannot be imported"),
        ("tests.verification.test_guard.not_callable", "is not callable"),
    ],
)
def test_check_reports_a_guard_that_cannot_be_called(settings, path, words):
    settings.SMSBAT = {**settings.SMSBAT, "VERIFY_GUARD": path}
    found = [str(one.msg) for one in run_checks() if one.id == "smsbat.E018"]
    assert len(found) == (words is not None)
    assert words is None or words in found[0]


class TestExample:
    """The guards of the example project, which need no network."""

    @pytest.fixture(autouse=True)
    def _guarded(self, settings):
        from example_project.settings import SMSBAT

        settings.SMSBAT = {**settings.SMSBAT, "VERIFY_GUARD": SMSBAT["VERIFY_GUARD"]}

    def test_who_fills_in_the_hidden_field_gets_no_code(self, client, smsbat, db):
        assert 'name="website"' in client.get(reverse(PAGE)).content.decode()
        page = client.post(reverse(PAGE), {**ANSWER, "website": "https://spam.example"})
        assert "This request looks automated." in page.content.decode()
        assert ask_api(client, website="x").json()["reason"] == "guard"
        assert is_untouched(smsbat)

    def test_people_get_one(self, client, smsbat, db):
        assert client.post(reverse(PAGE), {**ANSWER, "website": ""}).status_code == 302
        assert len(smsbat.outbox) == 1

    def test_a_sum_is_asked_for_and_its_answer_is_good_once(self, client, smsbat, db):
        url = reverse("verify-with-sum")
        client.get(url)
        right = client.session["example_sum"]
        page = client.post(url, {**ANSWER, "sum": str(right + 1)})
        assert page.context["form"].errors == {"sum": ["This is not the sum."]}
        assert is_untouched(smsbat)
        right = client.session["example_sum"]
        assert client.post(url, {**ANSWER, "sum": f" {right} "}).status_code == 302
        again = {**ANSWER, "phone": phone(78), "sum": str(right)}
        assert "sum" in client.post(url, again).context["form"].errors
        assert len(smsbat.outbox) == 1

    def test_without_having_opened_the_page_there_is_no_code(self, client, smsbat, db):
        page = client.post(reverse("verify-with-sum"), {**ANSWER, "sum": "5"})
        assert page.context["form"].errors == {"sum": ["This is not the sum."]}
        assert is_untouched(smsbat)
