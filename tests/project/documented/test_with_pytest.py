"""How a project tests with pytest. The documentation shows this file."""

from django_smsbat import send, verification
from django_smsbat.messages import Sms
from django_smsbat.models import InboundMessage
from django_smsbat.signals import message_status_changed


def tell_that_it_was_shipped(phone):
    """The project's code under test."""
    return send(Sms(to=phone, text="Your order is on its way"))


def test_the_customer_is_told(smsbat):
    tell_that_it_was_shipped("+380671112233")
    [sent] = smsbat.outbox
    assert (sent.to, sent.text) == ("+380671112233", "Your order is on its way")


def test_a_phone_that_is_off_is_noticed(smsbat):
    smsbat.decide("+380671112233", "undeliverable")
    message = tell_that_it_was_shipped("+380671112233")
    smsbat.let_time_pass()
    message.refresh_from_db()
    assert message.status == "undeliverable"


def test_nobody_knows_whether_it_was_taken(smsbat):
    smsbat.fail_next("timed_out")
    assert tell_that_it_was_shipped("+380671112233").status == "unconfirmed"


def test_a_delivery_is_reported(smsbat):
    message = tell_that_it_was_shipped("+380671112233")
    smsbat.report(message, "delivered")
    message.refresh_from_db()
    assert message.status == "delivered"


def test_the_customer_writes_back(smsbat):
    tell_that_it_was_shipped("+380671112233")
    smsbat.write_back("+380671112233", "When?")
    assert InboundMessage.objects.get().text == "When?"


def test_a_phone_is_verified(smsbat):
    started = verification.start("+380671112233", "sms")
    assert verification.check(started.id, smsbat.outbox[-1].code)


def test_a_receiver_hears_of_it(smsbat, django_capture_on_commit_callbacks):
    heard = []
    message_status_changed.connect(lambda new_status, **_: heard.append(new_status), weak=False)
    message = tell_that_it_was_shipped("+380671112233")
    with django_capture_on_commit_callbacks(execute=True):
        smsbat.report(message, "delivered")
    message_status_changed.receivers.clear()
    assert heard == ["delivered"]


def test_with_real_http(smsbat_sandbox):
    assert tell_that_it_was_shipped("+380671112233").status == "accepted"
