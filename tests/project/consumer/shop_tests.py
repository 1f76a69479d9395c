"""The shop's own tests, with the test kit. Run by `test_contract` in a separate process."""

import asyncio

import pytest
from django.core.management import call_command
from django.urls import reverse

from django_smsbat import asend, verification
from django_smsbat.messages import InvalidMessage, Sms
from django_smsbat.models import InboundMessage, Recipient
from tests.project.consumer import shop

PHONE = "+380671112277"


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    return lambda: django_capture_on_commit_callbacks(execute=True)


def test_shipping_is_told_once(smsbat):
    assert shop.ship(17, PHONE).pk == shop.ship(17, PHONE).pk
    assert [sent.fallback_text for sent in smsbat.outbox] == ["Your order 17 is on its way"]


def test_its_delivery_is_noted(smsbat, committed):
    message = shop.ship(18, PHONE)
    with committed():
        smsbat.report(message, "delivered")
    assert shop.delivered == [message.pk]


def test_an_alarm_leaves_with_the_workers(smsbat):
    message = shop.alarm(PHONE)
    call_command("smsbat_send")
    smsbat.let_time_pass()
    message.refresh_from_db()
    assert (message.status, message.attempts) == ("delivered", 1)


def test_a_sale_goes_to_who_wants_it(smsbat, committed):
    with committed():
        smsbat.write_back("+380671112288", "STOP")
    campaign = shop.advertise([PHONE, "+380671112299"])
    smsbat.run_workers()
    campaign.refresh_from_db()
    assert campaign.status == "sent"
    assert [sent.text for sent in smsbat.outbox] == ["Friend, everything is cheaper today"] * 2
    assert Recipient.objects.get(phone="+380671112288").opted_out_at
    assert InboundMessage.objects.count() == 1
    assert shop.questions == ["STOP"]


def test_a_phone_is_verified_by_the_account_for_codes(smsbat, committed):
    started = verification.start(PHONE, "viber_otp", purpose="signup")
    [sent] = smsbat.outbox
    assert (sent.account, sent.sender) == ("codes", "TheCodes")
    with committed():
        checked = verification.check(started.id, sent.code, purpose="signup")
    assert verification.take(checked.proof, purpose="signup") == PHONE
    assert shop.verified == [PHONE]


def test_the_pages_are_there_without_the_admin(smsbat, client):
    page = client.post(reverse("smsbat-verification:start"), {"phone": PHONE, "channel": "sms"})
    assert page.url == reverse("smsbat-verification:check")
    done = client.post(page.url, {"code": smsbat.outbox[0].code}, follow=True)
    assert PHONE in done.content.decode()


def test_programs_verify_without_users_and_logins(smsbat, client):
    url, body = reverse("smsbat-verification-api:start"), {"phone": PHONE, "channel": "sms"}
    asked = client.post(url, body, content_type="application/json")
    url = reverse("smsbat-verification-api:check", args=[asked.json()["id"]])
    code = {"code": smsbat.outbox[0].code}
    assert client.post(url, code, content_type="application/json").json()["phone"] == PHONE


@pytest.mark.django_db(transaction=True)
def test_asynchronous_views_can_send(smsbat):
    message = asyncio.run(asend(Sms(to=PHONE, text="Hi")))
    assert message.status == "accepted"


def test_a_mistake_names_its_field():
    with pytest.raises(InvalidMessage) as refused:
        Sms(to="12", text="Hi")
    assert refused.value.field == "to"
