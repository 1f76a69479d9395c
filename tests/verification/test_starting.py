"""Sending a code: the request, the stored data, and the data that are never stored."""

import logging
import sys
from itertools import chain

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.utils import translation
from django.views.debug import ExceptionReporter

from django_smsbat import conf
from django_smsbat.gateway.errors import ErrorKind
from django_smsbat.gateway.statuses import Status
from django_smsbat.messages import InvalidMessage
from django_smsbat.models import Backoff, Message, Recipient, Source, Verification
from django_smsbat.services import unconfirmed
from django_smsbat.services.polling import poller
from django_smsbat.services.sending import worker
from django_smsbat.services.tracking import recorder
from django_smsbat.services.tracking.events import Report
from django_smsbat.services.verification import checking, codes, limits, wording
from django_smsbat.services.verification.refusals import NotStarted
from django_smsbat.verification import api, views
from tests.conftest import NOON, phone
from tests.support.scripted import answer_by_phone, report
from tests.verification.conftest import ringing


def everything_stored():
    """Return all columns of all rows of this app, as text."""
    with connection.cursor() as cursor:
        for model in apps.get_app_config("smsbat").get_models():
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")
            yield from chain.from_iterable(cursor.fetchall())


def test_viber_goes_by_the_template_with_an_sms_behind_it(start, service):
    made = start()
    [[sent]] = service.sent
    assert (sent.to, sent.content.type) == (phone(77), "viber_otp")
    assert sent.content.message_data["templateParams"] == {"pin": service.code}
    assert sent.content.fallback_text == f"Your code: {service.code}"
    assert (sent.content.ttl, len(service.code)) == (300, 6)
    assert (made.status, made.code_length) == ("pending", 6)
    assert made.message.status == "accepted"


def test_an_sms_speaks_the_readers_language(start, service):
    start(channel="sms", language="uk-UA")
    said = service.sent[0][0].content
    assert (said.text, said.ttl) == (f"Ваш код: {service.code}", 300)


def test_where_none_is_named_it_is_the_page_s(start, service):
    with translation.override("uk"):
        start(channel="sms")
    assert service.sent[0][0].content.text == f"Ваш код: {service.code}"


def test_of_an_address_only_a_hash_is_kept(start):
    start(77, address="203.0.113.9")
    start(78)
    kept = Verification.objects.values_list("address_hash", flat=True)
    assert set(kept) == {limits.hashed_address("203.0.113.9"), ""}


def test_what_is_asked_for_again_replaces_the_earlier_one_and_its_code(start, clock):
    first = start()
    clock.forward(minutes=1)
    start()
    first.refresh_from_db()
    assert (first.status, first.finished_at, first.code_hash) == ("replaced", clock.now(), "")


def test_a_call_that_showed_no_number_has_no_code(start, service):
    service.sends.append(ringing(""))
    made = start(channel="flashcall")
    assert (made.code_shape, made.code_hash) == ("", "")


def test_a_purpose_that_is_too_long_is_told(start):
    with pytest.raises(InvalidMessage, match="characters; at most"):
        start(purpose="x" * 1_000)


def test_the_words_of_the_settings_stand_in_it(start, service, settings):
    settings.SMSBAT = {**settings.SMSBAT, "VERIFY_TEXT": "Acme {code}", "VERIFY_CODE_LENGTH": 6}
    start(channel="sms")
    assert service.sent[0][0].content.text == f"Acme {service.code}"


def test_the_template_of_the_settings_gets_what_it_says(start, service, settings):
    settings.SMSBAT = {
        **settings.SMSBAT,
        "VERIFY_TEMPLATE": "business_name_validity_time",
        "VERIFY_TEMPLATE_PARAMS": {"business_platform_name": "Acme"},
        "VERIFY_LIFETIME": 250,
    }
    start(language="uk")
    data = service.sent[0][0].content.message_data
    assert data["templateLang"] == "uk"
    assert data["templateParams"] == {
        "pin": service.code,
        "business_platform_name": "Acme",
        "code_validity_time": 5,
    }


def test_a_language_without_a_template_is_english(start, service):
    start(language="eo")
    assert service.sent[0][0].content.message_data["templateLang"] == "en"


def test_a_flash_call_tells_its_code_in_the_answer(start, service, clock):
    made = start(channel="flashcall")
    assert service.sent[0][0].content.ttl == 120
    assert (made.code_shape, made.code_length) == ("***######", 6)
    assert (made.expires_at - clock.now()).total_seconds() == 120


@pytest.mark.parametrize(
    "pattern", ["", "*********", "*****1234", "38044***6789", "no number", "1" * 40]
)
def test_a_flash_call_that_shows_too_little_is_no_proof(start, service, pattern):
    service.sends.append(ringing(pattern))
    made = start(channel="flashcall")
    assert (made.status, made.finished_at) == ("failed", NOON)


