"""Concurrent actions on a database with row locks: neither overwrites the other's result."""

import threading
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest
from django.core import mail
from django.db import connection, connections, transaction

from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Campaign, InboundMessage, Message, Recipient, StatusEvent
from django_smsbat.services import email_fallback, unconfirmed
from django_smsbat.services.campaigns import budget, lifecycle
from django_smsbat.services.inbound import receive
from django_smsbat.services.sending import claiming, worker
from django_smsbat.services.tracking import recorder
from tests.conftest import NOON
from tests.services.inbound.test_receive import written
from tests.services.tracking.test_recorder import accepted, reported
from tests.support.scripted import ScriptedClient, answer_by_phone

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SECONDS = 10


@pytest.fixture(autouse=True)
def _locking():
    if connection.vendor != "postgresql":
        pytest.skip(f"{connection.vendor} does not tell who waits for a lock")


@contextmanager
def beside(work):
    """Run `work` in another thread with its own connection; it ends before the block does."""
    outcome = []

    def run():
        try:
            outcome.append(work())
        except Exception as error:
            outcome.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    yield outcome
    thread.join(SECONDS)
    assert not thread.is_alive(), "it waits for ever"
    assert not [error for error in outcome if isinstance(error, Exception)], outcome


def finished_or_waiting(outcome):
    """Wait until the other thread ends, or waits for a lock of this connection."""
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0] or outcome:
                return
            cursor.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("it neither ended nor waited")


def test_a_campaign_is_not_finished_while_a_person_queues_again(queued, campaign):
    made = campaign(status="sending")
    message = queued(campaign=made, status="sending", attempts=1)
    recorder.record([recorder.local(message, Status.UNCONFIRMED)], NOON)
    with ExitStack() as until_both_are_over, transaction.atomic():
        unconfirmed.resend([message.pk])
        finishing = beside(lambda: lifecycle.finish_if_done(made.pk, NOON))
        finished = until_both_are_over.enter_context(finishing)
        finished_or_waiting(finished)
    assert finished == [False]
    assert (Campaign.objects.get().status, Message.objects.get().status) == ("sending", "queued")


def test_two_workers_claim_different_messages(queued, clock):
    for ending in range(10, 14):
        queued(ending)
    wanted = claiming.singles(NOON)
    with transaction.atomic():
        mine = set(wanted.order_by("pk").locked(skip=True)[:2].values_list("pk", flat=True))
        client = ScriptedClient([answer_by_phone()])
        with beside(lambda: worker.submit_queued(client=client, clock=clock)):
            pass
        sent = {int(m.customer_message_id.split("-")[0]) for batch in client.sent for m in batch}
    assert len(mine) == len(sent) == 2
    assert not mine & sent


def test_two_reports_at_once_are_both_counted(queued):
    message = queued(status="sending", attempts=1)
    recorder.record([accepted(message)], NOON)
    with ExitStack() as until_both_are_over, transaction.atomic():
        recorder.record([reported("s-1", "delivered", after=1, cost=0.5)], NOON)
        other = beside(lambda: recorder.record([reported("s-1", "read", after=2)], NOON))
        finished_or_waiting(until_both_are_over.enter_context(other))
    message.refresh_from_db()
    assert (message.status, str(message.cost)) == ("read", "0.500000")
    assert StatusEvent.objects.count() == 3


def test_settling_by_hand_and_recording_do_not_deadlock(queued):
    messages = [queued(ending, status="sending", attempts=1) for ending in range(20, 60)]
    doubts = [recorder.local(message, Status.UNCONFIRMED) for message in messages]
    recorder.record(doubts, NOON)
    keys = [message.pk for message in messages]
    answers = [accepted(message, f"d-{message.pk}") for message in reversed(messages)]
    for _ in range(5):
        with (
            beside(lambda: unconfirmed.give_up(keys, NOON)),
            beside(lambda: recorder.record(answers, NOON)),
        ):
            pass
    statuses = set(Message.objects.values_list("status", flat=True))
    assert statuses in ({"failed"}, {"accepted"})  # the first to finish decides, for all messages


def test_two_callbacks_at_once_never_undo_each_other(queued):
    """The second callback reads what the first has written, whichever comes first."""
    for place, (first, second) in enumerate([("delivered", "sent"), ("sent", "delivered")]):
        message = queued(70 + place, status="sending", attempts=1)
        recorder.record([accepted(message, f"c-{place}")], NOON)
        with ExitStack() as until_both_are_over, transaction.atomic():
            recorder.record([reported(f"c-{place}", first, after=1)], NOON)
            work = partial(recorder.record, [reported(f"c-{place}", second, after=2)], NOON)
            finished_or_waiting(until_both_are_over.enter_context(beside(work)))
        message.refresh_from_db()
        assert message.status == "delivered"


def test_the_same_incoming_message_at_once_is_stored_once():
    with ExitStack() as until_both_are_over, transaction.atomic():
        assert receive.receive(written())
        outcome = until_both_are_over.enter_context(beside(lambda: receive.receive(written())))
        finished_or_waiting(outcome)
    assert outcome == [False]
    assert (InboundMessage.objects.count(), Recipient.objects.count()) == (1, 1)


def test_two_workers_draw_on_one_budget(people, campaign, clock):
    people(*range(1_000, 1_150))
    lifecycle.launch(campaign(budget=100))
    made = Campaign.objects.get()
    with ExitStack() as until_both_are_over, transaction.atomic():
        assert budget.allowance(made, 80) == 80
        budget.draw(made, 80)
        mine = Message.objects.order_by("pk").values_list("pk", flat=True)[:80]
        Message.objects.filter(pk__in=list(mine)).update(status="sending")
        client = ScriptedClient([answer_by_phone()])
        work = partial(worker.submit_queued, client=client, clock=clock)
        finished_or_waiting(until_both_are_over.enter_context(beside(work)))
    assert len(client.phones) == budget.PROBE - 80


def test_two_workers_send_one_mail(queued, people, clock, settings):
    settings.SMSBAT = {**settings.SMSBAT, "EMAIL_FALLBACK": True}
    people(77, email="olena@example.com")
    message = queued(77, type="viber_trans", status="sending", attempts=1)
    recorder.record([accepted(message), reported("s-1", "undeliverable")], NOON)
    work = partial(email_fallback.send_due, clock)
    with beside(work) as one, beside(work) as other:
        pass
    assert sorted([*one, *other]) == [0, 1]
    assert len(mail.outbox) == 1
