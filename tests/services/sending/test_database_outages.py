"""A database outage between a request and its response: recording is retried many times."""

from contextlib import nullcontext

import pytest
from django.db import OperationalError

from django_smsbat.models import Message
from django_smsbat.services.database_connections import own_thread
from django_smsbat.services.sending import worker
from django_smsbat.services.sending.claiming import lease_from
from django_smsbat.services.tracking import recorder
from tests.support.scripted import ScriptedClient, answer_by_phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def send_through_an_outage(launched, clock, monkeypatch):
    """Send to one recipient; recording the response fails that many times at first."""

    def send(failures):
        launched(1)
        record, left = recorder.record, [failures]

        def fail_at_first(reports, *arguments):
            if reports and left[0]:
                left[0] -= 1
                raise OperationalError("the database system is starting up")
            return record(reports, *arguments)

        monkeypatch.setattr(recorder, "record", fail_at_first)
        return worker.submit_queued(client=ScriptedClient([answer_by_phone()]), clock=clock)

    return send


@pytest.mark.parametrize("failures", [1, 3, 20])
def test_a_worker_records_the_answer_when_the_database_is_back(send_through_an_outage, failures):
    with own_thread():
        assert send_through_an_outage(failures).taken == 1
    assert Message.objects.get().status == "accepted"


def test_a_worker_gives_up_before_its_lease_ends(send_through_an_outage, clock):
    began = clock.now()
    with own_thread(), pytest.raises(OperationalError):
        send_through_an_outage(10_000)
    assert clock.now() < lease_from(began)


@pytest.mark.parametrize(("thread", "failures"), [(nullcontext, 4), (own_thread, 4)])
def test_a_view_waits_for_four_tries_only(send_through_an_outage, thread, failures):
    """A visitor waits for it; a worker has more time."""
    expected = pytest.raises(OperationalError) if thread is nullcontext else nullcontext()
    with thread(), expected:
        send_through_an_outage(failures)
