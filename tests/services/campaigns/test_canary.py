"""The canary is sent first; the rest waits for a user, or for a share of deliveries."""

import pytest

from django_smsbat.gateway.errors import ErrorKind
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Campaign, Message
from django_smsbat.services.campaigns import canary, lifecycle
from django_smsbat.services.sending import worker
from django_smsbat.services.tracking import recorder
from django_smsbat.services.tracking.events import Report
from tests.conftest import NOON, phone
from tests.support.scripted import ScriptedClient, answer_by_phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent_ahead(people, campaign, clock):
    """A campaign to ten recipients, with the first four sent."""

    def make(**fields):
        people(*range(10, 20))
        made = campaign(canary_size=4, **fields)
        lifecycle.launch(made)
        worker.submit_queued(client=ScriptedClient([answer_by_phone()]), clock=clock)
        made.refresh_from_db()
        return made

    return make


def send(clock, *answers):
    client = ScriptedClient(list(answers))
    worker.submit_queued(client=client, clock=clock)
    return client.phones


def report(status, *endings):
    for message in Message.objects.filter(to__in=[phone(ending) for ending in endings]):
        recorder.record(
            [
                Report(
                    source="callback",
                    status=status,
                    raw_status=status.value,
                    smsbat_id=message.smsbat_id,
                )
            ],
            NOON,
        )


def test_only_the_first_go_and_the_campaign_waits_with_the_reason(sent_ahead, clock):
    made = sent_ahead()
    assert made.status == "paused"
    assert "The first 4 were sent" in made.pause_reason
    assert not canary.pause_when_out(made)  # already paused
    assert Message.objects.filter(status="queued").count() == 6
    assert send(clock) == []


def test_other_campaigns_messages_are_not_among_the_first(sent_ahead, clock, queued, campaign):
    queued(99, campaign=campaign(name="Older", status="paused"))
    assert sent_ahead(canary_share=50).status == "paused"
    report(Status.DELIVERED, 10, 11)
    assert send(clock, answer_by_phone()) == [phone(ending) for ending in range(14, 20)]


def test_in_small_batches_and_with_what_was_put_back_it_is_still_the_first(
    people, campaign, clock, settings
):
    settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 3}
    people(*range(10, 20))
    lifecycle.launch(campaign(canary_size=4))
    steps = [answer_by_phone(), ErrorKind.THROTTLED, answer_by_phone()]
    assert send(clock, *steps) == [phone(n) for n in (10, 11, 12, 13, 13)]


def test_a_person_lets_the_rest_go(sent_ahead, clock):
    made = sent_ahead()
    lifecycle.resume(made)
    assert send(clock, answer_by_phone()) == [phone(n) for n in range(14, 20)]
    made.refresh_from_db()
    assert made.status == "sent"


def test_resuming_what_was_paused_before_they_were_out_keeps_the_rest_back(people, campaign, clock):
    people(*range(10, 20))
    made = campaign(canary_size=4)
    lifecycle.launch(made)
    lifecycle.pause(made)
    lifecycle.resume(made)
    assert len(send(clock, answer_by_phone())) == 4


def test_a_share_that_was_delivered_lets_the_rest_go(sent_ahead, clock):
    made = sent_ahead(canary_share=75)
    assert "75 % were delivered" in made.pause_reason
    report(Status.DELIVERED, 10, 11)
    assert send(clock) == []
    report(Status.READ, 12)
    assert len(send(clock, answer_by_phone())) == 6
    made.refresh_from_db()
    assert (made.pause_reason, made.canary_is_out, made.canary_last_id) == ("", False, None)


def test_while_some_of_them_may_still_arrive_nothing_is_explained(sent_ahead, clock):
    made = sent_ahead(canary_share=75)
    before = made.pause_reason
    report(Status.UNDELIVERABLE, 10, 11)
    assert send(clock) == []
    made.refresh_from_db()
    assert made.pause_reason == before


def test_what_is_explained_is_explained_of_that_campaign_alone(sent_ahead, clock, campaign):
    made = sent_ahead(canary_share=75)
    waiting = {"status": "paused", "canary_is_out": True, "canary_share": 50}
    other = campaign(name="Other", pause_reason="waits", canary_last_id=0, **waiting)
    Campaign.objects.filter(pk=other.pk).update(canary_last_id=None)
    report(Status.UNDELIVERABLE, 10, 11, 12, 13)
    canary._release_or_explain(made)
    other.refresh_from_db()
    assert other.pause_reason == "waits"


def test_what_a_person_held_meanwhile_is_explained_no_more(sent_ahead):
    made = sent_ahead(canary_share=75)
    report(Status.UNDELIVERABLE, 10, 11, 12, 13)
    lifecycle.hold(Campaign.objects.get())
    canary._release_or_explain(made)
    assert Campaign.objects.get().pause_reason == "Held: the rest waits until you resume."


def test_a_share_that_cannot_be_reached_any_more_is_told(sent_ahead, clock):
    made = sent_ahead(canary_share=75)
    report(Status.DELIVERED, 10, 11)
    report(Status.UNDELIVERABLE, 12, 13)
    assert send(clock) == []
    made.refresh_from_db()
    assert made.status == "paused"
    assert made.pause_reason == "Of the first 4 only 50 % were delivered, not 75 %."


def test_fewer_people_than_that_need_no_second_go(people, campaign, clock):
    people(10, 11)
    made = campaign(canary_size=4)
    lifecycle.launch(made)
    send(clock, answer_by_phone())
    made.refresh_from_db()
    assert (made.status, canary.is_out(made)) == ("sent", False)


def test_what_a_person_paused_does_not_go_on_by_itself(people, campaign, clock, settings):
    settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 2}
    people(*range(10, 20))
    made = campaign(canary_size=2, canary_share=50)
    lifecycle.launch(made)
    client = ScriptedClient(
        [answer_by_phone()], before_send=lambda _: lifecycle.pause(made, "the text is wrong")
    )
    worker.submit_queued(client=client, clock=clock)
    report(Status.DELIVERED, 10, 11)
    assert send(clock) == []
    made.refresh_from_db()
    assert (made.status, made.pause_reason) == ("paused", "the text is wrong")


def test_what_would_go_on_by_itself_can_be_held(sent_ahead, clock):
    made = sent_ahead(canary_share=50)
    lifecycle.hold(made)
    report(Status.DELIVERED, 10, 11, 12, 13)
    assert send(clock) == []
    with pytest.raises(lifecycle.ActionNotAllowed):
        lifecycle.hold(made)
    lifecycle.resume(made)
    assert len(send(clock, answer_by_phone())) == 6


def test_a_cancelled_one_waits_for_none(sent_ahead):
    lifecycle.cancel(sent_ahead(canary_share=50))
    assert not worker.something_waits()


def test_the_thread_runner_knows_that_it_waits_for_a_share(sent_ahead):
    sent_ahead(canary_share=50)
    assert worker.something_waits()
    lifecycle.hold(Campaign.objects.get())
    assert not worker.something_waits()
