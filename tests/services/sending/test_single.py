"""``send`` and ``send_many``: the stored rows, the requests and the results."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

import django_smsbat
from django_smsbat import send, send_many
from django_smsbat.messages import InvalidMessage, Sms, ViberOtp, ViberPromo
from django_smsbat.models import Backoff, Message
from tests.conftest import phone

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_message_is_sent_and_returned_with_its_outcome(sandbox):
    message = send(Sms(to=phone(77), text="Hi"))
    assert (message.status, message.sender, message.parts) == ("accepted", "AcmeShop", 1)
    assert message.smsbat_id in sandbox.sandbox.ledger.entries


def test_rejected_is_an_outcome_and_no_exception(sandbox):
    assert send(Sms(to=phone("02"), text="Hi")).status == "rejected"


@pytest.mark.slow
def test_unconfirmed_is_an_outcome_and_no_exception(settings, start_sandbox):
    slow = start_sandbox(latency=1.0)
    settings.SMSBAT = {**settings.SMSBAT, "BASE_URL": slow.url, "TIMEOUT": 0.2}
    message = send(Sms(to=phone(77), text="Hi"))
    assert (message.status, message.error_code) == ("unconfirmed", "timed_out")


def test_what_smsbat_did_not_take_stays_queued_with_the_reason():
    message = send(Sms(to=phone(77), text="Hi"))  # no server listens at the tests' address
    assert (message.status, message.error_code) == ("queued", "unreachable")


def test_while_smsbat_wants_to_be_left_alone_it_waits_with_the_reason(sandbox):
    later = timezone.now() + timedelta(minutes=5)
    Backoff.objects.create(name="send", not_before=later, refusals=1)
    message = send(Sms(to=phone(77), text="Hi"))
    assert (message.status, message.error_code) == ("queued", "held_back")
    assert not sandbox.sandbox.ledger.entries


def test_a_success_forgets_the_refusals_before_it(sandbox):
    over = timezone.now() - timedelta(minutes=5)
    Backoff.objects.create(name="send", not_before=over, refusals=9)
    send(Sms(to=phone(77), text="Hi"))
    assert Backoff.objects.get().refusals == 0


def test_wrong_credentials_leave_it_queued_with_the_reason(sandbox, settings):
    settings.SMSBAT = {**settings.SMSBAT, "API_KEY": "wrong"}
    assert send(Sms(to=phone(77), text="Hi")).error_code == "unauthorized"


def test_queue_leaves_it_to_the_workers(sandbox):
    message = send(Sms(to=phone(77), text="Hi"), queue=True)
    assert message.status == "queued"
    assert not sandbox.sandbox.ledger.entries


def test_inside_a_transaction_it_leaves_after_the_commit(sandbox):
    with transaction.atomic():
        message = send(Sms(to=phone(77), text="Hi"))
        assert (message.status, len(sandbox.sandbox.ledger.entries)) == ("queued", 0)
    assert message.status == "accepted"


def test_after_a_rollback_nothing_was_stored_and_nothing_leaves(sandbox):
    with pytest.raises(RuntimeError), transaction.atomic():
        send(Sms(to=phone(77), text="Hi"))
        raise RuntimeError
    assert (Message.objects.count(), len(sandbox.sandbox.ledger.entries)) == (0, 0)


def test_many_come_back_in_their_order_with_few_requests(sandbox, settings):
    settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 2}
    sent = send_many(Sms(to=phone(ending), text="Hi") for ending in (10, "02", 12))
    assert [message.status for message in sent] == ["accepted", "rejected", "accepted"]
    assert sandbox.sandbox.ledger.requests["send"] == 2


def test_two_messages_to_one_phone_are_two(sandbox):
    first, second = send_many([Sms(to=phone(77), text="One"), Sms(to=phone(77), text="Two")])
    assert first.smsbat_id != second.smsbat_id


def test_the_default_sender_is_checked_like_any_other(settings):
    settings.SMSBAT = {**settings.SMSBAT, "SENDER": "Much too long for SMS"}
    with pytest.raises(InvalidMessage) as refused:
        send(Sms(to=phone(77), text="Hi"))
    assert refused.value.field == "sender"
    assert Message.objects.count() == 0


def test_without_any_sender_nothing_is_stored(settings):
    settings.SMSBAT = {**settings.SMSBAT, "SENDER": ""}
    with pytest.raises(InvalidMessage, match="SENDER"):
        send_many([Sms(to=phone(77), text="Hi", sender="Shop"), Sms(to=phone(78), text="Hi")])
    assert Message.objects.count() == 0


@pytest.mark.parametrize("missing", ["API_KEY", "BASE_URL"])
def test_what_is_misconfigured_is_said_before_anything_is_stored(settings, missing):
    settings.SMSBAT = {**settings.SMSBAT, missing: ""}
    with pytest.raises(ImproperlyConfigured, match=missing):
        send(Sms(to=phone(77), text="Hi"))
    assert Message.objects.count() == 0


def test_every_column_of_the_message_is_stored(sandbox):
    url = "https://shop.example.com/"
    message = send(
        ViberPromo(
            to=phone(77),
            text="Sale",
            sender="Shop",
            ttl=60,
            fallback_text="Sale!",
            button_text="Buy",
            button_url=url,
        )
    )
    stored = Message.objects.get(pk=message.pk)
    assert (stored.type, stored.text, stored.sender, stored.ttl) == (
        "viber_promo",
        "Sale",
        "Shop",
        60,
    )
    assert stored.message_data == {"buttonText": "Buy", "buttonAction": url}
    assert (stored.fallback_text, stored.attempts) == ("Sale!", 1)
    assert stored.campaign is None
    assert stored.recipient is None


def test_our_id_on_the_wire_follows_from_the_key_and_something_random(sandbox):
    message = send(Sms(to=phone(77), text="Hi"))
    entry = sandbox.sandbox.ledger.entries[message.smsbat_id]
    assert entry.message["customerMessageId"] == message.customer_message_id
    assert message.customer_message_id.startswith(f"{message.pk}-")
    assert Message(pk=message.pk).customer_message_id != message.customer_message_id


def test_neither_code_nor_phone_is_shown_by_a_messages_own_name(sandbox):
    message = send(
        ViberOtp(
            to=phone(77), template_id="basic", template_lang="uk", template_params={"pin": "482913"}
        )
    )
    assert phone(77) not in f"{message} {message!r}"
    assert "482913" not in f"{message} {message!r}"


def test_the_packages_front_door_has_just_these_names():
    assert django_smsbat.__all__ == ["Status", "asend", "asend_many", "send", "send_many"]
    with pytest.raises(AttributeError):
        django_smsbat.sendd  # noqa: B018
