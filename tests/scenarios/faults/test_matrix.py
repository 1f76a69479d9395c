"""Laws 2 and 3 under every fault that the sandbox can simulate."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import pytest

from django_smsbat.gateway.errors import Fate, GatewayError, kind_of_status
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Message
from django_smsbat.sandbox.faults import KINDS, Fault, Faults
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.polling import poller
from django_smsbat.services.sending import worker
from tests.conftest import client_for

pytestmark = pytest.mark.django_db
PEOPLE = 24
BATCH = 8
ENDINGS = range(1_010, 1_010 + PEOPLE)  # none ends in 02, which the sandbox rejects
HTTP_ERRORS = [status.value for status in HTTPStatus if status >= 300]
NOBODY_TOLD = {"lost", "lost-after", "truncated", "garbage", "html", "empty"}
SLOWER_THAN_WE_WAIT = "slow:2"


@pytest.fixture
def site(people, campaign, settings, start_sandbox, clock):
    """Make a launched campaign, and a function that sends it through a faulty sandbox."""
    settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": BATCH}
    people(*ENDINGS)
    made = campaign()
    lifecycle.launch(made)

    def send(*faults):
        sandbox = start_sandbox(faults=faults)
        client = client_for(sandbox.url, timeout=0.5)
        summary = worker.submit_queued(client=client, clock=clock)
        client.close()
        made.refresh_from_db()
        return sandbox.sandbox.ledger, summary, made

    return send


def statuses():
    return Counter(Message.objects.values_list("status", flat=True))


def assert_laws(ledger):
    """Assert at most one message per phone; the others are queued, unconfirmed or refused."""
    per_phone = Counter({phone: len(entries) for phone, entries in ledger.by_phone.items()})
    assert not per_phone or max(per_phone.values()) == 1
    without = Message.objects.exclude(to__in=list(per_phone))
    known_to_lack_it = {"queued", "unconfirmed", "rejected"}
    assert set(without.values_list("status", flat=True)) <= known_to_lack_it
    assert Message.objects.filter(status="sending").count() == 0
    assert sum(statuses().values()) == PEOPLE
    for key, phone in Message.objects.exclude(smsbat_id="").values_list("smsbat_id", "to"):
        assert ledger.entries[key].phone == phone  # whatever the order of the results


@pytest.mark.parametrize("when", ["1", "3"])
@pytest.mark.parametrize("status", HTTP_ERRORS)
def test_an_http_status_before_anything_was_taken(site, status, when):
    ledger, summary, made = site(f"{status}@{when}")
    assert_laws(ledger)
    kind = kind_of_status(status)
    if kind.fate is Fate.PERHAPS_TAKEN:
        assert statuses() == {"unconfirmed": BATCH, "accepted": PEOPLE - BATCH}
    elif kind.for_everybody:
        done = (int(when) - 1) * BATCH
        expected = Counter({"queued": PEOPLE - done, "accepted": done})
        assert statuses() == expected - Counter()
        assert made.status == "paused"
        assert kind.meaning in made.pause_reason
    else:  # retried, or split, until every recipient has the message
        assert statuses() == {"accepted": PEOPLE}
        assert (made.status, summary.failure) == ("sent", "")


@pytest.mark.parametrize("status", [500, 502, 504, 303])
def test_an_http_status_after_the_messages_were_taken_means_doubt(site, status):
    ledger, _summary, _made = site(f"{status}-after@2")
    assert_laws(ledger)
    assert statuses() == {"unconfirmed": BATCH, "accepted": PEOPLE - BATCH}
    assert len(ledger.entries) == PEOPLE


@pytest.mark.parametrize("kind", KINDS)
def test_everything_else_that_goes_wrong(site, kind):
    ledger, _summary, made = site(f"{SLOWER_THAN_WE_WAIT if kind == 'slow' else kind}@2")
    assert_laws(ledger)
    doubtful = {"partial": BATCH // 2, "shuffled": 0}.get(kind, BATCH)
    expected = Counter({"unconfirmed": doubtful, "accepted": PEOPLE - doubtful})
    assert statuses() == expected - Counter()
    assert made.status == "sent"
    taken = PEOPLE - (BATCH if kind == "lost" else 0)
    assert len(ledger.entries) == taken


def test_retry_after_is_waited_for(site, clock):
    site("429:7@1")
    assert clock.slept[0] == pytest.approx(7, abs=1)


def test_everything_at_once_by_chance(site, settings):
    faults = ["503@15%", "lost-after@10%", "500-after@10%", "partial@10%", "garbage@10%", "422@20%"]
    settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 1}
    ledger, _summary, _made = site(*faults)
    assert_laws(ledger)
    assert statuses()["accepted"]
    assert statuses()["unconfirmed"]
    assert statuses()["rejected"]


@pytest.mark.parametrize("kind", [*KINDS, "500", "429", "404", "401"])
def test_a_status_request_that_goes_wrong_changes_nothing_and_is_made_up_for(
    site, start_sandbox, clock, kind
):
    ledger, _summary, _made = site()
    sandbox = start_sandbox(faults=[f"status/{kind}@{','.join(map(str, range(1, 4)))}"])
    sandbox.sandbox.ledger.entries.update(ledger.entries)
    before = dict(Message.objects.values_list("pk", "status"))
    client = client_for(sandbox.url, timeout=0.5)
    clock.forward(seconds=6)
    poller.sync(client=client, clock=clock, limit=1)
    if kind not in ("slow", "shuffled", "partial"):  # no effect on a single status
        assert dict(Message.objects.values_list("pk", "status")) == before
    for _ in range(12):
        clock.forward(hours=1)
        poller.sync(client=client, clock=clock)
    client.close()
    assert set(Message.objects.values_list("status", flat=True)) == {"delivered"}


@pytest.mark.parametrize("at_once", [2])
def test_requests_are_numbered_in_the_order_in_which_they_come(start_sandbox, queued, at_once):
    sandbox = start_sandbox(faults=["503@1"], latency=0.3)
    message = queued(77).outgoing()

    def send(_):
        client = client_for(sandbox.url)
        try:
            return client.send([message])
        except GatewayError as error:
            return error.status
        finally:
            client.close()

    with ThreadPoolExecutor(at_once) as pool:
        answers = list(pool.map(send, range(at_once)))
    assert answers.count(503) == 1


def test_a_bad_message_among_many_costs_few_requests(site, settings):
    settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": PEOPLE}
    Message.objects.filter(to__endswith="1020").update(ttl=0)  # every sandbox refuses this value
    ledger, _summary, _made = site()
    assert_laws(ledger)
    assert statuses() == {"accepted": PEOPLE - 1, "rejected": 1}
    culprit = Message.objects.get(status="rejected")
    assert "ttl" in culprit.error_message
    assert ledger.requests["send"] <= 2 * PEOPLE.bit_length() + 1


class TestWriting:
    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("503@2", Fault("send", "503", False, None, frozenset({2}))),
            ("429:7@1,3", Fault("send", "429", False, 7.0, frozenset({1, 3}))),
            ("500-after@1", Fault("send", "500", True, None, frozenset({1}))),
            ("lost-after@10%", Fault("send", "lost", True, None, frozenset(), 0.1)),
            ("slow:2.5@1", Fault("send", "slow", True, 2.5, frozenset({1}))),
            ("status/garbage@1", Fault("status", "garbage", True, None, frozenset({1}))),
        ],
    )
    def test_a_fault_is_read_as_it_is_written(self, written, expected):
        assert Fault.parse(written) == expected

    @pytest.mark.parametrize(
        "written", ["", "503", "999@1", "slow-after@1", "lost@x", "hm@1", "503@0", "503@101%"]
    )
    def test_what_is_no_fault_is_refused_with_what_would_be_right(self, written):
        with pytest.raises(ValueError, match="KIND@WHEN"):
            Fault.parse(written)

    def test_the_same_faults_come_in_every_run(self):
        def run():
            faults = Faults([Fault.parse("503@30%")])
            return [bool(faults.of("send", number)) for number in range(50)]

        assert run() == run()
        assert 5 < sum(run()) < 25


def test_a_killed_sandbox_knows_again_what_it_took(start_sandbox, tmp_path, queued):
    journal = tmp_path / "taken.jsonl"
    message = queued(77)
    client = client_for(start_sandbox(journal=journal).url)
    answer = client.send([message.outgoing()])
    journal.write_text(journal.read_text() + '["torn')  # an incomplete last line
    again = start_sandbox(journal=journal)
    assert list(again.sandbox.ledger.by_phone) == [message.to]
    told = client_for(again.url).status(answer.results[message.customer_message_id].message_id)
    assert told.status in set(Status)
    client_for(again.url).send([queued(78).outgoing()])
    third = start_sandbox(journal=journal)
    assert len(third.sandbox.ledger.entries) == 2
    assert json.loads(journal.read_text().splitlines()[0])[2]["to"] == message.to
