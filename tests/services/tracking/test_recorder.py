"""Every event is stored unchanged, and the status follows from the set of events."""

from datetime import timedelta
from decimal import Decimal
from uuid import RFC_4122

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_smsbat.gateway.answers import read_report
from django_smsbat.gateway.statuses import Status, from_wire, latest_status
from django_smsbat.models import Message, Source, StatusEvent
from django_smsbat.models.status_event import AppendOnly
from django_smsbat.services.tracking import events, orphans, recorder
from django_smsbat.services.tracking.events import Report
from django_smsbat.signals import message_status_changed
from tests.conftest import NOON, listening

pytestmark = pytest.mark.django_db


def reported(smsbat_id, raw, source=Source.CALLBACK, after=0, **more):
    payload = {"messageId": smsbat_id, "deliverystatus": raw, **more}
    return Report(
        source=source,
        status=from_wire(raw),
        raw_status=raw,
        payload=payload,
        occurred_at=NOON + timedelta(seconds=after),
        smsbat_id=smsbat_id,
    )


def accepted(message, smsbat_id="s-1"):
    return Report(
        source=Source.SUBMIT,
        status=Status.ACCEPTED,
        raw_status="accepted",
        payload={"messageId": smsbat_id, "status": "accepted", "messagelistId": 9, "parts": 2},
        smsbat_id=smsbat_id,
        message_id=message.pk,
        attempt=message.attempts,
    )


def fresh(message):
    return Message.objects.get(pk=message.pk)


def test_an_acceptance_names_the_message_and_ends_its_lease(on_its_way):
    message = fresh(on_its_way)
    assert (message.status, message.smsbat_id, message.messagelist_id) == ("accepted", "s-1", "9")
    assert (message.parts, message.submitted_at, message.lease_until) == (2, NOON, None)
    assert message.next_poll_at == NOON + timedelta(seconds=5)


def test_a_report_moves_the_message_and_is_kept_as_it_came(on_its_way):
    recorder.record([reported("s-1", "Delivered", after=30, cost="0.05", odd=[1])], NOON)
    message = fresh(on_its_way)
    event = StatusEvent.objects.get(source=Source.CALLBACK)
    assert (message.status, message.final_at) == ("delivered", NOON + timedelta(seconds=30))
    assert (message.cost, message.next_poll_at) == (Decimal("0.05"), None)
    assert (event.raw_status, event.payload["odd"]) == ("Delivered", [1])


def test_an_identical_report_is_stored_once(on_its_way):
    for _ in range(2):
        recorder.record([reported("s-1", "delivered")] * 2, NOON)
    assert StatusEvent.objects.filter(source=Source.CALLBACK).count() == 1


def test_a_fingerprint_is_a_uuid_that_every_database_takes(on_its_way):
    for number in range(20):
        recorder.record([reported("s-1", "delivered", number=number)], NOON)
    assert {event.fingerprint.variant for event in StatusEvent.objects.all()} == {RFC_4122}
    assert StatusEvent.objects.filter(source=Source.CALLBACK).count() == 20


def test_a_poll_that_says_nothing_new_is_stored_once_whenever_it_is_made(on_its_way):
    for minute in range(3):
        same = Report(
            source=Source.POLL,
            status=Status.PROCESSING,
            raw_status="processing",
            payload={"deliverystatus": "processing"},
            smsbat_id="s-1",
            message_id=on_its_way.pk,
        )
        recorder.record([same], NOON + timedelta(minutes=minute))
    assert StatusEvent.objects.filter(source=Source.POLL).count() == 1


def test_a_late_report_of_an_earlier_status_is_kept_and_changes_nothing(on_its_way):
    recorder.record([reported("s-1", "delivered", after=30)], NOON)
    changes = recorder.record([reported("s-1", "processing", after=10)], NOON)
    assert changes == []
    assert fresh(on_its_way).status == "delivered"
    assert StatusEvent.objects.count() == 3


def test_an_unknown_word_is_kept_and_changes_nothing_else(on_its_way):
    before = fresh(on_its_way)
    recorder.record([reported("s-1", "in_moderation")], NOON)
    event = StatusEvent.objects.get(source=Source.CALLBACK)
    assert (event.status, event.raw_status) == ("", "in_moderation")
    assert fresh(on_its_way).status == before.status


def test_a_read_message_was_over_when_it_was_delivered(on_its_way):
    recorder.record(
        [reported("s-1", "read", after=90), reported("s-1", "delivered", after=30)], NOON
    )
    message = fresh(on_its_way)
    assert (message.status, message.final_at) == ("read", NOON + timedelta(seconds=30))


