"""Cost is per batch, not per message: a fixed number of statements, and one request."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_smsbat.models import HeartbeatName, Recipient, RecipientList
from django_smsbat.services import heartbeats
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.sending import worker
from tests.conftest import client_for, phone
from tests.support.scripted import ScriptedClient, answer_by_phone

pytestmark = pytest.mark.django_db
TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
PER_BATCH_MAX = 8


@pytest.fixture
def statements(people, campaign, settings, clock):
    """Count the statements of a campaign to that many recipients, in batches of that size."""

    def count(total, size, **fields):
        settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": size}
        known = Recipient.objects.count()
        people(*range(1_000 + known, 1_000 + total))
        RecipientList.objects.get().recipients.set(Recipient.objects.order_by("pk")[:total])
        lifecycle.launch(campaign(**fields))
        client = ScriptedClient([answer_by_phone()] * (total // size))
        heartbeats.beat(HeartbeatName.SEND, clock.now())  # written only at intervals
        with CaptureQueriesContext(
            connection,
        ) as captured:
            worker.submit_queued(client=client, clock=clock)
        assert len(client.phones) == total
        return len([q for q in captured if not q["sql"].startswith(TRANSACTION)])

    return count


def test_a_batch_takes_as_many_statements_whatever_its_size(statements):
    assert statements(60, 60) == statements(600, 600)


@pytest.mark.parametrize("text", ["Sale!", "Sale {{ phone }}!"])
def test_each_further_batch_takes_few(statements, text):
    few, many = statements(20, 10, text=text), statements(120, 10, text=text)
    assert (many - few) / 10 <= PER_BATCH_MAX


def test_one_batch_is_one_request_in_utf_8(people, campaign, sandbox, settings):
    people(*range(1_010, 1_060))
    lifecycle.launch(campaign(text="Ї" * 30))
    bodies = []
    client = client_for(sandbox.url)
    with client.observed_by(lambda exchange: bodies.append(exchange.request)):
        worker.submit_queued(client=client)
    client.close()
    [body] = bodies
    assert body.decode().count("Ї") == 50 * 30
    assert b"\\u" not in body
    assert body.count(phone(1_010).encode()) == 1
