"""Health: whether everything runs as expected, and what needs a user's attention."""

from datetime import timedelta

import pytest

from django_smsbat.models import Backoff, FallbackEmail, Heartbeat, Message
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.inbound import receive
from django_smsbat.services.monitoring import health
from django_smsbat.services.polling import poller
from django_smsbat.services.sending import worker
from django_smsbat.services.tracking import recorder
from tests.conftest import NOON
from tests.services.inbound.test_receive import written
from tests.services.tracking.test_recorder import accepted, reported
from tests.support.scripted import ScriptedClient

pytestmark = pytest.mark.django_db(transaction=True)


def problems(clock):
    return " ".join(health.look(clock.now()).problems)


def test_where_nothing_waits_all_is_well(clock):
    found = health.look(clock.now())
    assert (found.problems, found.last_sync, found.queued) == ([], None, 0)


def test_workers_and_callbacks_leave_signs_of_life(clock):
    worker.submit_queued(client=ScriptedClient(), clock=clock)
    poller.sync(client=ScriptedClient(), clock=clock)
    recorder.record([reported("nobody", "delivered")], clock.now())
    receive.receive(written(), clock.now())
    found = health.look(clock.now())
    seen = (found.last_send, found.last_sync, found.last_status_callback, found.last_inbound)
    assert seen == (NOON,) * 4
    assert found.orphans == 1


def test_they_are_written_down_once_in_half_a_minute(clock, django_assert_num_queries):
    from django_smsbat.models import HeartbeatName
    from django_smsbat.services import heartbeats

    heartbeats.beat(HeartbeatName.SYNC, clock.now())
    clock.forward(seconds=29)
    with django_assert_num_queries(0):
        heartbeats.beat(HeartbeatName.SYNC, clock.now())
    clock.forward(seconds=1)
    heartbeats.beat(HeartbeatName.SYNC, clock.now())
    assert Heartbeat.objects.get().at == clock.now()


def test_what_is_queued_while_no_worker_runs_is_told(queued, clock):
    queued()
    assert "is smsbat_send running?" in problems(clock)
    worker.submit_queued(client=ScriptedClient(), clock=clock, campaign_id=99)
    assert problems(clock) == ""


def test_a_paused_campaign_is_not_what_waits_for_a_worker(people, campaign, clock):
    people(1)
    made = campaign()
    lifecycle.launch(made)
    lifecycle.pause(made)
    assert problems(clock) == ""


def test_one_that_paused_itself_is_told_with_its_reason(people, campaign, clock):
    people(1)
    made = campaign()
    lifecycle.launch(made)
    lifecycle.pause(made, "the account has no money left")
    assert problems(clock) == f"Campaign {made.pk} is paused: the account has no money left"


def test_messages_that_wait_too_long_for_a_question_are_told(queued, clock):
    message = queued(status="sending", attempts=1)
    recorder.record([accepted(message)], clock.now())
    clock.forward(minutes=14)
    assert problems(clock) == ""
    clock.forward(minutes=2)
    found = health.look(clock.now())
    assert (found.overdue, found.overdue_since) == (1, NOON + timedelta(seconds=5))
    assert "smsbat_sync" in problems(clock)


def test_unless_smsbat_asked_to_be_left_alone(queued, clock):
    message = queued(status="sending", attempts=1)
    recorder.record([accepted(message)], clock.now())
    clock.forward(hours=1)
    Backoff.objects.create(name="status", not_before=clock.now() + timedelta(minutes=5))
    found = health.look(clock.now())
    assert found.problems == []
    assert list(found.held_back_until) == ["status"]


def test_what_is_in_doubt_is_told(queued, clock):
    queued(status="unconfirmed")
    assert "1 messages are unconfirmed" in problems(clock)


def test_a_worker_that_fell_silent_is_told(queued, clock):
    queued(status="sending", attempts=1, lease_until=NOON)
    clock.forward(minutes=11)
    assert "fell silent" in problems(clock)


def test_callbacks_that_stopped_are_told_where_there_were_some(queued, clock):
    message = queued(status="sending", attempts=1)
    recorder.record([accepted(message)], NOON + timedelta(minutes=1))
    Message.objects.update(next_poll_at=None)
    clock.forward(hours=3)
    assert problems(clock) == ""
    Heartbeat.objects.create(name="status callback", at=NOON)
    assert "No delivery callback" in problems(clock)


def test_callbacks_are_missed_only_for_what_should_have_been_told_by_now(queued, clock):
    queued(status="accepted", submitted_at=NOON - timedelta(minutes=1))
    queued(status="delivered", submitted_at=NOON + timedelta(minutes=1))
    queued(status="accepted", submitted_at=NOON + timedelta(hours=2, minutes=30))
    Heartbeat.objects.create(name="status callback", at=NOON)
    clock.forward(hours=3)
    assert problems(clock) == ""


def test_what_could_leave_is_counted_of_single_messages_and_of_campaigns(
    queued, people, campaign, clock
):
    queued()
    people(1, 2)
    lifecycle.launch(campaign())
    queued(5, campaign=campaign(name="Paused", status="paused"))
    assert health.look(clock.now()).queued == 3


def test_at_night_promotional_messages_do_not_wait_for_a_worker(queued, clock, settings):
    settings.SMSBAT = {**settings.SMSBAT, "QUIET_HOURS": "21:00-09:00"}
    queued(type="viber_promo")
    clock.forward(hours=12)
    assert health.look(clock.now()).queued == 0
    clock.forward(hours=12)
    assert health.look(clock.now()).queued == 1


def test_a_worker_that_is_late_by_minutes_only_is_not_silent(queued, clock):
    queued(status="sending", attempts=1, lease_until=NOON)
    clock.forward(minutes=9)
    assert health.look(clock.now()).silent == 0


def test_fallback_e_mails_are_counted_by_what_became_of_them(queued, clock):
    fates = [("queued", 0), ("queued", 3), ("unconfirmed", 1), ("failed", 1), ("failed", 4)]
    for ending, (state, attempts) in enumerate([*fates, ("sent", 4)]):
        FallbackEmail.objects.create(
            message=queued(ending, status="failed"), state=state, attempts=attempts, due_at=NOON
        )
    found = health.look(clock.now())
    counted = (
        found.emails_waiting,
        found.emails_late,
        found.emails_in_doubt,
        found.emails_failed,
    )
    assert counted == (2, 1, 1, 2)


def test_a_campaign_that_goes_on_is_not_told_as_paused(campaign, clock):
    campaign(status="sending", pause_reason="the account had no money left")
    assert health.look(clock.now()).paused == {}


def test_what_waits_for_its_share_is_not_told_as_paused(campaign, clock):
    campaign(status="paused", pause_reason="the first 4 were sent", canary_is_out=True)
    assert health.look(clock.now()).paused == {}


@pytest.mark.parametrize("secrets", [[], ["s" * 32]])
def test_callbacks_are_missed_only_where_the_site_can_take_them(queued, clock, settings, secrets):
    settings.SMSBAT = {**settings.SMSBAT, "WEBHOOK_SECRETS": secrets}
    queued(status="accepted", submitted_at=NOON + timedelta(minutes=1))
    Heartbeat.objects.create(name="status callback", at=NOON)
    clock.forward(hours=3)
    assert ("No delivery callback" in problems(clock)) == bool(secrets)


def test_only_what_is_unsettled_waits_for_an_account_that_is_no_more(queued, clock):
    queued(status="delivered", account="over")
    queued(status="accepted", account="asked about", next_poll_at=NOON)
    queued(status="queued", account="unsent")
    assert health.look(clock.now()).unknown_accounts == ["asked about", "unsent"]
