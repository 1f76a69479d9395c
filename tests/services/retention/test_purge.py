"""Old data are removed, requested data are erased, and the statistics stay."""

from datetime import timedelta
from decimal import Decimal

import pytest

from django_smsbat.gateway.phones import InvalidPhone
from django_smsbat.models import (
    ConsentChange,
    InboundMessage,
    Message,
    PurgedMessages,
    Recipient,
    RecipientList,
    StatusEvent,
    Suppression,
)
from django_smsbat.services.campaigns import lifecycle, statistics
from django_smsbat.services.consent import changes, suppression
from django_smsbat.services.inbound import receive
from django_smsbat.services.polling import poller
from django_smsbat.services.recipients import imports
from django_smsbat.services.retention import erase
from django_smsbat.services.retention import purge as purging
from django_smsbat.services.sending import worker
from django_smsbat.services.tracking import recorder
from tests.conftest import NOON, phone
from tests.services.inbound.test_receive import written
from tests.services.tracking.test_recorder import accepted, reported
from tests.support.scripted import ScriptedClient, answer_by_phone, report

pytestmark = pytest.mark.django_db(transaction=True)
BY_SMS = {"fallbacks": [{"type": "sms", "status": "delivered"}], "cost": 0.05}


@pytest.fixture
def finished(people, campaign, clock):
    """A campaign to five: one message failed, one recipient got an SMS and replied."""
    people(10, 11, 12, 13, 77)
    made = campaign(type="viber_promo", fallback_text="Sale!")
    lifecycle.launch(made, clock.now())
    worker.submit_queued(client=ScriptedClient([answer_by_phone()]), clock=clock)
    clock.forward(seconds=5)
    ids = dict(Message.objects.values_list("to", "smsbat_id"))
    told = {key: report(key, "delivered", cost=0.02) for key in ids.values()}
    told[ids[phone(13)]] = report(ids[phone(13)], "undeliverable")
    told[ids[phone(77)]] = report(ids[phone(77)], "delivered", **BY_SMS)
    poller.sync(client=ScriptedClient(statuses=told), clock=clock)
    receive.receive(written(), clock.now())
    Message.objects.update(created_at=clock.now())
    made.refresh_from_db()
    return made


def purge(clock, days=30, **options):
    return purging.purge(clock.now() - timedelta(days=days), clock, **options)


def test_what_is_not_that_old_stays(finished, clock):
    clock.forward(days=29)
    assert purge(clock).removed == 0
    assert Message.objects.count() == 5


def test_rows_and_reports_go_and_all_numbers_stay(finished, clock):
    before = statistics.results(finished)
    assert (before.by_fallback, before.replies, before.requests) == (1, 1, 6)
    clock.forward(days=31)
    done = purge(clock)
    assert (done.emptied, done.removed, done.inbound, done.left) == (5, 5, 1, 0)
    assert not Message.objects.exists()
    assert not StatusEvent.objects.exists()
    assert not InboundMessage.objects.exists()
    assert statistics.results(finished) == before


def test_in_parts_they_are_counted_once(finished, clock, monkeypatch):
    monkeypatch.setattr(purging, "_CHUNK", 2)
    for number in range(2, 5):
        receive.receive(written(id_uuid=f"u-{number}"), clock.now())
    before = statistics.results(finished)
    clock.forward(days=31)
    Message.objects.filter(to=phone(12)).update(created_at=clock.now())
    progress = []
    done = purge(clock, on_progress=progress.append)
    assert (done.emptied, done.removed, done.inbound) == (4, 4, 4)
    assert progress == [2, 2, 2, 2]
    assert statistics.results(finished) == before
    clock.forward(days=31)
    purge(clock)
    assert statistics.results(finished) == before
    assert sum(PurgedMessages.objects.values_list("messages", flat=True)) == 5


def test_the_words_go_first_so_that_a_run_that_is_stopped_leaves_none(finished, clock):
    clock.forward(days=31)

    def stop(_count):
        clock.stopping = True

    done = purge(clock, on_progress=stop)
    assert (done.emptied, done.removed, done.is_complete) == (5, 0, False)
    assert set(Message.objects.values_list("text", "fallback_text")) == {("", "")}
    kept = {name for told in StatusEvent.objects.values_list("payload", flat=True) for name in told}
    assert kept <= {
        "status",
        "deliverystatus",
        "parts",
        "cost",
        "messagelistId",
        "extendedStatuses",
    }
    clock.stopping = False
    assert purge(clock).removed == 5


def test_an_answer_that_is_younger_than_what_it_answers_is_counted_all_the_same(finished, clock):
    before = statistics.results(finished)
    clock.forward(days=31)
    InboundMessage.objects.update(received_at=clock.now())
    assert purge(clock).removed == 5
    assert InboundMessage.objects.exists()
    assert statistics.results(finished) == before


