"""Polling message statuses: in time, not too often, not for ever."""

from concurrent.futures import wait
from datetime import timedelta
from threading import RLock
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_smsbat.gateway.errors import ErrorKind, GatewayError
from django_smsbat.gateway.message_types import TYPES, MessageType
from django_smsbat.models import Backoff, Message, StatusEvent
from django_smsbat.services.polling import poller
from django_smsbat.services.polling.requests import Asker
from django_smsbat.services.sending.backoff import REFUSALS_MAX
from django_smsbat.services.tracking import orphans, recorder
from tests.conftest import NOON
from tests.services.tracking.test_recorder import accepted
from tests.support.scripted import ScriptedClient, report

TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
# Threads send the requests and do not use the database.
pytestmark = pytest.mark.django_db


@pytest.fixture
def on_its_way(queued):
    """Create an accepted message with this SMSBAT id; its first poll is due at 12:00:05."""

    def make(smsbat_id="s-1", ending=77, **fields):
        message = queued(ending, status="sending", attempts=1, **fields)
        recorder.record([accepted(message, smsbat_id)], NOON)
        return message

    return make


@pytest.fixture
def ask(clock):
    def run(client, **options):
        return poller.sync(client=client, clock=clock, **options)

    return run


def told(status="processing", smsbat_id="s-1", **more):
    return ScriptedClient(statuses={smsbat_id: report(smsbat_id, status, **more)})


def test_nobody_is_asked_about_before_the_first_seconds_are_over(on_its_way, ask, clock):
    on_its_way()
    clock.forward(seconds=4.9)
    assert ask(told()).requests == 0
    clock.forward(seconds=0.1)
    assert ask(told()).requests == 1


def test_an_answer_moves_the_message(on_its_way, ask, clock):
    message = on_its_way()
    clock.forward(seconds=5)
    assert ask(told("delivered", cost=0.05)).changed == 1
    message.refresh_from_db()
    assert (message.status, message.next_poll_at) == ("delivered", None)
    event = StatusEvent.objects.get(source="poll")
    assert event.payload["deliverystatus"] == "delivered"
    assert (event.smsbat_id, event.attempt, event.account) == ("s-1", 1, "default")


def test_an_answer_is_of_the_attempt_that_was_asked_about(on_its_way, clock):
    message = on_its_way()
    clock.forward(seconds=5)
    [asked], _expired = poller._take("default", None, 10, clock.now())
    Message.objects.update(status="sending", attempts=2, resent_after=1)  # sent again meanwhile
    answer = recorder.polled(asked, "default", report("s-1", "undeliverable"))
    recorder.record([answer], clock.now())
    message.refresh_from_db()
    assert (StatusEvent.objects.get(source="poll").attempt, message.status) == (1, "sending")


def test_a_refusal_that_comes_in_while_a_run_ends_is_made_up_for(on_its_way, clock):
    on_its_way()
    clock.forward(seconds=5)
    options = {
        "campaign_id": None,
        "limit": None,
        "on_progress": lambda asked: None,
        "summary": poller.Summary(),
    }
    run = poller._Run(account="default", given=None, clock=clock, **options)
    run.lock, refusal = RLock(), GatewayError(ErrorKind.THROTTLED)
    with Asker(ScriptedClient(statuses={"s-1": refusal}), 1) as run.asker:
        run.asker.ask(run._take())
        wait(run.asker._under_way)  # the response has arrived but is not collected yet
        run._withdraw()
    told = Message.objects.get()
    assert (told.next_poll_at, told.polls) == (clock.now(), 0)


def test_sends_that_are_held_back_hold_no_questions_back(on_its_way, ask, clock):
    on_its_way()
    Backoff.objects.create(name="send", not_before=clock.now() + timedelta(hours=9), refusals=1)
    clock.forward(seconds=5)
    ask(told())
    assert StatusEvent.objects.filter(source="poll").exists()


def test_the_pauses_double_up_to_four_hours(on_its_way, ask, clock):
    on_its_way(ttl=10**7)
    pauses = []
    for _ in range(16):
        due = Message.objects.get().next_poll_at
        clock.moment = due
        ask(told())
        pauses.append((Message.objects.get().next_poll_at - due).total_seconds())
    assert pauses[:4] == [10, 20, 40, 80]
    assert pauses[-1] == 4 * 3_600


def test_a_final_message_is_not_asked_about_again(on_its_way, ask, clock):
    on_its_way()
    clock.forward(seconds=5)
    ask(told("undeliverable"))
    clock.forward(days=1)
    assert ask(ScriptedClient()).requests == 0