def test_a_failure_carries_its_words_and_a_later_delivery_clears_them(on_its_way):
    recorder.record([reported("s-1", "failed", after=1, code="E7", message="no such phone")], NOON)
    assert (fresh(on_its_way).error_code, fresh(on_its_way).error_message) == (
        "E7",
        "no such phone",
    )
    recorder.record([reported("s-1", "delivered", after=2)], NOON)
    assert fresh(on_its_way).error_code == ""


def test_the_channel_that_delivered_is_remembered(on_its_way):
    told = {"fallbacks": [{"type": "sms", "status": "delivered"}]}
    recorder.record([reported("s-1", "delivered", **told)], NOON)
    assert fresh(on_its_way).delivered_by == "sms"


def test_a_sum_said_twice_is_not_added_up(on_its_way):
    for source, after in ((Source.CALLBACK, 1), (Source.POLL, 2)):
        recorder.record([reported("s-1", "delivered", source, after, cost=0.07)], NOON)
    assert fresh(on_its_way).cost == Decimal("0.07")


def test_all_that_callbacks_changed_is_told(on_its_way, queued):
    other = queued(78, status="sending", attempts=1)
    recorder.record([accepted(other, "s-2")], NOON)
    changed = recorder.record([reported("s-1", "delivered"), reported("s-2", "read")], NOON)
    told = {one.message_id: one.new_status for one in changed}
    assert told == {on_its_way.pk: "delivered", other.pk: "read"}


def test_so_is_what_answers_changed_in_the_same_breath(on_its_way, queued):
    other = queued(78, status="sending", attempts=1)
    changed = recorder.record([accepted(other, "s-2"), reported("s-1", "delivered")], NOON)
    told = {one.message_id: one.new_status for one in changed}
    assert told == {on_its_way.pk: "delivered", other.pk: "accepted"}


@pytest.mark.django_db(transaction=True)
def test_a_sign_of_life_that_cannot_be_written_fails_no_callback(
    on_its_way, no_signs_of_life, caplog
):
    recorder.record([reported("s-1", "delivered")], NOON)
    assert fresh(on_its_way).status == "delivered"
    assert "database is locked" in caplog.text


def test_a_report_before_the_answer_waits_and_is_matched(sending):
    recorder.record([reported("s-1", "delivered", after=3)], NOON)
    assert StatusEvent.objects.get().message is None
    recorder.record([accepted(sending)], NOON)
    assert fresh(sending).status == "delivered"
    assert not StatusEvent.objects.orphans().exists()


def test_a_report_stored_at_the_same_moment_as_the_answer_is_matched_by_the_sweep(on_its_way):
    StatusEvent.objects.create(
        smsbat_id="s-1",
        status="delivered",
        raw_status="delivered",
        source=Source.CALLBACK,
        occurred_at=NOON,
        recorded_at=NOON,
        fingerprint="0" * 32,
    )
    assert orphans.match(NOON) == 1
    assert fresh(on_its_way).status == "delivered"
    assert orphans.match(NOON) == 0


def test_reports_of_an_attempt_that_was_given_up_no_longer_count(on_its_way):
    Message.objects.filter(pk=on_its_way.pk).update(
        status="sending", resent_after=1, attempts=2, smsbat_id=""
    )
    recorder.record([reported("s-1", "delivered")], NOON)
    assert fresh(on_its_way).status == "sending"
    again = fresh(on_its_way)
    recorder.record([accepted(again, "s-2"), reported("s-2", "read")], NOON)
    recorder.record([reported("s-2", "read")], NOON)
    assert (fresh(on_its_way).status, fresh(on_its_way).smsbat_id) == ("read", "s-2")


def test_a_report_names_the_message_whose_status_changed_after_the_commit(
    on_its_way, django_capture_on_commit_callbacks
):
    heard = []

    def listen(message, old_status, new_status, **_):
        heard.append((message.pk, old_status, new_status))

    with (
        listening(listen, message_status_changed, sender=Message),
        django_capture_on_commit_callbacks(execute=True),
    ):
        recorder.record([reported("s-1", "delivered")], NOON)
        assert heard == []
    assert heard == [(on_its_way.pk, "accepted", "delivered")]


def test_a_receiver_that_fails_stops_neither_the_others_nor_the_recording(
    on_its_way, django_capture_on_commit_callbacks, caplog
):
    heard = []

    def fail(**_):
        raise RuntimeError("mine")

    def listen(**_):
        heard.append(1)

    with (
        listening(fail, message_status_changed),
        listening(listen, message_status_changed),
        django_capture_on_commit_callbacks(execute=True),
    ):
        recorder.record([reported("s-1", "delivered")], NOON)
    assert heard == [1]
    assert "receiver" in caplog.text


