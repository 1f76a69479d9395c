"""The in-memory gateway, as a project's tests use it."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from django_smsbat import conf, send, send_many, verification
from django_smsbat.gateway.dialects import Outgoing
from django_smsbat.gateway.errors import ErrorKind, GatewayError
from django_smsbat.messages import (
    Button,
    CarouselItem,
    Content,
    FlashCall,
    Sms,
    ViberCarousel,
    ViberOtp,
    ViberSurvey,
)
from django_smsbat.models import InboundMessage, Message, Recipient
from django_smsbat.sandbox import fates
from django_smsbat.services.accounts import clients
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.testing import FakeGateway
from tests.conftest import phone
from tests.support.paths import ROOT


def test_what_is_sent_stands_in_the_outbox(smsbat):
    message = send(Sms(to=phone(77), text="Hi", ttl=60))
    [sent] = smsbat.outbox
    assert (sent.to, sent.type, sent.text, sent.ttl) == (phone(77), "sms", "Hi", 60)
    assert (sent.sender, sent.account) == ("AcmeShop", "default")
    assert (message.status, sent.message) == ("accepted", message)


def test_nothing_leaves_the_process(smsbat, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("somebody connects"))
    send(Sms(to=phone(77), text="Hi"))
    smsbat.let_time_pass()


def test_the_outbox_is_in_order_over_accounts(smsbat, settings):
    settings.SMSBAT = {**settings.SMSBAT, "ACCOUNTS": {"shop": {"SENDER": "TheShop"}}}
    send(Sms(to=phone(11), text="One"), account="shop")
    send(Sms(to=phone(12), text="Two"))
    send(Sms(to=phone(11), text="Three"), account="shop")
    assert [one.account for one in smsbat.outbox] == ["shop", "default", "shop"]
    assert [one.text for one in smsbat.sent_to(phone(11))] == ["One", "Three"]


def test_the_types_data_is_in_the_wires_shape(smsbat):
    button = Button("Buy", "https://shop.example.com/")
    item = CarouselItem("Tea", "https://shop.example.com/tea.png", button)
    send(ViberCarousel(to=phone(77), text="Look", items=[item], fallback_text="Tea"))
    [sent] = smsbat.outbox
    assert sent.data["carousel"]["items"][0]["title"] == "Tea"
    assert sent.fallback_text == "Tea"


@pytest.mark.parametrize(
    ("fate", "status"),
    [
        ("delivered", "delivered"),
        ("read", "read"),
        ("undeliverable", "undeliverable"),
        ("expired", "expired"),
        ("rejected", "rejected"),
        ("failed", "failed"),
        ("processing", "processing"),
    ],
)
def test_a_phones_fate_can_be_decided(smsbat, fate, status):
    smsbat.decide(phone(77), fate)
    message = send(Sms(to=phone(77), text="Hi"))
    smsbat.let_time_pass()
    message.refresh_from_db()
    assert message.status == status


def test_the_fallback_delivers_where_that_was_decided(smsbat):
    smsbat.decide(phone(77), "fallback")
    pin = {"pin": "1234"}
    otp = ViberOtp(
        to=phone(77),
        template_id="basic",
        template_lang="uk",
        template_params=pin,
        fallback_text="!",
    )
    message = send(otp)
    smsbat.let_time_pass()
    message.refresh_from_db()
    assert (message.status, message.delivered_by) == ("delivered", "sms")


def test_undecided_phones_have_the_fate_of_their_last_digits(smsbat):
    message = send(Sms(to=phone("00"), text="Hi"))
    smsbat.let_time_pass()
    message.refresh_from_db()
    assert message.status == "undeliverable"


def test_every_fate_of_the_sandbox_can_be_decided():
    assert set(fates.BY_LAST_DIGITS.values()) <= set(fates.BY_NAME.values())
    with pytest.raises(ValueError, match="there are delivered"):
        FakeGateway().decide(phone(77), "lost")


@pytest.mark.parametrize("kind", ErrorKind)
def test_a_request_fails_as_asked(smsbat, kind):
    smsbat.fail_next(kind.name.lower())
    message = send(Sms(to=phone(77), text="Hi"))
    assert message.error_code in (kind.name.lower(), "")
    assert (
        message.status
        == {
            "perhaps taken": "unconfirmed",
            "not taken": "queued",
            "refused": "rejected",
        }[kind.fate.value]
    )
    assert bool(smsbat.outbox) == (kind.fate.value == "perhaps taken")


def test_after_so_many_failures_all_is_well_again(smsbat):
    smsbat.fail_next("unauthorized", times=2)
    statuses = [send(Sms(to=phone(n), text="Hi")).status for n in (11, 12, 13)]
    assert statuses == ["queued", "queued", "accepted"]
    with pytest.raises(ValueError, match="there are unreachable"):
        smsbat.fail_next("tired")


def test_what_smsbat_would_refuse_is_refused(smsbat, queued):
    broken = queued(type="viber_survey", text="?", message_data={"survey": {"options": ["one"]}})
    smsbat.run_workers()
    broken.refresh_from_db()
    assert (broken.status, smsbat.outbox) == ("rejected", [])
    assert "options" in broken.error_message


def test_workers_run_when_the_test_lets_them(smsbat, people, campaign):
    people(11, 12)
    draft = campaign()
    lifecycle.launch(draft)
    assert smsbat.outbox == []
    assert smsbat.run_workers().taken == 2
    smsbat.let_time_pass()
    assert {one.status for one in draft.messages.all()} == {"delivered"}


def test_a_send_inside_a_transaction_waits_for_its_commit(smsbat):
    with transaction.atomic():
        message = send(Sms(to=phone(77), text="Hi"))
        assert (message.status, smsbat.outbox) == ("queued", [])


def test_and_runs_when_the_test_says_that_it_was_committed(
    smsbat, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        message = send(Sms(to=phone(77), text="Hi"))
    assert message.status == "accepted"


def test_a_report_comes_through_the_sites_own_webhook(smsbat):
    message = send(Sms(to=phone(77), text="Hi"))
    smsbat.report(message, "delivered", cost=0.05)
    message.refresh_from_db()
    assert (message.status, str(message.cost)) == ("delivered", "0.050000")
    smsbat.report(smsbat.outbox[0], "Read")
    message.refresh_from_db()
    assert message.status == "read"


def test_so_does_what_somebody_writes(smsbat):
    smsbat.write_back(phone(77), "STOP")
    assert InboundMessage.objects.get().alpha_name == "AcmeShop"
    assert Recipient.objects.get().opted_out_at


def test_the_same_message_twice_is_one(smsbat):
    for _ in range(2):
        smsbat.write_back(phone(77), "Hi", idUuid="the-same")
    assert InboundMessage.objects.count() == 1


def test_a_malformed_report_fails_the_test(smsbat):
    message = send(Sms(to=phone(77), text="Hi"))
    with pytest.raises(AssertionError, match="the site answered 400"):
        smsbat.report(message, "delivered", timestamp="yesterday")


def test_an_account_without_a_secret_fails_the_test(smsbat, settings):
    settings.SMSBAT = {**settings.SMSBAT, "ACCOUNTS": {"shop": {"SENDER": "TheShop"}}}  # set later
    with pytest.raises(AssertionError, match="'shop' has no WEBHOOK_SECRETS"):
        smsbat.write_back(phone(77), "Hi", account="shop")


@pytest.mark.urls("tests.testing.no_urls")
def test_a_project_without_webhooks_is_told_so(smsbat):
    with pytest.raises(AssertionError, match=r"includes no django_smsbat\.urls"):
        smsbat.write_back(phone(77), "Hi")


@pytest.mark.parametrize("channel", verification.Channel.values)
def test_the_code_is_read_from_what_was_sent(smsbat, channel):
    started = verification.start(phone(77), channel)
    assert verification.check(started.id, smsbat.outbox[-1].code)


def test_a_message_without_a_code_says_so(smsbat):
    send(Sms(to=phone(77), text="Hi"))
    with pytest.raises(AssertionError, match="no code"):
        smsbat.outbox[0].code  # noqa: B018


def test_nobodys_words_are_in_a_repr(smsbat):
    send(Sms(to=phone(77), text="Your code is 482913"))
    assert "482913" not in repr(smsbat.outbox)


def test_a_site_that_configures_nothing_can_be_tested(db, settings):
    settings.SMSBAT = {}
    with FakeGateway() as gateway:
        assert send(Sms(to=phone(77), text="Hi")).sender == "Testing"
        gateway.write_back(phone(77), "Hi")
    with pytest.raises(ImproperlyConfigured):
        send(Sms(to=phone(77), text="Hi", sender="Shop"))
    assert conf.current().webhook_secrets == ()


def test_after_it_the_settings_and_the_network_are_as_before(db):
    before = conf.current()
    with FakeGateway():
        assert conf.current().runner == "none"
    assert conf.current() == before
    assert send(Sms(to=phone(77), text="Hi")).error_code == "unreachable"


def test_many_go_in_batches(smsbat, settings):
    settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 2}
    send_many(Sms(to=phone(n), text="Hi") for n in (11, 12, 13))
    assert Message.objects.values("messagelist_id").distinct().count() == 2


def test_a_flash_call_shows_who_rings(smsbat):
    send(FlashCall(to=phone(77), caller_id="+380449876543"))
    [sent] = smsbat.outbox
    assert (sent.data["callerId"], sent.data["pattern"]) == ("+380449876543", "***876543")
    assert sent.code == "876543"


def test_a_flash_call_to_be_checked_comes_from_a_number_of_the_settings(smsbat, settings):
    numbers = ["+380449876543", "+380441234567"]
    settings.SMSBAT = {**settings.SMSBAT, "VERIFY_CALLER_IDS": numbers}
    started = verification.start(phone(77), "flashcall")
    [sent] = smsbat.outbox
    assert sent.data["callerId"] in numbers
    assert verification.check(started.id, sent.code)


def test_a_flash_call_without_a_caller_is_refused_as_smsbat_does(smsbat):
    content = Content(type="flashcall", sender="AcmeShop")
    with pytest.raises(GatewayError) as refused:
        clients.client().send([Outgoing("1-a", phone(77), content)])
    assert (refused.value.code, smsbat.outbox) == ("1002", [])


def test_the_sandbox_answers_on_a_real_port(smsbat_sandbox):
    message = send(Sms(to=phone(77), text="Hi"))
    assert message.smsbat_id in smsbat_sandbox.sandbox.ledger.entries
    assert smsbat_sandbox.url.startswith("http://127.0.0.1:")


def test_every_account_can_be_written_to(db, settings):
    settings.SMSBAT = {**settings.SMSBAT, "ACCOUNTS": {"shop": {}, "own": {"SENDER": "Mine"}}}
    with FakeGateway() as gateway:
        gateway.write_back(phone(77), "Hi", account="shop")
        gateway.write_back(phone(77), "Hi", account="own")
    written = InboundMessage.objects.values_list("account", "alpha_name")
    assert set(written) == {("shop", "Testing"), ("own", "Mine")}


@pytest.mark.parametrize("minutes", [1, 15])
def test_time_adds_up(smsbat, minutes):
    started = verification.start(phone(77), "sms")
    with pytest.raises(verification.NotStarted):
        verification.start(phone(77), "sms")
    smsbat.let_time_pass(minutes)
    verification.start(phone(77), "sms")
    for _ in range(6):
        smsbat.let_time_pass(minutes)
    started.refresh_from_db()
    assert not verification.check(started.id, smsbat.outbox[0].code)
    assert verification.Verification.objects.filter(status="pending").count() == 0


def test_afterwards_it_is_as_late_as_it_is(db):
    from django_smsbat.services import clock

    with FakeGateway() as gateway:
        gateway.let_time_pass(60)
        ahead = clock.moment()
    assert clock.moment() < ahead


def test_after_a_while_smsbat_need_not_be_left_alone(smsbat):
    for _ in range(6):
        smsbat.fail_next("throttled")
        send(Sms(to=phone(77), text="Hi"))
        smsbat.let_time_pass()
    assert send(Sms(to=phone(77), text="Hi")).status == "accepted"


def test_what_was_reported_as_sent_comes_to_its_fate_all_the_same(smsbat):
    message = send(Sms(to=phone(77), text="Hi"))
    smsbat.report(message, "sent")
    smsbat.let_time_pass()
    message.refresh_from_db()
    assert message.status == "delivered"


def test_nothing_depends_on_the_hour(db, settings):
    settings.SMSBAT = {**settings.SMSBAT, "QUIET_HOURS": "00:00-23:59"}
    with FakeGateway() as gateway:
        send(ViberSurvey(to=phone(77), text="Good?", options=["Yes", "No"]))
        assert len(gateway.outbox) == 1


def test_phones_may_be_written_as_people_do(smsbat):
    smsbat.decide("067 000 00 77", "undeliverable")
    send(Sms(to=phone(77), text="Hi"))
    smsbat.let_time_pass()
    [sent] = smsbat.sent_to("067 000 00 77")
    assert sent.message.status == "undeliverable"


def test_a_code_is_told_from_other_numbers(smsbat, settings):
    settings.SMSBAT = {**settings.SMSBAT, "VERIFY_TEXT": "Shop2026: {code}"}
    started = verification.start(phone(77), "sms")
    assert verification.check(started.id, smsbat.outbox[0].code)


def test_a_site_that_redirects_to_https_is_written_to_all_the_same(smsbat, settings):
    settings.SECURE_SSL_REDIRECT = True
    smsbat.write_back(phone(77), "Hi")
    assert InboundMessage.objects.count() == 1


def test_what_is_queued_wakes_no_runner_in_a_test(db, settings, monkeypatch):
    from django_smsbat import runners

    settings.SMSBAT = {**settings.SMSBAT, "RUNNER": "thread"}
    monkeypatch.setattr(runners, "wake", lambda: pytest.fail("a thread is started"))
    assert send(Sms(to=phone(77), text="Hi"), queue=True).status == "queued"


SETTINGS_LEAK = """
import pytest
from django_smsbat import conf

@pytest.mark.django_db
def test_settings_first(settings, smsbat):
    settings.LANGUAGE_CODE = "uk"

def test_then_nothing_is_left():
    assert conf.current().runner == "thread"

@pytest.mark.django_db
def test_settings_last(smsbat, settings):
    settings.LANGUAGE_CODE = "uk"

def test_then_nothing_is_left_either():
    assert conf.current().runner == "thread"

@pytest.fixture(autouse=True)
def _some_project_s_own(settings):
    settings.TIME_ZONE = "UTC"

def test_a_sandbox(smsbat_sandbox, settings):
    settings.LANGUAGE_CODE = "uk"
    assert conf.current().accounts["codes"].base_url == smsbat_sandbox.url

def test_then_no_address_is_left():
    assert conf.current().base_url == "https://sms.example.com"
"""


@pytest.mark.slow
def test_the_fixtures_leave_no_setting_behind(tmp_path):
    (tmp_path / "test_leak.py").write_text(SETTINGS_LEAK)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    ran = subprocess.run(
        [
            *command,
            "--ds",
            "tests.project.consumer.settings",
            "--rootdir",
            str(ROOT),
            str(tmp_path),
        ],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