def test_after_ttl_and_grace_it_is_expired_by_our_own_word_without_asking(on_its_way, ask, clock):
    message = on_its_way(ttl=60)
    clock.forward(seconds=5)
    ask(told())
    clock.forward(seconds=3_661)
    assert ask(ScriptedClient()).requests == 0
    message.refresh_from_db()
    assert message.status == "expired"
    assert StatusEvent.objects.get(status="expired").source == "local"


@pytest.mark.parametrize("ttl", [60, None])
def test_until_then_it_is_asked_about(on_its_way, ask, clock, ttl):
    message = on_its_way(ttl=ttl)
    clock.forward(seconds=5)
    ask(told())
    lifetime = ttl or TYPES[MessageType.SMS].ttl_advice[1]
    for seconds, requests in ((-1, 1), (0, 0)):
        Message.objects.update(next_poll_at=NOON)
        clock.moment = NOON + timedelta(seconds=lifetime + 3_600 + seconds)
        assert ask(told()).requests == requests
    message.refresh_from_db()
    assert message.status == "expired"


def test_it_is_asked_about_once_even_if_nobody_was_there_in_time(on_its_way, ask, clock):
    message = on_its_way(ttl=60)
    clock.forward(days=2)
    assert ask(told("delivered")).requests == 1
    message.refresh_from_db()
    assert message.status == "delivered"


def test_what_really_happened_corrects_our_word(on_its_way, ask, clock):
    message = on_its_way(ttl=60)
    clock.forward(seconds=5)
    ask(told())
    clock.forward(seconds=3_661)
    ask(ScriptedClient())
    late = recorder.Report(
        source="callback",
        status=report("s-1", "permanenterror").status,
        raw_status="permanenterror",
        payload={"deliverystatus": "permanenterror"},
        occurred_at=NOON,
        smsbat_id="s-1",
    )
    recorder.record([late], clock.now())
    message.refresh_from_db()
    assert message.status == "failed"


def test_a_message_taken_without_an_id_expires_too(on_its_way, ask, clock):
    message = on_its_way(smsbat_id="", ttl=60)
    clock.forward(seconds=5)
    assert ask(ScriptedClient()).requests == 0
    message.refresh_from_db()
    assert message.next_poll_at == NOON + timedelta(seconds=60 + 3_600)
    clock.forward(seconds=3_700)
    ask(ScriptedClient())
    message.refresh_from_db()
    assert message.status == "expired"


def test_an_id_that_smsbat_does_not_know_is_asked_about_later(on_its_way, ask, clock):
    on_its_way()
    clock.forward(seconds=5)
    client = ScriptedClient(statuses={"s-1": GatewayError(ErrorKind.NOT_FOUND, status=404)})
    assert ask(client).failure == ""
    assert client.asked == ["s-1"]
    assert Message.objects.get().next_poll_at == clock.now() + timedelta(seconds=10)


@pytest.mark.parametrize("kind", [ErrorKind.UNAUTHORIZED, ErrorKind.FORBIDDEN])
def test_what_is_wrong_for_everybody_ends_the_run(on_its_way, ask, clock, kind):
    on_its_way()
    clock.forward(seconds=5)
    summary = ask(ScriptedClient(statuses={"s-1": GatewayError(kind)}))
    assert kind.meaning in summary.failure
    assert Message.objects.get().polls == 0


def test_a_refusal_holds_all_workers_back_and_is_made_up_for(on_its_way, ask, clock):
    on_its_way()
    clock.forward(seconds=5)
    refusal = GatewayError(ErrorKind.THROTTLED, retry_after=3)

    class Once(ScriptedClient):
        def status(self, message_id):
            self.asked.append(message_id)
            if len(self.asked) == 1:
                raise refusal
            return report(message_id, "delivered")

    client = Once()
    ask(client)
    assert (client.asked, clock.slept) == (["s-1", "s-1"], [3])
    assert Message.objects.get().status == "delivered"
    assert Backoff.objects.get().refusals == 0


def test_refusals_with_answers_in_between_end_no_run(on_its_way, ask, clock):
    on_its_way(ttl=10**6)
    clock.forward(seconds=5)

    class EverySecond(ScriptedClient):
        def status(self, message_id):
            self.asked.append(message_id)
            if len(self.asked) % 2:
                raise GatewayError(ErrorKind.THROTTLED, retry_after=3)
            is_last = len(self.asked) > 2 * REFUSALS_MAX
            clock.forward(hours=0 if is_last else 5)  # due again, within the same run
            return report(message_id, "delivered" if is_last else "processing")

    client = EverySecond()
    assert ask(client).failure == ""
    assert len(client.asked) == 2 * REFUSALS_MAX + 2
    assert Message.objects.get().status == "delivered"