def test_recording_takes_as_many_queries_for_many_as_for_one(queued):
    def queries(count, start):
        messages = [queued(start + n, status="sending", attempts=1) for n in range(count)]
        reports = [accepted(message, f"q-{message.pk}") for message in messages]
        with CaptureQueriesContext(connection) as captured:
            recorder.record(reports, NOON)
        return len(captured)

    assert queries(50, 2_000) == queries(1, 1_000)


def test_and_as_many_where_the_callbacks_came_first(queued):
    def queries(count, start):
        messages = [queued(start + n, status="sending", attempts=1) for n in range(count)]
        ids = [f"w-{message.pk}" for message in messages]
        recorder.record([reported(smsbat_id, "delivered") for smsbat_id in ids], NOON)
        reports = [accepted(m, smsbat_id) for m, smsbat_id in zip(messages, ids, strict=True)]
        with CaptureQueriesContext(connection) as captured:
            recorder.record(reports, NOON)
        return len(captured)

    assert queries(50, 4_000) == queries(1, 3_000)
    assert set(Message.objects.values_list("status", flat=True)) == {"delivered"}


class TestAppendOnly:
    def test_an_event_cannot_be_saved_again(self, on_its_way):
        event = StatusEvent.objects.get()
        event.status = "delivered"
        with pytest.raises(AppendOnly):
            event.save()

    def test_an_event_cannot_be_deleted(self, on_its_way):
        with pytest.raises(AppendOnly):
            StatusEvent.objects.get().delete()

    @pytest.mark.parametrize("change", [{"status": "read"}, {"payload": {}}])
    def test_events_cannot_be_updated_in_bulk(self, on_its_way, change):
        with pytest.raises(AppendOnly):
            StatusEvent.objects.update(**change)
        with pytest.raises(AppendOnly):
            StatusEvent.objects.bulk_update(StatusEvent.objects.all(), ["status"])

    def test_events_cannot_be_deleted_in_bulk(self, on_its_way):
        with pytest.raises(AppendOnly):
            StatusEvent.objects.all().delete()


WORDS = "scheduled processing sent delivered read undeliverable expired permanenterror mystery"
history = st.lists(
    st.tuples(
        st.sampled_from(WORDS.split()), st.integers(0, 5), st.sampled_from(["callback", "poll"])
    ),
    max_size=6,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=history, split=st.integers(0, 6), answer_at=st.integers(0, 6))
def test_any_order_and_any_batching_of_reports_gives_the_same_status(
    queued, history, split, answer_at
):
    with transaction.atomic():
        message = queued(status="sending", attempts=1)
        reports = [reported("h-1", word, Source(source), after) for word, after, source in history]
        reports.insert(min(answer_at, len(reports)), accepted(message, "h-1"))
        recorder.record(reports[:split], NOON)
        recorder.record(reports[split:], NOON)
        known = [(Status.ACCEPTED, NOON)] + [
            (from_wire(word), NOON + timedelta(seconds=after))
            for word, after, _ in history
            if from_wire(word)
        ]
        assert fresh(message).status == latest_status(known)[0].value
        assert StatusEvent.objects.filter(message=message).count() == len(set(history)) + 1
        transaction.set_rollback(True)


@pytest.mark.parametrize("fallback_text", ["", "Call us"])
@pytest.mark.parametrize("purged_at", [None, NOON])
def test_a_row_is_the_same_for_one_callback_as_for_many_reports(
    on_its_way, fallback_text, purged_at
):
    Message.objects.update(fallback_text=fallback_text, purged_at=purged_at)
    rows, _events = events.row_and_events(on_its_way.pk)
    assert rows == recorder.lock([on_its_way.pk])
    [row] = rows.values()
    assert (row.has_fallback, row.is_redacted) == (fallback_text != "", purged_at is not None)


def test_a_report_read_back_from_the_database_says_the_same(on_its_way):
    recorder.record(
        [reported("s-1", "delivered", cost=0.1, billAmount=2.5, billCurrency="UAH")], NOON
    )
    stored = StatusEvent.objects.get(source=Source.CALLBACK)
    assert read_report(stored.payload).money.amount == Decimal("2.5")


@pytest.mark.parametrize(("attempts", "resent_after", "attempt"), [(0, 0, 1), (2, 0, 2), (1, 1, 2)])
def test_our_own_word_is_of_the_attempt_that_is_or_is_to_come(
    queued, attempts, resent_after, attempt
):
    message = queued(attempts=attempts, resent_after=resent_after)
    told = recorder.local(message, Status.CANCELLED)
    assert (told.attempt, told.payload) == (attempt, {})