def test_the_last_moment_is_that_of_the_last_message_whatever_is_removed_last(
    queued, campaign, clock
):
    made, other = campaign(status="sent", started_at=NOON), campaign(name="Other", status="sent")
    purging.remove([queued(3, campaign=other, status="delivered", final_at=NOON).pk])
    for ending, hours in ((1, 5), (2, 2)):
        at = NOON + timedelta(hours=hours)
        key = queued(ending, campaign=made, status="delivered", final_at=at).pk
        purging.remove([key])
    assert dict(PurgedMessages.objects.values_list("campaign__name", "last_final_at")) == {
        "Sale": NOON + timedelta(hours=5),
        "Other": NOON,
    }


def test_keys_that_lie_far_apart_are_looked_at_apart():
    assert purging._runs([5_000_001, 2, 5_000_000, 1]) == [[1, 2], [5_000_000, 5_000_001]]


def test_rows_may_be_kept(finished, clock):
    clock.forward(days=31)
    before = list(Message.objects.order_by("pk").values_list("status", "cost", "delivered_by"))
    done = purge(clock, keep_rows=True)
    assert (done.emptied, done.removed) == (5, 0)
    after = list(Message.objects.order_by("pk").values_list("status", "cost", "delivered_by"))
    assert after == before
    assert purge(clock, keep_rows=True).emptied == 0


def test_what_is_sent_again_in_this_moment_is_neither_emptied_nor_removed(finished, clock):
    keys = list(Message.objects.values_list("pk", flat=True))
    lifecycle.retry_failed(finished)
    assert purging._empty(keys, clock.now()) == 4
    assert purging.remove(keys, only=purging._IS_OVER) == 4
    assert Message.objects.get().fallback_text == "Sale!"


def test_what_is_sent_again_after_a_batch_was_chosen_is_not_removed(finished, clock, monkeypatch):
    remove = purging.remove

    def removed_later(keys, **options):
        Message.objects.filter(to=phone(13)).update(status="queued")
        return remove(keys, **options)

    monkeypatch.setattr(purging, "remove", removed_later)
    clock.forward(days=31)
    assert purge(clock).removed == 4
    assert Message.objects.get().to == phone(13)


def test_what_no_request_named_counts_for_none(queued):
    purging.remove([queued(1, status="failed").pk])
    assert PurgedMessages.objects.get().requests == 0


def test_two_purges_at_once_may_each_keep_numbers(queued, clock):
    for _ in range(2):
        PurgedMessages.objects.create(campaign=None, status="delivered", messages=1)
    queued(status="delivered")
    Message.objects.update(created_at=NOON)
    clock.forward(days=31)
    assert purge(clock).removed == 1
    assert sum(PurgedMessages.objects.values_list("messages", flat=True)) == 3


def test_what_an_e_mail_is_still_to_follow_is_left(queued, people, clock, settings):
    settings.SMSBAT = {**settings.SMSBAT, "EMAIL_FALLBACK": True}
    people(77, email="olena@example.com")
    message = queued(77, type="viber_trans", status="sending", attempts=1)
    recorder.record([accepted(message)], NOON)
    recorder.record([reported("s-1", "undeliverable")], NOON)
    Message.objects.update(created_at=NOON)
    clock.forward(days=31)
    assert (purge(clock).removed, Message.objects.get().text) == (0, "Hi")
    poller.sync(client=ScriptedClient(), clock=clock)
    assert purge(clock).removed == 1


def test_what_has_no_words_any_more_is_not_sent_again(finished, clock):
    clock.forward(days=31)
    purge(clock, keep_rows=True)
    assert lifecycle.retry_failed(finished) == 0
    assert not Message.objects.filter(status="queued").exists()


def test_costs_that_callbacks_told_without_a_currency_join_the_one_that_was_named(queued, campaign):
    made = campaign(started_at=NOON, status="sent")
    queued(1, campaign=made, status="delivered", cost="0.12", currency="USD", parts=1)
    queued(4, campaign=made, status="failed", cost="0.00", currency="USD", parts=4)
    queued(2, campaign=made, status="undeliverable", cost="0.06", parts=2)
    [costs] = statistics.results(made).costs
    assert (costs.currency, costs.amount, costs.per_delivered) == (
        "USD",
        Decimal("0.18"),
        Decimal("0.18"),
    )
    assert (costs.priced, costs.parts) == (3, 7)
    queued(3, campaign=made, status="delivered", cost="9", currency="UAH", parts=1)
    assert {one.per_delivered for one in statistics.results(made).costs} == {None}


def test_what_nobody_knows_the_end_of_is_left(queued, clock):
    queued(status="unconfirmed")
    Message.objects.update(created_at=NOON)
    clock.forward(days=31)
    done = purge(clock)
    assert (done.removed, done.left) == (0, 1)
    assert Message.objects.get().text == "Hi"


