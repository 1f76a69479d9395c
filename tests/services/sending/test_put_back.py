"""The data stored on a message that returns from a request, and the number of such messages."""

import pytest

from django_smsbat.gateway.errors import ErrorKind
from django_smsbat.models import Campaign, Message
from django_smsbat.services import unconfirmed
from django_smsbat.services.sending import claiming, delivery, leases, worker
from tests.conftest import NOON
from tests.support.scripted import ScriptedClient, answer_by_phone

pytestmark = pytest.mark.django_db


def delivered(queued, clock, *steps, count=3):
    for ending in range(count):
        queued(10 + ending)
    batch = claiming.claim_singles(100, clock.now(), "default")
    return delivery.deliver(batch, ScriptedClient(sends=list(steps)), clock)


def test_one_that_did_not_get_through_is_nobodys_again_and_says_why(queued, clock):
    outcome = delivered(queued, clock, ErrorKind.UNREACHABLE)
    assert (outcome.put_back, outcome.unconfirmed, outcome.taken) == (3, 0, 0)
    for message in Message.objects.all():
        assert (message.status, message.claim, message.lease_until) == ("queued", None, None)
        assert message.error_code == "unreachable"
        assert message.error_message == "SMSBAT cannot be reached (scripted)"


def test_all_parts_that_did_not_get_through_are_counted(queued, clock):
    outcome = delivered(queued, clock, ErrorKind.INVALID, ErrorKind.UNREACHABLE, count=4)
    assert (outcome.put_back, outcome.requests) == (4, 2)


def test_those_in_doubt_are_counted(queued, clock):
    outcome = delivered(queued, clock, ErrorKind.TIMED_OUT)
    assert (outcome.put_back, outcome.unconfirmed) == (0, 3)
    codes = set(Message.objects.values_list("error_code", "error_message"))
    assert codes == {("timed_out", "no answer in time (scripted)")}


def test_the_log_tells_how_many_failed_and_why(queued, clock, caplog):
    delivered(queued, clock, ErrorKind.TIMED_OUT)
    assert "a request with 3 messages failed: no answer in time" in caplog.text


def test_a_refusal_is_one_of_its_attempt(queued, clock):
    delivered(queued, clock, ErrorKind.INVALID, count=1)
    message = Message.objects.get()
    told = message.events.get()
    assert (message.status, told.attempt) == ("rejected", 1)
    assert told.payload == {"code": "", "message": "scripted", "status": None}


def test_one_whose_worker_fell_silent_says_so(queued, clock):
    for ending in (10, 11):
        queued(ending)
    claiming.claim_singles(100, clock.now(), "default")
    clock.forward(seconds=301)
    assert leases.settle_lost(clock.now()) == 2
    assert leases.settle_lost(clock.now()) == 0
    said = set(Message.objects.values_list("status", "error_code", "error_message"))
    assert said == {("unconfirmed", "lease_over", "the worker that sent it fell silent")}


def test_a_campaign_whose_last_message_was_lost_is_done(campaign, queued, clock):
    made = campaign(status="sending")
    queued(10, campaign=made)
    claiming.claim_campaign(made, 100, clock.now())
    clock.forward(seconds=301)
    leases.settle_lost(clock.now())
    made.refresh_from_db()
    assert (made.status, made.finished_at) == ("sent", clock.now())


def test_many_are_settled_in_chunks(queued, clock, monkeypatch):
    monkeypatch.setattr(leases, "_SETTLE_CHUNK", 2)
    for ending in range(5):
        queued(10 + ending)
    claiming.claim_singles(100, clock.now(), "default")
    clock.forward(seconds=301)
    assert leases.settle_lost(clock.now()) == 5


def test_of_one_campaign_only_its_own_are_sent_again(queued, campaign):
    mine, other = campaign(status="sending"), campaign(status="sending", name="Other")
    for ending, made in ((10, mine), (11, other), (12, None)):
        queued(ending, campaign=made, status="unconfirmed", attempts=1)
    assert unconfirmed.resend_all(mine.pk) == 1
    assert Message.objects.get(status="queued").campaign == mine


def test_nothing_of_a_cancelled_campaign_is_sent_again_by_a_setting(
    queued, campaign, clock, settings
):
    settings.SMSBAT = {**settings.SMSBAT, "RESEND_UNCONFIRMED": True}
    over = campaign(status="cancelled")
    live = campaign(status="sending", name="Live")
    for ending, made in ((10, over), (11, live), (12, None)):
        queued(ending, campaign=made, status="unconfirmed", attempts=1)
    tried = unconfirmed.tried_little()
    assert set(tried.values_list("campaign", flat=True)) == {live.pk, None}
    client = ScriptedClient(sends=[answer_by_phone(), answer_by_phone()])
    worker.submit_queued(client=client, clock=clock)
    assert Message.objects.get(campaign=over).status == "unconfirmed"
    assert Campaign.objects.get(pk=live.pk).status == "sent"
    assert Message.objects.filter(created_at__lt=NOON).count() == 0
