"""The e-mail leg: one mail for a message that no channel delivered, whatever follows later."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import override_settings

from django_smsbat.models import FallbackEmail, Message, Recipient, StatusEvent
from django_smsbat.models.fallback_email import EmailState
from django_smsbat.services import email_fallback
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.consent import changes
from django_smsbat.services.tracking import email_requests, recorder
from tests.conftest import NOON, HeldClock, phone
from tests.services.tracking.test_recorder import accepted, reported

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("mails_follow")]


def state():
    return FallbackEmail.objects.get().state


def test_a_final_failure_sends_one_mail(failed, clock):
    failed()
    assert email_fallback.send_due(clock) == 1
    [sent] = mail.outbox
    assert (sent.to, sent.subject) == (["olena@example.com"], "AcmeShop")
    assert sent.body.strip() == "Ваше замовлення в дорозі"
    assert email_fallback.send_due(clock) == 0


def test_its_outcome_is_kept_beside_the_reports_and_changes_no_status(failed, clock):
    message = failed()
    email_fallback.send_due(clock)
    message.refresh_from_db()
    assert message.status == "undeliverable"
    assert StatusEvent.objects.get(raw_status="e-mail sent").source == "local"


def test_it_is_sent_once_whatever_is_reported_later(failed, clock):
    failed()
    email_fallback.send_due(clock)
    for word in ("expired", "permanenterror", "delivered"):
        recorder.record([reported("s-1", word, after=99)], clock.now())
    assert email_fallback.send_due(clock) == 0
    assert len(mail.outbox) == 1


def test_a_message_is_sent_again_but_no_second_mail(failed, clock):
    message = failed()
    email_fallback.send_due(clock)
    Message.objects.filter(pk=message.pk).requeue()
    Message.objects.update(status="sending", attempts=2)
    message.refresh_from_db()
    recorder.record([accepted(message, "s-2")], NOON)
    recorder.record([reported("s-2", "undeliverable")], NOON)
    email_fallback.send_due(clock)
    assert len(mail.outbox) == 1


def test_while_an_sms_may_still_follow_it_waits(failed, clock):
    failed(type="viber_promo", fallback_text="Sale!")
    assert email_fallback.send_due(clock) == 0
    recorder.record([reported("s-1", "delivered", after=60)], clock.now())
    clock.forward(minutes=6)
    assert email_fallback.send_due(clock) == 0
    assert state() == "unneeded"


def test_one_that_was_not_needed_is_asked_for_when_it_is(failed, clock):
    message = failed(type="viber_promo", fallback_text="Sale!")
    Message.objects.filter(pk=message.pk).requeue()
    clock.forward(minutes=6)
    assert email_fallback.send_due(clock) == 0
    Message.objects.update(status="sending", attempts=2)
    message.refresh_from_db()
    recorder.record([accepted(message, "s-2"), reported("s-2", "undeliverable")], clock.now())
    clock.forward(minutes=6)
    assert email_fallback.send_due(clock) == 1


def test_a_run_sends_a_hundred_at_most_so_that_others_have_their_turn(failed, clock, monkeypatch):
    monkeypatch.setattr(email_fallback, "_AT_ONCE_MAX", 0)
    failed()
    assert email_fallback.send_due(clock) == 0
    assert state() == "queued"


@pytest.mark.parametrize("word", ["delivered", "processing", "mystery"])
def test_only_a_failure_calls_for_it(failed, clock, word):
    failed(word)
    assert not FallbackEmail.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"email": ""},
        {"type": "viber_otp", "text": "", "message_data": {"templateParams": {"pin": "1234"}}},
        {"type": "flashcall", "text": ""},
    ],
)
def test_without_an_address_or_words_there_is_none(failed, fields):
    failed(**fields)
    assert not FallbackEmail.objects.exists()


def test_a_cancelled_message_calls_for_none(people, campaign):
    people(77, email="olena@example.com")
    made = campaign()
    lifecycle.launch(made)
    lifecycle.cancel(made)
    assert not FallbackEmail.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "viber_promo", "text": "", "message_data": {"img": "https://e.com/a.png"}},
        {"type": "viber_otp", "text": "", "fallback_text": "Your code: 1234"},
    ],
)
def test_what_has_no_words_for_a_mail_has_none(failed, fields):
    failed(**fields)
    assert not FallbackEmail.objects.exists()


def test_one_that_was_not_needed_after_all_and_now_is_waits_for_the_sms_again(failed, clock):
    message = failed()
    FallbackEmail.objects.update(state="unneeded", due_at=NOON)
    email_requests.ask_for([message.pk], NOON)
    told = FallbackEmail.objects.get()
    assert (told.state, told.due_at) == ("queued", NOON + timedelta(minutes=5))


def test_whose_address_is_gone_since_gets_none(failed, clock):
    failed()
    Recipient.objects.update(email="")
    assert email_fallback.send_due(clock) == 0
    assert state() == "unneeded"


def test_words_of_the_fallback_are_enough(failed, clock):
    failed(type="viber_promo", text="", fallback_text="Sale!")
    clock.forward(minutes=10)
    assert email_fallback.send_due(clock) == 1
    assert mail.outbox[0].body.strip() == "Sale!"


def test_where_it_is_switched_off_there_is_none(failed, settings):
    settings.SMSBAT = {**settings.SMSBAT, "EMAIL_FALLBACK": False}
    failed()
    assert email_fallback.send_due(HeldClock()) == 0
    assert not FallbackEmail.objects.exists()


def test_who_opted_out_gets_nothing_promotional_by_mail_either(failed, clock):
    failed(type="viber_promo")
    changes.opt_out(Recipient.objects.get())
    assert email_fallback.send_due(clock) == 0
    assert state() == "unneeded"


def test_of_a_promotional_campaign_neither_whatever_the_type(failed, clock, campaign):
    failed(type="sms", campaign=campaign(status="sending"))
    changes.opt_out(Recipient.objects.get())
    assert email_fallback.send_due(clock) == 0
    assert state() == "unneeded"


def test_whose_mail_is_done_ends_no_other_s(failed, clock, held_by_another):
    failed()
    assert email_fallback.send_due(clock) == 1
    held_by_another.refresh_from_db()
    assert held_by_another.state == "sending"


def test_who_is_told_to_stop_sends_no_more(failed, clock):
    failed()
    clock.stopping = True
    assert email_fallback.send_due(clock) == 0
    assert state() == "queued"


def test_a_template_that_fails_holds_up_nothing_else(failed, clock, monkeypatch, caplog):
    failed()

    def fail(*_):
        raise KeyError("olena@example.com")

    with monkeypatch.context() as patch:
        patch.setattr(email_fallback, "render_to_string", fail)
        assert email_fallback.send_due(clock) == 0
    assert state() == "queued"
    assert "olena" not in caplog.text
    clock.forward(minutes=1)
    assert email_fallback.send_due(clock) == 1


def test_words_that_were_purged_are_mailed_to_nobody(failed, clock):
    failed()
    Message.objects.update(text="", fallback_text="")
    assert email_fallback.send_due(clock) == 0
    assert state() == "unneeded"


def test_a_cancelled_campaign_mails_nobody(failed, clock, campaign):
    failed(campaign=campaign(status="cancelled"))
    assert email_fallback.send_due(clock) == 0
    assert state() == "unneeded"


def test_its_outcome_is_told_of_the_attempt_that_it_follows(failed, clock):
    message = failed()
    mine = email_fallback._claim(clock.now())
    Message.objects.update(status="sending", attempts=2)  # sent again meanwhile
    email_fallback._finish(mine, EmailState.SENT, "", clock.now())
    told = StatusEvent.objects.get(raw_status="e-mail sent")
    assert (told.message_id, told.attempt, told.payload) == (message.pk, 1, {"email": "sent"})


def test_why_it_failed_is_told_beside_it(failed, clock, broken):
    failed()
    broken(sending=ValueError("two lines"))
    email_fallback.send_due(clock)
    told = StatusEvent.objects.get(raw_status="e-mail failed")
    assert told.payload == {"email": "failed", "message": "ValueError"}


def test_of_several_each_has_its_own_outcome(two_failed, clock):
    later = FallbackEmail.objects.filter(message__to=phone(78))
    later.update(due_at=NOON + timedelta(hours=1))
    assert email_fallback.send_due(clock) == 1
    assert dict(FallbackEmail.objects.values_list("message__to", "state")) == {
        phone(77): "sent",
        phone(78): "queued",
    }
    assert FallbackEmail.objects.get(state="sent").lease_until is None


def test_the_words_are_a_template_of_the_sites(failed, clock, tmp_path, settings):
    folder = tmp_path / "django_smsbat" / "email_fallback"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text("Для {{ recipient.name|default:'вас' }}\n\nBcc: evil@x.y")
    [engine] = settings.TEMPLATES
    failed()
    with override_settings(TEMPLATES=[{**engine, "DIRS": [tmp_path]}]):
        email_fallback.send_due(clock)
    assert mail.outbox[0].subject == "Для вас Bcc: evil@x.y"
    assert mail.outbox[0].recipients() == ["olena@example.com"]


def test_a_button_becomes_a_link(failed, clock):
    failed(message_data={"buttonAction": "https://shop.example.com/?a=1&b=2"})
    email_fallback.send_due(clock)
    assert "https://shop.example.com/?a=1&b=2" in mail.outbox[0].body


def test_single_messages_find_the_address_by_the_phone(failed, clock):
    failed(recipient=None)
    assert email_fallback.send_due(clock) == 1
    assert Recipient.objects.get().phone == phone(77)


def test_one_that_is_not_needed_holds_up_no_other(two_failed, clock):
    recorder.record([reported("s-1", "delivered", after=9)], NOON)
    assert email_fallback.send_due(clock) == 1
    told = dict(FallbackEmail.objects.values_list("message__to", "state"))
    assert told == {phone(77): "unneeded", phone(78): "sent"}
    assert set(FallbackEmail.objects.values_list("error", flat=True)) == {""}


def test_one_that_cannot_be_written_holds_up_no_other(two_failed, clock, monkeypatch):
    real = email_fallback.render_to_string

    def fail_for_one(template, context):
        if context["recipient"].email == "olena@example.com":
            raise KeyError
        return real(template, context)

    monkeypatch.setattr(email_fallback, "render_to_string", fail_for_one)
    assert email_fallback.send_due(clock) == 1
    told = dict(FallbackEmail.objects.values_list("message__to", "state"))
    assert told == {phone(77): "queued", phone(78): "sent"}


def test_what_can_never_be_written_is_told(failed, clock, monkeypatch):
    failed()
    FallbackEmail.objects.update(attempts=11)

    def fail(*_):
        raise KeyError

    monkeypatch.setattr(email_fallback, "render_to_string", fail)
    email_fallback.send_due(clock)
    assert FallbackEmail.objects.get().error == "it cannot be written"