def test_a_time_out_among_answers_holds_nobody_back(on_its_way, ask, clock):
    on_its_way("s-1", 1)
    on_its_way("s-2", 2)
    clock.forward(seconds=5)
    late = GatewayError(ErrorKind.TIMED_OUT)
    ask(ScriptedClient(statuses={"s-1": report("s-1", "delivered"), "s-2": late}))
    assert not Backoff.objects.exists()
    assert set(Message.objects.values_list("status", flat=True)) == {"delivered", "accepted"}


def test_a_service_that_stays_away_ends_the_run(on_its_way, ask, clock):
    on_its_way()
    clock.forward(seconds=5)
    client = ScriptedClient(statuses={"s-1": GatewayError(ErrorKind.UNREACHABLE)})
    assert "gave up" in ask(client).failure
    assert len(client.asked) == 5


def test_a_long_wait_ends_the_run(on_its_way, ask, clock):
    on_its_way()
    clock.forward(seconds=5)
    Backoff.objects.create(name="status", not_before=clock.now() + timedelta(hours=1), refusals=1)
    assert "left alone" in ask(ScriptedClient()).failure


@pytest.mark.parametrize(
    "kind", [ErrorKind.TIMED_OUT, ErrorKind.SERVER_ERROR, ErrorKind.UNREADABLE]
)
def test_an_answer_that_did_not_come_is_asked_for_at_the_next_turn(on_its_way, ask, clock, kind):
    on_its_way()
    clock.forward(seconds=5)
    summary = ask(ScriptedClient(statuses={"s-1": GatewayError(kind)}))
    assert (summary.failure, summary.requests) == ("", 1)
    assert Message.objects.get().status == "accepted"


def test_where_nothing_can_be_read_all_workers_hold_back(on_its_way, ask, clock):
    on_its_way()
    clock.forward(seconds=5)
    Backoff.objects.create(name="status", not_before=clock.now(), refusals=3)
    ask(ScriptedClient(statuses={"s-1": GatewayError(ErrorKind.TIMED_OUT)}))
    assert Backoff.objects.get().refusals == 4


