"""The queue: order, completion of campaigns, waiting messages and immediate sends."""

from datetime import timedelta

import pytest

from django_smsbat.gateway.errors import ErrorKind
from django_smsbat.models import Campaign, Message
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.sending import claiming, worker
from tests.conftest import phone
from tests.services.sending.test_worker import statuses
from tests.support.scripted import ScriptedClient, answer_by_phone

pytestmark = pytest.mark.django_db


class TestCampaigns:
    def test_one_ends_whatever_another_still_has_to_send(self, launched, campaign, queued, clock):
        done = launched(1)
        queued(2, campaign=campaign(name="Other", status="paused"))
        worker.submit_queued(client=ScriptedClient([answer_by_phone()]), clock=clock)
        done.refresh_from_db()
        assert done.status == "sent"

    def test_the_one_that_was_launched_first_goes_first(self, people, campaign, clock):
        people(1)
        later, sooner = campaign(name="Later"), campaign(name="Sooner", text="Soon")
        lifecycle.launch(later, clock.now())
        lifecycle.launch(sooner, clock.now() - timedelta(hours=1))
        client = ScriptedClient([answer_by_phone()] * 2)
        worker.submit_queued(client=client, clock=clock)
        assert [one.content.text for [one] in client.sent] == ["Soon", "Sale!"]

    def test_a_campaign_is_sent_when_nothing_of_it_is_queued_any_more(
        self, launched, submit, clock
    ):
        made = launched(1)
        submit(answer_by_phone())
        made.refresh_from_db()
        assert (made.status, made.finished_at) == ("sent", clock.now())

    def test_nothing_is_claimed_after_a_pause_that_came_in_between(
        self, launched, clock, monkeypatch
    ):
        made = launched(1)
        original = claiming.claim_campaign

        def pause_first(*args):
            Campaign.objects.filter(pk=made.pk).update(status="paused")
            return original(*args)

        monkeypatch.setattr(claiming, "claim_campaign", pause_first)
        client = ScriptedClient([])
        worker.submit_queued(client=client, clock=clock)
        assert (client.sent, statuses()) == ([], {phone(1): "queued"})

    def test_a_limit_that_takes_the_last_message_finishes_the_campaign(
        self, launched, submit, clock
    ):
        made = launched(1)
        submit(answer_by_phone(), limit=1)
        made.refresh_from_db()
        assert (made.status, made.finished_at) == ("sent", clock.now())

    def test_a_paused_campaign_is_left_alone(self, launched, submit):
        made = launched(1)
        lifecycle.pause(made)
        client, _ = submit()
        assert client.sent == []

    def test_one_campaign_alone_can_be_sent(self, launched, queued, submit):
        made, _ = launched(1), launched()
        queued(2)
        client, _ = submit(answer_by_phone(), campaign_id=made.pk)
        assert client.phones == [phone(1)]

    def test_how_many_are_settled_is_told_after_each_batch(self, launched, submit, settings):
        settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 2}
        launched(1, 2, 3)
        told = []
        submit(answer_by_phone(), answer_by_phone(), on_progress=told.append)
        assert told == [2, 1]

    def test_a_limit_ends_the_run(self, launched, submit):
        launched(1, 2, 3)
        _client, summary = submit(answer_by_phone(), limit=2)
        assert summary.taken == 2

    def test_being_told_to_stop_ends_the_run_after_the_batch(self, launched, clock, settings):
        settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 1}
        launched(1, 2)

        def stop(_messages):
            clock.stopping = True

        client = ScriptedClient([answer_by_phone()], before_send=stop)
        worker.submit_queued(client=client, clock=clock)
        assert sorted(statuses().values()) == ["accepted", "queued"]

    def test_a_due_campaign_is_started(self, people, campaign, submit, clock):
        people(1)
        campaign(status="scheduled", scheduled_at=clock.now())
        client, _ = submit(answer_by_phone())
        assert client.phones == [phone(1)]

    def test_one_that_is_due_and_cannot_be_sent_is_told(self, campaign, submit, clock):
        made = campaign(status="scheduled", scheduled_at=clock.now())
        _, summary = submit()
        reason = "Not launched: The campaign's lists are empty."
        assert summary.paused == [f"campaign {made.pk} is paused: {reason}"]

    def test_what_a_dying_process_left_of_a_cancelled_campaign_is_cancelled(self, launched, submit):
        made = launched(1)
        Campaign.objects.filter(pk=made.pk).update(status="cancelled")
        client, _ = submit()
        assert (client.sent, statuses()) == ([], {phone(1): "cancelled"})

    def test_what_is_put_back_into_a_cancelled_campaign_is_cancelled(self, launched, clock):
        made = launched(1)
        client = ScriptedClient(
            [ErrorKind.UNREACHABLE], before_send=lambda _: lifecycle.cancel(made, clock.now())
        )
        worker.submit_queued(client=client, clock=clock)
        assert statuses() == {phone(1): "cancelled"}


