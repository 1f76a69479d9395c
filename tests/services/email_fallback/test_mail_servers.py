"""Fallback e-mails and a mail server that is down, refuses, or stalls."""

import smtplib
from datetime import timedelta

import pytest
from django.core.mail.backends.locmem import EmailBackend

from django_smsbat.models import FallbackEmail, StatusEvent
from django_smsbat.models.fallback_email import EmailState
from django_smsbat.services import email_fallback
from django_smsbat.services.monitoring import health
from tests.conftest import NOON
from tests.services.conftest import Broken
from tests.services.email_fallback.test_email_fallback import state

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("mails_follow")]


def test_a_mail_server_that_is_away_delays_it(failed, clock, broken):
    failed()
    broken(opening=ConnectionRefusedError())
    assert email_fallback.send_due(clock) == 0
    assert FallbackEmail.objects.get().due_at == clock.now() + timedelta(minutes=1)
    broken(opening=None)
    clock.forward(minutes=1)
    assert email_fallback.send_due(clock) == 1


def test_the_pauses_double_up_to_four_hours(failed, clock, broken):
    failed()
    broken(opening=ConnectionRefusedError())
    pauses = []
    for _ in range(10):
        email_fallback.send_due(clock)
        due = FallbackEmail.objects.get().due_at
        pauses.append((due - clock.now()).total_seconds() / 60)
        clock.moment = due
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 240, 240]


def test_only_what_was_tried_is_put_off(failed, clock, held_by_another):
    failed()
    mine = email_fallback._claim(clock.now())
    email_fallback._put_back(mine, clock.now(), "cannot be reached")
    held_by_another.refresh_from_db()
    assert (held_by_another.state, held_by_another.due_at) == ("sending", NOON)


def test_what_fell_silent_meanwhile_is_not_put_off(failed, clock):
    failed()
    mine = email_fallback._claim(clock.now())
    FallbackEmail.objects.update(state="unconfirmed")
    email_fallback._put_back(mine, clock.now(), "cannot be reached")
    assert state() == "unconfirmed"


def test_one_that_stays_away_is_told_and_given_up_in_the_end(failed, clock, broken):
    failed()
    broken(opening=ConnectionRefusedError())
    for tried in range(12):
        late = [sentence for sentence in health.look(clock.now()).problems if "mail" in sentence]
        assert bool(late) == (tried >= 3)
        email_fallback.send_due(clock)
        clock.forward(hours=4)
    assert state() == "failed"


@pytest.mark.parametrize(("code", "fate"), [(400, "queued"), (499, "queued"), (500, "failed")])
def test_only_the_four_hundreds_are_temporary(failed, clock, broken, code, fate):
    failed()
    broken(sending=smtplib.SMTPDataError(code, b"no"))
    email_fallback.send_due(clock)
    assert state() == fate


def test_an_address_that_is_refused_is_no_reason_to_try_again(failed, clock, broken, caplog):
    failed()
    refusal = {"olena@example.com": (550, b"no such user olena@example.com")}
    broken(sending=smtplib.SMTPRecipientsRefused(refusal))
    email_fallback.send_due(clock)
    assert (state(), FallbackEmail.objects.get().error) == ("failed", "SMTPRecipientsRefused")
    assert "olena" not in caplog.text


@pytest.mark.parametrize("error", [ValueError("two lines"), smtplib.SMTPNotSupportedError()])
def test_what_no_server_will_ever_take_is_not_tried_again(failed, clock, broken, error):
    failed()
    broken(sending=error)
    email_fallback.send_due(clock)
    assert (state(), FallbackEmail.objects.get().error) == ("failed", type(error).__name__)


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPDataError(451, b"greylisted"),
        smtplib.SMTPRecipientsRefused({"a@x.y": (452, b"mailbox full")}),
        smtplib.SMTPSenderRefused(421, b"closing", "me"),
    ],
)
def test_what_the_server_asks_to_bring_later_is_brought_later(failed, clock, broken, error):
    failed()
    broken(sending=error)
    assert email_fallback.send_due(clock) == 0
    assert FallbackEmail.objects.get().lease_until is None
    broken(sending=None)
    clock.forward(minutes=1)
    assert email_fallback.send_due(clock) == 1


@pytest.mark.parametrize("error", [smtplib.SMTPServerDisconnected(), TimeoutError(), KeyError()])
def test_what_may_have_left_is_never_sent_again(failed, clock, broken, error):
    failed()
    broken(sending=error)
    email_fallback.send_due(clock)
    broken(sending=None)
    clock.forward(days=1)
    assert email_fallback.send_due(clock) == 0
    assert (state(), FallbackEmail.objects.get().error) == ("unconfirmed", type(error).__name__)


def test_what_a_backend_did_not_take_has_failed(failed, clock, monkeypatch):
    failed()
    monkeypatch.setattr(EmailBackend, "send_messages", lambda self, messages: 0)
    assert email_fallback.send_due(clock) == 0
    told = FallbackEmail.objects.get()
    assert (told.state, told.error) == ("failed", "the mail backend took nothing")


def test_who_still_sends_one_is_not_taken_for_lost(failed, clock):
    failed()
    email_fallback._claim(clock.now())
    email_fallback.send_due(clock)
    assert state() == "sending"
    clock.forward(hours=1)
    email_fallback.send_due(clock)
    told = FallbackEmail.objects.get()
    assert (told.state, told.error) == ("unconfirmed", "the worker that sent it fell silent")


def test_the_outcome_of_who_fell_silent_comes_too_late(failed, clock):
    failed()
    mine = email_fallback._claim(clock.now())
    FallbackEmail.objects.update(state="unconfirmed")
    email_fallback._finish(mine, EmailState.SENT, "", clock.now())
    assert state() == "unconfirmed"
    assert not StatusEvent.objects.filter(raw_status="e-mail sent").exists()


def test_a_worker_that_dies_while_sending_leaves_one_in_doubt(failed, clock, broken):
    failed()

    class Died(BaseException):
        pass

    broken(sending=Died())
    with pytest.raises(Died):
        email_fallback.send_due(clock)
    broken(sending=None)
    assert state() == "sending"
    clock.forward(seconds=301)
    assert email_fallback.send_due(clock) == 0
    assert state() == "unconfirmed"


@pytest.fixture
def connections(broken, monkeypatch):
    """The calls on connections, in order."""
    broken(opening=None)
    done = []
    monkeypatch.setattr(Broken, "open", lambda self: done.append("open"))
    monkeypatch.setattr(Broken, "close", lambda self: done.append("close"))
    return done


def test_all_that_left_are_counted_over_one_connection(two_failed, clock, connections):
    assert email_fallback.send_due(clock) == 2
    assert connections == ["open", "close"]


def test_after_a_refusal_the_next_one_goes_over_another(two_failed, clock, connections, broken):
    refused = smtplib.SMTPRecipientsRefused({"olena@example.com": (550, b"")})

    def send(self, messages):
        if messages[0].to == ["olena@example.com"]:
            raise refused
        return 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Broken, "send_messages", send)
        assert email_fallback.send_due(clock) == 1
    assert connections == ["open", "close", "open", "close"]


def test_what_is_refused_for_ever_as_temporary_is_told(failed, clock, broken):
    failed()
    FallbackEmail.objects.update(attempts=11)
    broken(sending=smtplib.SMTPDataError(451, b"greylisted"))
    email_fallback.send_due(clock)
    told = FallbackEmail.objects.get()
    assert (told.state, told.error) == ("failed", "SMTPDataError")