def test_what_became_final_meanwhile_is_not_put_off(on_its_way, ask, clock):
    message = on_its_way()
    clock.forward(seconds=5)

    class CallbackFirst(ScriptedClient):
        def status(self, message_id):
            raise GatewayError(ErrorKind.FORBIDDEN)

    original = poller._put_off

    def callback_comes(messages, now):
        Message.objects.update(status="delivered", next_poll_at=None)
        return original(messages, now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(poller, "_put_off", callback_comes)
        ask(CallbackFirst())
    message.refresh_from_db()
    assert message.next_poll_at is None


def test_a_limit_and_a_campaign_narrow_what_is_asked(on_its_way, ask, clock, campaign):
    made = campaign(status="sending")
    on_its_way("s-1", 1)
    on_its_way("s-2", 2, campaign=made)
    clock.forward(seconds=5)
    client = ScriptedClient(statuses={key: report(key, "delivered") for key in ("s-1", "s-2")})
    ask(client, campaign_id=made.pk)
    assert client.asked == ["s-2"]
    assert ask(client, limit=1).requests == 1


@pytest.fixture
def two_at_once(monkeypatch, settings):
    """Only that many messages are read from the database at a time."""
    monkeypatch.setattr(poller, "_BATCH", 2)
    monkeypatch.setattr(poller, "_AHEAD", 1)
    settings.SMSBAT = {**settings.SMSBAT, "CONCURRENCY": 1}


@pytest.mark.usefixtures("two_at_once")
def test_a_limit_holds_over_all_that_is_taken(on_its_way, ask, clock):
    for number in range(8):
        on_its_way(f"s-{number}", number)
    clock.forward(seconds=5)
    reports = {f"s-{number}": report(f"s-{number}", "delivered") for number in range(8)}
    progress = []
    client = ScriptedClient(statuses=reports)
    assert ask(client, limit=5, on_progress=progress.append).requests == 5
    assert (len(client.asked), sum(progress)) == (5, 5)


@pytest.mark.usefixtures("two_at_once")
def test_all_that_expired_is_counted_and_says_why(on_its_way, ask, clock):
    for number in range(3):
        on_its_way(f"s-{number}", number, ttl=60)
    Message.objects.update(polls=1)
    clock.forward(days=1)
    assert ask(ScriptedClient()).changed == 3
    assert set(Message.objects.values_list("status", "error_code")) == {("expired", "ttl")}


def test_reports_that_still_wait_are_matched(on_its_way, ask):
    on_its_way()
    StatusEvent.objects.create(
        smsbat_id="s-1",
        status="delivered",
        raw_status="delivered",
        source="callback",
        occurred_at=NOON,
        recorded_at=NOON,
        fingerprint="0" * 32,
    )
    assert ask(ScriptedClient()).matched == 1
    assert Message.objects.get().status == "delivered"


def test_a_batch_of_answers_takes_six_statements_at_most_whatever_its_size(on_its_way, ask, clock):
    def statements(count, start):
        ids = [f"b-{start + n}" for n in range(count)]
        for place, key in enumerate(ids):
            on_its_way(key, start + place)
        clock.forward(seconds=5)
        client = ScriptedClient(statuses={key: report(key, "delivered") for key in ids})
        with CaptureQueriesContext(connection) as captured:
            assert ask(client).requests == count
        return [q["sql"] for q in captured if not q["sql"].startswith(TRANSACTION)]

    statements(1, 5_000)  # the first run of a process writes a heartbeat
    with CaptureQueriesContext(connection) as idle:
        ask(ScriptedClient())
    around = len([q for q in idle if not q["sql"].startswith(TRANSACTION)])
    one, many = statements(1, 6_000), statements(90, 7_000)  # results are written in hundreds
    assert len(one) == len(many)
    assert len(many) - around <= 6


def test_what_was_refused_is_put_off_in_one_statement(on_its_way, ask, clock):
    keys = [f"s-{n}" for n in range(30)]
    for place, key in enumerate(keys):
        on_its_way(key, 1_000 + place)
    clock.forward(seconds=5)
    refusal = GatewayError(ErrorKind.FORBIDDEN)
    with CaptureQueriesContext(connection) as captured:
        ask(ScriptedClient(statuses=dict.fromkeys(keys, refusal)))
    writes = [q for q in captured if q["sql"].startswith("UPDATE") and "polls" in q["sql"]]
    assert len(writes) == 2  # scheduled, then postponed
    assert set(Message.objects.values_list("next_poll_at", "polls")) == {(clock.now(), 0)}


def test_a_run_that_is_told_to_stop_asks_no_more_and_forgets_nobody(on_its_way, clock):
    keys = [f"s-{n}" for n in range(20)]
    for place, key in enumerate(keys):
        on_its_way(key, 1_000 + place)
    clock.forward(seconds=5)

    class Stopping(ScriptedClient):
        def status(self, message_id):
            clock.stopping = True
            return super().status(message_id)

    client = Stopping(statuses={key: report(key, "delivered") for key in keys})
    summary = poller.sync(client=client, clock=clock)
    assert summary.requests == len(client.asked) < len(keys)
    done = Message.objects.filter(status="delivered").count()
    due = Message.objects.filter(next_poll_at__lte=clock.now(), polls=0).count()
    assert (done, due) == (summary.requests, len(keys) - summary.requests)


def test_where_the_channel_is_open_it_is_asked_for_and_then_left_alone(on_its_way, ask, clock):
    message = on_its_way(type="viber_promo", fallback_text="Sale!", ttl=60)
    Message.objects.update(status="delivered", final_at=NOON, polls=1)
    clock.forward(seconds=5)
    client = ScriptedClient(statuses={"s-1": GatewayError(ErrorKind.NOT_FOUND, status=404)})
    ask(client)
    clock.forward(hours=3)  # its polling has expired without a known channel
    assert ask(ScriptedClient()).requests == 0
    message.refresh_from_db()
    assert (message.status, message.next_poll_at) == ("delivered", None)


class TestOrphans:
    def test_what_belongs_to_nobody_is_forgotten_after_a_week(self, on_its_way, ask, clock):
        on_its_way()
        for days in (6, 8):
            recorded = clock.now() - timedelta(days=days)
            told = orphan(f"nobody-{days}", recorded)
            StatusEvent.objects.bulk_create([told])
        ask(ScriptedClient())
        left = StatusEvent.objects.orphans().values_list("smsbat_id", flat=True)
        assert list(left) == ["nobody-6"]
        assert StatusEvent.objects.filter(smsbat_id="s-1").exists()

    def test_all_that_are_forgotten_are_counted(self, db, monkeypatch):
        monkeypatch.setattr(orphans, "_CHUNK", 2)
        StatusEvent.objects.bulk_create([orphan(f"nobody-{n}", NOON) for n in range(5)])
        assert orphans.forget_old(NOON + timedelta(days=8)) == 5


def orphan(smsbat_id, recorded_at):
    return StatusEvent(
        smsbat_id=smsbat_id,
        status="delivered",
        raw_status="delivered",
        source="callback",
        occurred_at=recorded_at,
        recorded_at=recorded_at,
        fingerprint=uuid4(),
    )