@pytest.mark.parametrize("channel", ["viber_otp", "sms", "flashcall"])
def test_the_code_is_stored_nowhere_and_logged_nowhere(start, service, channel, caplog):
    caplog.set_level(logging.DEBUG)
    made = start(channel=channel)
    code = "456789" if channel == "flashcall" else service.code
    assert not [cell for cell in everything_stored() if code in str(cell)]
    assert code not in caplog.text + repr(made) + str(made) + repr(made.message)


def test_neither_do_smsbats_own_words_bring_it_into_the_database(start, service):
    def refusing(messages):
        answer = answer_by_phone(default="rejected")(messages)
        for result in answer.results.values():
            words = {"error": {"code": "BAD", "message": f"text {service.code} is bad"}}
            result.payload = {**result.payload, **words}
        return answer

    service.sends.append(refusing)
    made = start(channel="sms")
    assert (made.status, made.message.error_code) == ("failed", "BAD")
    assert not [cell for cell in everything_stored() if service.code in str(cell)]


def test_codes_are_random_and_have_all_digits(monkeypatch):
    monkeypatch.undo()  # remove the fixture's replacement
    made = {codes.new(6) for _ in range(500)}
    assert all(len(code) == 6 and code.isdecimal() for code in made)
    assert len(made) > 490
    assert {digit for code in made for digit in code} == set("0123456789")


@pytest.mark.parametrize(
    "kind", [ErrorKind.UNREACHABLE, ErrorKind.THROTTLED, ErrorKind.UNAUTHORIZED]
)
def test_what_did_not_get_through_has_failed_and_waits_for_no_worker(start, service, kind):
    service.sends.append(kind)
    made = start()
    assert (made.status, made.message.status) == ("failed", "failed")
    assert made.message.error_code == kind.name.lower()
    assert not worker.something_waits()


def test_what_may_have_got_through_can_be_checked(start, service, check):
    service.sends.append(ErrorKind.TIMED_OUT)
    made = start()
    assert (made.status, made.message.status) == ("pending", "unconfirmed")
    assert check(made, service.code)


def test_no_person_and_no_setting_sends_the_masked_words(start, service, settings):
    service.sends.append(ErrorKind.TIMED_OUT)
    made = start()
    settings.SMSBAT = {**settings.SMSBAT, "RESEND_UNCONFIRMED": True}
    assert unconfirmed.resend([made.message.pk]) == 0
    assert unconfirmed.resend_automatically() == 0
    assert not worker.something_waits()


def test_a_worker_that_dies_in_the_middle_leaves_a_doubt_and_no_masked_message(
    start, service, clock
):
    def dying(messages):
        raise KeyboardInterrupt

    service.sends.append(dying)
    with pytest.raises(KeyboardInterrupt):
        start()
    row = Message.objects.get()
    assert (row.status, row.attempts) == ("sending", 1)
    clock.forward(seconds=301)
    worker.submit_queued(client=service, clock=clock)
    row.refresh_from_db()
    assert (row.status, len(service.sent)) == ("unconfirmed", 1)


def test_no_e_mail_follows_a_code(start, service, settings):
    settings.SMSBAT = {**settings.SMSBAT, "EMAIL_FALLBACK": True}
    Recipient.objects.create(phone=phone(77), email="who@example.com")
    service.sends.append(answer_by_phone(default="rejected"))
    made = start(channel="sms")
    assert not hasattr(made.message, "fallback_email")


def test_a_newer_code_replaces_the_older_one(start, service, check):
    first = start()
    code = service.code
    second = start()
    assert not check(first, code)
    first.refresh_from_db()
    assert (first.status, second.status) == ("replaced", "pending")


