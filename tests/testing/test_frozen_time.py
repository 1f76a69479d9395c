"""The test kit under frozen clocks: it ends, and it does not wait."""

import time
from datetime import UTC, datetime

import freezegun
import pytest
import time_machine

from django_smsbat import send, verification
from django_smsbat.messages import Sms
from django_smsbat.models import Message
from django_smsbat.services.clock import SystemClock
from django_smsbat.services.sending import worker
from django_smsbat.testing import FakeGateway, running_sandbox
from tests.conftest import phone

WHEN = datetime(2026, 3, 29, 10, 0, tzinfo=UTC)
FREEZERS = {
    "freezegun": lambda: freezegun.freeze_time(WHEN),
    "time-machine": lambda: time_machine.travel(WHEN, tick=False),
}


@pytest.fixture(params=FREEZERS)
def freeze(request):
    return FREEZERS[request.param]


@pytest.fixture
def sleeps(monkeypatch):
    """Record the duration of each call of `time.sleep`."""
    seconds = []
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds


@pytest.mark.parametrize("kind", ["unreachable", "throttled"])
@pytest.mark.parametrize("times", [1, 3])
def test_workers_send_again_after_a_failure(db, freeze, sleeps, kind, times):
    with FakeGateway() as gateway:
        gateway.fail_next(kind, times=times)
        with freeze():
            message = send(Sms(to=phone(77), text="Hi"))
            gateway.run_workers()
        message.refresh_from_db()
        assert message.status == "accepted"
    assert sleeps == []


def test_workers_give_up_after_many_failures(db, freeze, sleeps):
    with FakeGateway() as gateway:
        gateway.fail_next("unreachable", times=50)
        with freeze():
            message = send(Sms(to=phone(77), text="Hi"))
            summary = gateway.run_workers()
        message.refresh_from_db()
    assert message.status == "queued"
    assert summary.failure
    assert sleeps == []


def test_time_passes_by_the_kit_alone(db, freeze, sleeps):
    with FakeGateway() as gateway, freeze():
        message = send(Sms(to=phone(77), text="Hi"))
        gateway.let_time_pass()
        message.refresh_from_db()
        assert message.status == "delivered"
    assert sleeps == []


def test_a_code_is_checked_and_runs_out(db, freeze):
    with FakeGateway() as gateway, freeze():
        first = verification.start(phone(77), "sms")
        assert verification.check(first.id, gateway.outbox[-1].code)
        second = verification.start(phone(78), "sms")
        gateway.let_time_pass(60)
        assert not verification.check(second.id, gateway.outbox[-1].code)


def test_a_report_is_taken(db, freeze):
    with FakeGateway() as gateway, freeze():
        message = send(Sms(to=phone(77), text="Hi"))
        gateway.report(message, "delivered")
        message.refresh_from_db()
        assert message.status == "delivered"


def test_the_machines_clock_sleeps_as_long_as_it_was_asked_to(freeze, sleeps):
    with freeze():
        SystemClock().sleep(1.5)
    assert sum(sleeps) == pytest.approx(1.5)


def test_a_worker_whose_clock_does_not_move_ends_with_a_reason(db, freeze, sleeps):
    with FakeGateway() as gateway:
        gateway.fail_next("unreachable")
        with freeze():
            send(Sms(to=phone(77), text="Hi"))
            summary = worker.submit_queued()
    assert summary.failure.endswith("the clock does not move")
    assert Message.objects.get().status == "queued"


@pytest.mark.slow
def test_the_sandbox_takes_messages(transactional_db, freeze):
    with running_sandbox() as sandbox:
        with freeze():
            for ending in (77, 78, 79):
                send(Sms(to=phone(ending), text="Hi"))
        assert len(sandbox.sandbox.ledger.entries) == 3