def test_a_launch_by_a_worker_wakes_nobody_else(
    campaign, people, clock, monkeypatch, django_capture_on_commit_callbacks
):
    people(1)
    campaign(status="scheduled", scheduled_at=clock.now() - timedelta(minutes=1))
    woken = []
    monkeypatch.setattr("django_smsbat.runners.wake", lambda: woken.append(1))
    with django_capture_on_commit_callbacks(execute=True):
        worker.submit_queued(client=ScriptedClient([answer_by_phone()]), clock=clock)
    assert (statuses(), woken) == ({phone(1): "accepted"}, [])


class TestOrder:
    """Single messages go first, a batch at a time."""

    @pytest.fixture(autouse=True)
    def two_at_once(self, settings):
        settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 2}

    def test_all_single_messages_go_before_a_campaign(self, launched, queued, submit):
        launched(9)
        for ending in (1, 2, 3):
            queued(ending)
        client, _ = submit(*[answer_by_phone()] * 3)
        assert client.batches == [[phone(1), phone(2)], [phone(3)], [phone(9)]]

    def test_and_before_the_rest_of_one(self, launched, queued, clock):
        launched(6, 7, 8, 9)

        def meanwhile(batch):
            if batch[0].to == phone(6):
                clock.forward(seconds=2)
                for ending in (1, 2, 3):
                    queued(ending)

        client = ScriptedClient([answer_by_phone()] * 4, before_send=meanwhile)
        worker.submit_queued(client=client, clock=clock)
        assert client.batches == [
            [phone(6), phone(7)],
            [phone(1), phone(2)],
            [phone(3)],
            [phone(8), phone(9)],
        ]

    def test_so_do_those_that_come_while_a_campaign_leaves(self, launched, queued, clock):
        launched(9)

        def meanwhile(batch):
            if batch[0].to == phone(9):
                for ending in (1, 2, 3):
                    queued(ending)

        client = ScriptedClient([answer_by_phone()] * 3, before_send=meanwhile)
        worker.submit_queued(client=client, clock=clock)
        assert [len(batch) for batch in client.sent] == [1, 2, 1]


class TestWhatWaits:
    """Whether a sending thread must check the queue again."""

    def test_a_single_message_does(self, queued):
        queued()
        assert worker.something_waits()

    def test_a_campaign_that_sends_does(self, campaign):
        campaign(status="sending")
        assert worker.something_waits()

    def test_what_has_left_does_not(self, queued, campaign):
        queued(status="accepted")
        campaign(status="sent")
        assert not worker.something_waits()

    def test_what_belongs_to_an_account_that_is_no_more_does_not(self, queued, campaign):
        queued(account="gone")
        campaign(status="sending", account="gone")
        assert not worker.something_waits()


class TestAtOnce:
    """Single messages with a caller that waits for the result."""

    def test_they_go_in_batches_and_nothing_else_with_them(self, queued, clock, settings):
        settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 2}
        mine = [queued(ending).pk for ending in (1, 2, 3, 4, 5)]
        queued(6)
        client = ScriptedClient([answer_by_phone()] * 3)
        worker.submit_now(mine, "default", client=client, clock=clock)
        assert client.batches == [[phone(1), phone(2)], [phone(3), phone(4)], [phone(5)]]
        assert statuses()[phone(6)] == "queued"

    def test_what_a_worker_has_taken_meanwhile_is_left_to_it(self, queued, clock):
        mine = [queued(1, status="sending", attempts=1).pk]
        worker.submit_now(mine, "default", client=ScriptedClient(), clock=clock)
        assert statuses() == {phone(1): "sending"}

    @pytest.mark.parametrize(("hours", "at"), [("21:00-09:00", 12), ("09:00-21:00", 0)])
    def test_what_may_not_leave_in_quiet_hours_waits_with_the_reason(
        self, queued, clock, settings, hours, at
    ):
        settings.SMSBAT = {**settings.SMSBAT, "QUIET_HOURS": hours}
        clock.forward(hours=at)
        mine = [queued(1, type="viber_promo").pk, queued(2).pk]
        worker.submit_now(mine, "default", client=ScriptedClient([answer_by_phone()]), clock=clock)
        told = Message.objects.values_list("to", "status", "error_code", "error_message")
        assert set(told) == {
            (phone(1), "queued", "quiet_hours", "nothing promotional is sent now"),
            (phone(2), "accepted", "", ""),
        }

    def test_by_day_it_leaves(self, queued, clock, settings):
        settings.SMSBAT = {**settings.SMSBAT, "QUIET_HOURS": "21:00-09:00"}
        mine = [queued(1, type="viber_promo").pk]
        worker.submit_now(mine, "default", client=ScriptedClient([answer_by_phone()]), clock=clock)
        assert statuses() == {phone(1): "accepted"}