def test_a_code_for_something_else_replaces_nothing(start):
    first = start(purpose="login")
    start(purpose="payment")
    first.refresh_from_db()
    assert first.status == "pending"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"ending": "+12"}, "phone"),
        ({"channel": "pigeon"}, "channel"),
        ({"channel": "viber_promo"}, "channel"),
        ({"purpose": "x" * 33}, "purpose"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(start, arguments, field):
    with pytest.raises(InvalidMessage) as refused:
        start(**arguments)
    assert (refused.value.field, Message.objects.count()) == (field, 0)


def test_without_a_sender_nothing_is_stored(start, settings):
    settings.SMSBAT = {**settings.SMSBAT, "SENDER": ""}
    with pytest.raises(InvalidMessage, match="SENDER"):
        start()
    assert not Verification.objects.exists()


def test_codes_go_by_their_own_account(start, settings):
    shop = {"API_KEY": "k", "SENDER": "TheShop"}
    settings.SMSBAT = {**settings.SMSBAT, "ACCOUNTS": {"shop": shop}, "VERIFY_ACCOUNT": "shop"}
    assert start().message.account == "shop"


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_the_code_leaves_after_the_commit(start, service, check):
    with transaction.atomic():
        made = start()
        assert (made.status, service.sent) == ("pending", [])
    assert check(made, service.code)


@pytest.mark.django_db(transaction=True)
def test_after_a_rollback_there_is_no_code(start, service):
    with pytest.raises(RuntimeError), transaction.atomic():
        start()
        raise RuntimeError
    assert (service.sent, Verification.objects.count()) == ([], 0)


def test_while_smsbat_wants_to_be_left_alone_there_is_no_code(start, service, clock):
    service.sends.append(ErrorKind.THROTTLED)
    start()
    with pytest.raises(NotStarted, match="left alone") as refused:
        start(78)
    assert 0 < refused.value.retry_after < 2


def test_a_code_that_leaves_forgets_what_failed_before(start, service, clock):
    for pause in (2, 3):
        service.sends.append(ErrorKind.THROTTLED)
        start()
        clock.forward(seconds=pause)
    assert Backoff.objects.get().refusals == 2
    start()
    assert Backoff.objects.get().refusals == 0


class TestReports:
    """Later events of a message with a code are stored without texts, too."""

    def told(self, made, **more):
        told = Report(
            source=Source.CALLBACK,
            status=Status.DELIVERED,
            raw_status="delivered",
            smsbat_id=made.message.smsbat_id,
            payload={"deliverystatus": "delivered", "cost": 0.05, **more},
        )
        recorder.record([told], made.created_at)

    def test_a_callback(self, start, service):
        made = start()
        self.told(made, text=f"Your code: {service.code}")
        made.message.refresh_from_db()
        assert (made.message.status, str(made.message.cost)) == ("delivered", "0.050000")
        assert not [cell for cell in everything_stored() if service.code in str(cell)]

    def test_a_status_request(self, start, service, clock):
        made = start(channel="flashcall")
        clock.forward(seconds=10)
        service.statuses[made.message.smsbat_id] = report(
            made.message.smsbat_id, "delivered", pattern="***456789"
        )
        poller.sync(client=service, clock=clock)
        assert not [cell for cell in everything_stored() if "456789" in str(cell)]

    def test_one_that_came_before_the_answer(self, start, service):
        def early(messages):
            answer = answer_by_phone()(messages)
            for result in answer.results.values():
                told = Report(
                    source=Source.CALLBACK,
                    status=Status.DELIVERED,
                    raw_status="delivered",
                    smsbat_id=result.message_id,
                    payload={"text": f"Your code: {service.code}"},
                )
            service.sent.append(list(messages))
            recorder.record([told], NOON)
            return answer

        service.sends.append(early)
        made = start()
        assert made.message.status == "delivered"
        assert not [cell for cell in everything_stored() if service.code in str(cell)]


@pytest.mark.parametrize("door", ["check", "page", "api"])
def test_an_error_page_shows_no_code(start, service, door, rf, monkeypatch):
    made = start()

    def failing(*args, **kwargs):
        raise DatabaseError("the database is away")

    monkeypatch.setattr(checking, "finish", failing)
    kind = {"content_type": "application/json"} if door == "api" else {}
    request = rf.post("/", {"code": service.code}, **kind)
    request.session = {"smsbat_verification": str(made.id)}
    request._dont_enforce_csrf_checks = True
    doors = {
        "check": lambda: checking.check(made.id, service.code, now=made.created_at),
        "page": lambda: views.CheckView.as_view()(request),
        "api": lambda: api.CheckView.as_view()(request, pk=made.id),
    }
    monkeypatch.setattr(checking.clock, "moment", lambda: made.created_at)
    try:
        doors[door]()
    except DatabaseError:
        asked = None if door == "check" else request
        reporter = ExceptionReporter(asked, *sys.exc_info())
        shown = reporter.get_traceback_html() + reporter.get_traceback_text()
        assert "the database is away" in shown
        assert service.code not in shown
    else:
        pytest.fail("nothing was raised")


def test_every_channel_can_send_as_the_settings_are():
    assert list(wording.what_prevents(conf.current())) == []


def test_each_channel_that_cannot_send_is_told_with_the_reason(settings):
    settings.SMSBAT = {**settings.SMSBAT, "SENDER": ""}
    told = dict(wording.what_prevents(conf.current()))
    assert set(told) == {"viber_otp", "sms", "flashcall"}
    assert all(words.startswith("sender: ") for words in told.values())


def test_the_sender_is_that_of_the_account_that_sends_codes(settings):
    shop = {"SENDER": "TheShop", "API_KEY": "shop-key"}
    settings.SMSBAT = {
        **settings.SMSBAT,
        "SENDER": "",
        "ACCOUNTS": {"shop": shop},
        "VERIFY_ACCOUNT": "shop",
    }
    assert list(wording.what_prevents(conf.current())) == []
