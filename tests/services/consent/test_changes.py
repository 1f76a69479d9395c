"""Opt-outs and opt-ins by keyword or user; the latest wins, and each change is stored."""

from datetime import timedelta

import pytest

from django_smsbat.models import ConsentChange, InboundMessage, Message, Recipient
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.consent import changes
from django_smsbat.services.consent.changes import ConsentReason
from django_smsbat.services.inbound import receive
from django_smsbat.services.sending import worker
from django_smsbat.signals import recipient_opted_in, recipient_opted_out
from tests.conftest import NOON, listening, phone
from tests.services.inbound.test_receive import written
from tests.support.scripted import ScriptedClient, answer_by_phone

pytestmark = pytest.mark.django_db


def writes(text, number=1, after=0, **fields):
    told = written(
        id_uuid=f"u-{number}", text=text, received_at=NOON + timedelta(seconds=after), **fields
    )
    return receive.receive(told, NOON + timedelta(hours=1))


def is_out():
    return Recipient.objects.get().opted_out_at is not None


class TestByKeyword:
    def test_it_is_kept_with_its_reason_and_its_message(self):
        writes("Стоп!")
        change = ConsentChange.objects.get()
        assert (change.is_opt_out, change.source, change.reason) == (True, "keyword", "Стоп!")
        assert change.inbound == InboundMessage.objects.get()
        assert change.at == Recipient.objects.get().opted_out_at == NOON

    def test_it_holds_at_the_launch_and_at_sending(self, people, campaign, clock):
        people(77, 78)
        lifecycle.launch(campaign())
        writes("STOP")
        client = ScriptedClient([answer_by_phone()])
        worker.submit_queued(client=client, clock=clock)
        assert client.phones == [phone(78)]
        assert Message.objects.get(to=phone(77)).error_code == "opted_out"

    def test_start_brings_them_back(self):
        writes("STOP")
        writes("START", 2, after=5)
        assert not is_out()

    def test_what_was_said_last_counts_whatever_comes_first(self):
        writes("START", 1, after=9)
        writes("STOP", 2, after=5)
        assert not is_out()
        assert ConsentChange.objects.count() == 2

    def test_what_is_learned_late_does_not_count_whatever_was_learned_late_before(self):
        writes("START", 1, after=9)
        writes("STOP", 2, after=1)
        writes("STOP", 3, after=5)
        assert not is_out()

    def test_the_same_message_again_changes_nothing(self):
        writes("STOP")
        writes("START", 2, after=5)
        writes("STOP")
        assert not is_out()

    def test_a_clock_that_is_ahead_does_not_outvote_what_is_said_later(self):
        writes("STOP", after=86_400)
        assert changes.opt_in(Recipient.objects.get(), now=NOON + timedelta(hours=2))
        assert not is_out()

    def test_an_opt_out_that_was_entered_without_a_reason_holds_too(self, people):
        people(77, opted_out_at=NOON + timedelta(minutes=1))
        writes("START")
        assert is_out()


class TestConfirmation:
    @pytest.fixture(autouse=True)
    def _words(self, settings, queued):
        self.sent = [
            queued(ending, type="viber_promo", submitted_at=NOON, status="sent")
            for ending in (77, 78)
        ]
        settings.SMSBAT = {
            **settings.SMSBAT,
            "OPT_OUT_CONFIRMATION": "Ви відписались",
            "OPT_IN_CONFIRMATION": "Ви знову з нами",
        }

    def told(self):
        return list(Message.objects.exclude(pk__in=[one.pk for one in self.sent]).order_by("pk"))

    def test_a_message_tells_them(self, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            writes("STOP")
        [told] = self.told()
        assert (told.to, told.text, told.sender) == (phone(77), "Ви відписались", "AcmeShop")
        assert (told.type, told.status) == ("viber_trans", "queued")
        assert (told.attempts, told.error_code) == (0, "")  # the webhook's request sends nothing
        assert ConsentChange.objects.get().confirmed

    def test_each_way_has_its_own_words(self):
        writes("STOP")
        ConsentChange.objects.update(confirmed=False)
        writes("START", 2, after=1)
        assert [one.text for one in self.told()] == ["Ви відписались", "Ви знову з нами"]

    def test_an_hour_later_they_are_told_again(self):
        writes("STOP")
        ConsentChange.objects.update(recorded_at=NOON - timedelta(seconds=1))
        writes("START", 2, after=1)
        assert len(self.told()) == 2

    def test_once_an_hour_at_most(self):
        for number, word in enumerate(["STOP", "START", "STOP", "START"]):
            writes(word, number, after=number)
        assert len(self.told()) == 1

    def test_whatever_others_were_told_meanwhile(self):
        writes("STOP")
        writes("STOP", 2, after=1, raw_phone="380670000078")
        assert {one.to for one in self.told()} == {phone(77), phone(78)}

    def test_and_only_where_something_changed(self, people):
        people(77, opted_out_at=NOON - timedelta(days=1))
        writes("STOP")
        assert not self.told()


class TestByAPerson:
    def test_it_can_be_reversed(self, people):
        [person] = people(77)
        assert changes.opt_out(person, ConsentReason(reason="by phone", entered_by="olena"))
        assert is_out()
        assert changes.opt_in(person)
        assert not is_out()

    def test_twice_is_kept_twice_and_changes_once(self, people):
        [person] = people(77)
        assert changes.opt_out(person)
        assert not changes.opt_out(person)
        assert ConsentChange.objects.count() == 2

    def test_signals_tell_of_each_change(self, people, django_capture_on_commit_callbacks):
        [person] = people(77)
        heard = []

        def listen(signal, sender, recipient, change, **_):
            assert sender is Recipient
            heard.append((signal is recipient_opted_out, recipient.pk, change.reason))

        both = listening(listen, recipient_opted_out, recipient_opted_in)
        with both, django_capture_on_commit_callbacks(execute=True):
            changes.opt_out(person, ConsentReason(reason="a"))
            changes.opt_out(person, ConsentReason(reason="b"))
            changes.opt_in(person, ConsentReason(reason="c"))
        assert heard == [(True, person.pk, "a"), (False, person.pk, "c")]


@pytest.mark.parametrize("order", [1, -1])
def test_at_different_moments_the_order_of_learning_does_not_matter(people, order):
    [person] = people(77)
    for is_opt_out, minute in [(True, 1), (False, 2), (True, 3), (False, 4)][::order]:
        change = changes.opt_out if is_opt_out else changes.opt_in
        change(
            person, ConsentReason(at=NOON + timedelta(minutes=minute)), NOON + timedelta(hours=1)
        )
    assert not is_out()
