"""A user settles unconfirmed messages: sends them again or gives them up."""

import json

import pytest

from django_smsbat.gateway.answers import parse_send
from django_smsbat.gateway.errors import ErrorKind
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Campaign, Message, StatusEvent
from django_smsbat.services import unconfirmed
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.sending import worker
from django_smsbat.services.tracking import recorder
from django_smsbat.services.tracking.events import Report
from tests.conftest import NOON, phone
from tests.support.scripted import ScriptedClient, answer_by_phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def doubtful(queued):
    """Create a message that was sent once and has no known result."""

    def make(ending=77, **fields):
        message = queued(ending, status="sending", attempts=1, **fields)
        recorder.record([recorder.local(message, Status.UNCONFIRMED, "lease_over")], NOON)
        return message

    return make


def test_sending_again_starts_a_new_attempt_and_only_its_reports_count(doubtful, clock):
    message = doubtful()
    assert unconfirmed.resend([message.pk]) == 1
    worker.submit_queued(client=ScriptedClient([answer_by_phone()]), clock=clock)
    message.refresh_from_db()
    assert (message.status, message.attempts) == ("accepted", 2)
    assert StatusEvent.objects.filter(message=message).count() == 2


def test_a_gateway_that_gives_the_same_id_again_is_understood(doubtful, clock):
    message = doubtful()

    def same_id(messages):
        item = {"messageId": "same", "status": "accepted"}
        mine = {**item, "customerMessageId": messages[0].customer_message_id}
        return parse_send(json.dumps({"messages": [mine]}).encode(), messages)

    def odd(attempt):
        payload = {"messageId": "same", "status": "odd"}
        return Report(
            source="submit",
            status=None,
            raw_status="odd",
            payload=payload,
            smsbat_id="same",
            message_id=message.pk,
            attempt=attempt,
        )

    recorder.record([odd(1)], NOON)
    unconfirmed.resend([message.pk])
    worker.submit_queued(client=ScriptedClient([same_id]), clock=clock)
    recorder.record(
        [
            Report(
                source="callback",
                status=Status.DELIVERED,
                raw_status="delivered",
                payload={},
                smsbat_id="same",
                occurred_at=NOON,
            )
        ],
        NOON,
    )
    message.refresh_from_db()
    assert (message.status, message.smsbat_id) == ("delivered", "same")


def test_giving_up_makes_it_failed_until_somebody_knows_better(doubtful):
    message = doubtful()
    assert unconfirmed.give_up([message.pk], NOON) == 1
    message.refresh_from_db()
    assert (message.status, message.error_code) == ("failed", "given_up")
    recorder.record(
        [
            Report(
                source="callback",
                status=Status.DELIVERED,
                raw_status="delivered",
                payload={},
                message_id=message.pk,
                occurred_at=NOON,
            )
        ],
        NOON,
    )
    message.refresh_from_db()
    assert message.status == "delivered"


@pytest.mark.parametrize("status", ["queued", "accepted", "delivered", "failed"])
def test_what_is_not_unconfirmed_is_left_alone(queued, status):
    message = queued(status=status)
    assert unconfirmed.resend([message.pk]) == 0
    assert unconfirmed.give_up([message.pk]) == 0
    assert Message.objects.get().status == status


def test_a_finished_campaign_is_sending_again(doubtful, campaign):
    made = campaign(status="sent", finished_at=NOON)
    untouched = campaign(status="sent", finished_at=NOON)
    unconfirmed.resend([doubtful(campaign=made).pk])
    assert dict(Campaign.objects.values_list("pk", "status")) == {
        made.pk: "sending",
        untouched.pk: "sent",
    }


def test_nothing_of_a_cancelled_campaign_is_sent_again(doubtful, campaign):
    message = doubtful(campaign=campaign(status="cancelled"))
    assert unconfirmed.resend([message.pk]) == 0


def test_an_unconfirmed_message_that_is_resent_and_cancelled_ends(doubtful, campaign, clock):
    made = campaign(status="sending")
    unconfirmed.resend([doubtful(campaign=made).pk])
    assert lifecycle.cancel(made, NOON) == 1
    assert Message.objects.get().status == "cancelled"


class TestAllAtOnce:
    @pytest.fixture
    def in_doubt(self, people, campaign, clock, queued):
        """Two campaigns (one cancelled), two unconfirmed messages each; and a single one."""
        people(10, 11)
        made = [campaign(name="Sale"), campaign(name="Other")]
        for one in made:
            lifecycle.launch(one)
        queued(12)
        client = ScriptedClient([ErrorKind.TIMED_OUT] * 3)
        worker.submit_queued(client=client, clock=clock)
        assert set(Message.objects.values_list("status", flat=True)) == {"unconfirmed"}
        Campaign.objects.filter(name="Other").update(status="cancelled")
        return made

    def test_of_one_campaign(self, in_doubt):
        assert unconfirmed.give_up_all(in_doubt[0].pk) == 2
        assert Message.objects.filter(status="failed").count() == 2

    def test_of_everything_but_what_was_cancelled(self, in_doubt):
        assert unconfirmed.resend_all() == 3
        waiting = Message.objects.filter(status="queued")
        assert set(waiting.values_list("campaign__name", flat=True)) == {"Sale", None}
        assert Campaign.objects.get(name="Sale").status == "sending"

    def test_in_chunks_of_any_size(self, in_doubt, monkeypatch):
        monkeypatch.setattr(unconfirmed, "_CHUNK", 1)
        assert unconfirmed.resend_all() == 3


class TestTwiceRatherThanNever:
    """`RESEND_UNCONFIRMED` is for sites that prefer a duplicate over a loss."""

    @pytest.fixture(autouse=True)
    def preferred(self, settings):
        settings.SMSBAT = {**settings.SMSBAT, "RESEND_UNCONFIRMED": True}

    def submit(self, clock, *steps):
        client = ScriptedClient(list(steps))
        worker.submit_queued(client=client, clock=clock)
        return client.phones

    def test_what_is_in_doubt_is_sent_again_without_a_person(self, queued, clock):
        queued(10)
        assert self.submit(clock, ErrorKind.SERVER_ERROR) == [phone(10)]
        clock.forward(minutes=1)
        assert self.submit(clock, answer_by_phone()) == [phone(10)]
        assert Message.objects.get().status == "accepted"

    def test_but_not_for_ever(self, queued, clock):
        queued(10)
        for _ in range(7):
            self.submit(clock, *[ErrorKind.SERVER_ERROR] * 5)
            clock.forward(minutes=10)
        message = Message.objects.get()
        assert (message.status, message.attempts) == ("unconfirmed", 5)