class TestErasing:
    @pytest.fixture
    def known(self, people, queued):
        [person] = people(77, name="Олена", email="olena@example.com")
        changes.opt_out(person)
        message = queued(77, status="sending", attempts=1, recipient=person)
        recorder.record([accepted(message)], NOON)
        recorder.record([reported("s-1", "delivered", cost=0.05)], NOON)
        receive.receive(written())
        return person

    def test_nothing_is_left_but_numbers_and_a_keyed_hash(self, known):
        erased = erase.erase(phone(77), NOON)
        assert (erased.messages, erased.inbound, erased.recipients) == (1, 1, 1)
        for model in (Recipient, Message, StatusEvent, InboundMessage, ConsentChange):
            assert not model.objects.exists()
        kept = PurgedMessages.objects.get()
        assert (kept.status, kept.messages, kept.cost) == ("delivered", 1, Decimal("0.05"))
        assert "77" * 3 not in Suppression.objects.get().digest
        assert len(Suppression.objects.get().digest) == 64

    def test_an_import_does_not_bring_them_back(self, known, tmp_path):
        erase.erase(phone(77), NOON)
        file = tmp_path / "people.csv"
        file.write_text(f"phone,name\n{phone(77)},Олена\n{phone(78)},Ірина\n")
        result = imports.import_file(file, "All")
        assert (result.created, result.rejected) == (1, 1)
        assert Recipient.objects.get().phone == phone(78)
        assert "erased on request" in result.rejects.read_text()

    def test_the_hash_holds_while_the_key_is_rotated(self, known, tmp_path, settings):
        erase.erase(phone(77), NOON)
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another key than before"
        file = tmp_path / "people.csv"
        file.write_text(f"phone\n{phone(77)}\n")
        assert imports.import_file(file, "All").rejected == 1

    def test_who_comes_back_is_known_by_an_older_key_too(self, known, settings):
        erase.erase(phone(77), NOON)
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another key than before"
        assert suppression.among([phone(77)]) == {phone(77)}
        suppression.lift(phone(77))
        assert suppression.among([phone(77)]) == set()

    def test_what_is_queued_for_them_is_cancelled(self, people, campaign):
        people(77, 78)
        made = campaign()
        lifecycle.launch(made)
        erase.erase(phone(77), NOON)
        shown = statistics.progress(made)
        assert (shown.total, shown.failed, shown.unsent) == (2, 1, 1)

    def test_nothing_promotional_is_sent_to_them_singly_either(self, known, queued, clock):
        erase.erase(phone(77), NOON)
        queued(77, type="viber_promo")
        queued(78, type="viber_promo")
        client = ScriptedClient([answer_by_phone()])
        worker.submit_queued(client=client, clock=clock)
        assert client.phones == [phone(78)]
        assert Message.objects.get(to=phone(77)).error_code == "opted_out"

    def test_what_stands_under_a_number_that_they_had_before_goes_too(self, known):
        Recipient.objects.update(phone=phone(79))
        assert erase.erase(phone(79), NOON).messages == 1
        assert not Message.objects.exists()
        assert not InboundMessage.objects.exists()

    def test_while_a_worker_holds_a_message_to_them_nothing_is_erased(self, known, queued):
        queued(77, status="sending", attempts=1)
        with pytest.raises(erase.StillSending):
            erase.erase(phone(77), NOON)
        assert Recipient.objects.exists()
        assert not Suppression.objects.exists()

    def test_others_are_left_alone(self, known, people, queued):
        people(78)
        queued(78)
        erase.erase(phone(77), NOON)
        assert Recipient.objects.get().phone == phone(78)
        assert Message.objects.get().to == phone(78)
        assert RecipientList.objects.get().recipients.count() == 1

    def test_a_phone_is_understood_as_people_write_it(self, known):
        assert erase.erase("067 000 00 77", NOON).recipients == 1

    def test_what_wrote_to_us_can_be_erased_though_it_is_no_phone(self):
        receive.receive(written(raw_phone="Viber"))
        assert erase.erase("Viber", NOON).inbound == 1
        assert not InboundMessage.objects.exists()

    def test_what_is_no_phone_is_refused(self, known):
        with pytest.raises(InvalidPhone):
            erase.erase("+123", NOON)
        assert not Suppression.objects.exists()

    def test_a_person_who_is_opted_in_by_hand_is_held_off_no_more(self, known):
        for ending in (77, 78):
            erase.erase(phone(ending), NOON)
        later = NOON + timedelta(days=1)
        receive.receive(written(text="START", received_at=later), later)
        assert suppression.since(phone(77)) == NOON
        changes.opt_in(Recipient.objects.get(phone=phone(77)), now=later)
        assert suppression.since(phone(77)) is None
        assert suppression.since(phone(78)) == NOON

    def test_a_phone_that_nobody_knows_is_suppressed_all_the_same(self):
        assert erase.erase(phone(99), NOON).messages == 0
        assert Suppression.objects.count() == 1
