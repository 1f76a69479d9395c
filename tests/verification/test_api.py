"""Verification through the API."""

import uuid

import pytest
from django.conf import settings as django_settings
from django.urls import reverse

from django_smsbat import verification
from django_smsbat.models import Verification
from django_smsbat.verification import api
from tests.conftest import phone

START = "smsbat-verification-api:start"


@pytest.fixture
def program(client, sandbox, transactional_db):
    client.ledger = sandbox.sandbox.ledger
    return client


def ask(program, **body):
    data = {"phone": phone(77), "channel": "sms", **body}
    return program.post(reverse(START), data, content_type="application/json")


def enter(program, key, code):
    url = reverse("smsbat-verification-api:check", args=[key])
    return program.post(url, {"code": code}, content_type="application/json")


def code_on(program):
    return program.ledger.by_phone[phone(77)][-1].message["text"][-6:]


def test_it_is_started_and_checked(program):
    asked = ask(program)
    assert asked.status_code == 201
    told = asked.json()
    assert set(told) == {"id", "channel", "code_length", "expires_at", "again_after"}
    assert (told["code_length"], told["again_after"]) == (6, 60)
    checked = enter(program, told["id"], code_on(program))
    proof = checked.json()["proof"]
    assert (checked.status_code, checked.json()) == (
        200,
        {"status": "verified", "phone": phone(77), "proof": proof},
    )
    again = enter(program, told["id"], code_on(program))
    assert (again.status_code, again.json()["status"]) == (400, "verified")
    assert "proof" not in again.json()
    assert proof != told["id"]
    assert verification.take(told["id"]) is None
    assert [verification.take(proof), verification.take(proof)] == [phone(77), None]


def test_the_answer_says_neither_the_code_nor_the_phone(program):
    answer = ask(program).content.decode()
    assert code_on(program) not in answer
    assert phone(77)[1:] not in answer


def test_a_wrong_code_is_400_with_what_is_left(program):
    key = ask(program).json()["id"]
    wrong = "000000" if code_on(program) != "000000" else "000001"
    told = enter(program, key, wrong)
    assert (told.status_code, told.json()["attempts_left"]) == (400, 4)
    assert told.json()["status"] == "pending"


def test_too_soon_is_429_with_when(program):
    ask(program)
    again = ask(program)
    assert (again.status_code, again.json()["reason"]) == (429, "cooldown")
    assert 0 < int(again["Retry-After"]) <= 60


def test_a_country_that_is_not_allowed_is_400_at_the_phone(program):
    told = ask(program, phone="+48512345678")
    assert (told.status_code, list(told.json())) == (400, ["phone", "detail", "reason"])
    assert told.json()["reason"] == "not_allowed"


@pytest.mark.parametrize(
    ("body", "field"),
    [({"phone": "12"}, "phone"), ({"phone": ""}, "phone"), ({"channel": "pigeon"}, "channel")],
)
def test_what_is_wrong_is_named(program, body, field):
    told = ask(program, **body)
    assert (told.status_code, list(told.json())) == (400, [field])


def test_what_could_not_be_sent_is_503(program):
    assert ask(program, phone=phone("02")).status_code == 503


def test_a_site_without_a_sender_is_503(program, settings):
    settings.SMSBAT = {**settings.SMSBAT, "SENDER": ""}
    assert ask(program).status_code == 503


def test_nothing_that_was_started_is_404(program):
    assert enter(program, uuid.uuid4(), "123456").status_code == 404


def test_a_misconfigured_site_is_503(program, settings):
    settings.SMSBAT = {**settings.SMSBAT, "BASE_URL": ""}
    assert ask(program).status_code == 503


def test_it_is_open_to_everybody_whatever_else_they_bring(program):
    headers = {"authorization": "Basic bm9ib2R5Om5vdGhpbmc="}
    data = {"phone": phone(77), "channel": "sms"}
    url = reverse(START)
    asked = program.post(url, data, content_type="application/json", headers=headers)
    assert asked.status_code == 201
    assert program.get(url).status_code == 405


def test_a_failure_after_the_check_gives_no_attempt_back(program, monkeypatch):
    monkeypatch.setitem(django_settings.DATABASES["default"], "ATOMIC_REQUESTS", True)
    key = ask(program).json()["id"]
    monkeypatch.setattr(api, "why_not_verified", _failing)
    with pytest.raises(ZeroDivisionError):
        enter(program, key, "000000" if code_on(program) != "000000" else "000001")
    assert Verification.objects.get().attempts == 1


def _failing(checked):
    raise ZeroDivisionError
