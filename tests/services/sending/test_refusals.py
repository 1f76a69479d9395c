"""Messages of a batch that SMSBAT refuses, postpones or reports on separately."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from django_smsbat.gateway.answers import parse_send
from django_smsbat.gateway.errors import ErrorKind, GatewayError
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Backoff, Campaign, Message, StatusEvent
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.sending import worker
from django_smsbat.services.sending.backoff import REFUSALS_MAX
from tests.conftest import phone
from tests.services.sending.test_worker import statuses
from tests.support.scripted import ScriptedClient, answer_by_phone

pytestmark = pytest.mark.django_db

FOR_EVERYBODY = [kind for kind in ErrorKind if kind.for_everybody]


class TestRefusals:
    def test_one_bad_message_does_not_take_the_others_down(self, launched, clock):
        bad = phone(5)
        launched(*range(1, 9))

        def refuse(messages):
            if any(message.to == bad for message in messages):
                raise GatewayError(ErrorKind.INVALID, "no such number", status=422, code="E1")
            return answer_by_phone()(messages)

        client = ScriptedClient([refuse] * 7)
        summary = worker.submit_queued(client=client, clock=clock)
        assert len(client.sent) == 7  # 8, then 4 4 2 2 1 1
        assert (summary.taken, summary.rejected, summary.requests) == (7, 1, 7)
        message = Message.objects.get(to=bad)
        assert (message.status, message.error_code, message.error_message) == (
            "rejected",
            "E1",
            "no such number",
        )

    def test_the_one_reason_is_told_with_its_code(self, launched, clock):
        made = launched(*range(10, 20))

        def refuse(_messages):
            raise GatewayError(ErrorKind.INVALID, "no money", status=422, code="E2")

        worker.submit_queued(client=ScriptedClient([refuse] * 19), clock=clock)
        made.refresh_from_db()
        assert made.pause_reason.endswith("for the same reason: E2, no money")

    def test_everybody_rejected_for_one_reason_pauses_and_loses_nothing(self, launched, submit):
        made = launched(*range(10, 20))
        _, summary = submit(answer_by_phone(default="rejected"))
        made.refresh_from_db()
        assert (made.status, set(statuses().values())) == ("paused", {"queued"})
        assert set(Message.objects.values_list("error_code", "error_message")) == {("", "")}
        assert "same reason" in made.pause_reason
        assert summary.paused
        assert StatusEvent.objects.filter(status="rejected").count() == 10  # stored anyway

    def test_what_the_rejections_cost_is_kept_too(self, launched, submit):
        launched(*range(10, 20))

        def dear(messages):
            answer = answer_by_phone(default="rejected")(messages)
            for result in answer.results.values():
                result.payload = {**result.payload, "cost": "0.05"}
            return answer

        submit(dear)
        told = set(Message.objects.values_list("status", "cost", "claim"))
        assert told == {("queued", Decimal("0.05"), None)}

    def test_and_after_a_person_has_mended_it_they_are_sent(self, launched, submit):
        made = launched(*range(10, 20))
        submit(answer_by_phone(default="rejected"))
        made.refresh_from_db()
        lifecycle.resume(made)
        submit(answer_by_phone())
        made.refresh_from_db()
        assert (made.status, set(statuses().values())) == ("sent", {"accepted"})

    def test_a_few_rejections_are_their_own_fault(self, launched, submit):
        made = launched(*range(10, 19))
        submit(answer_by_phone(default="rejected"))
        made.refresh_from_db()
        assert (made.status, set(statuses().values())) == ("sent", {"rejected"})

    def test_single_messages_have_nobody_to_pause_and_stay_rejected(self, queued, submit):
        for ending in range(10, 22):
            queued(ending)
        submit(answer_by_phone(default="rejected"))
        assert set(statuses().values()) == {"rejected"}

    @pytest.mark.parametrize("kind", FOR_EVERYBODY, ids=lambda kind: kind.name)
    def test_what_is_wrong_for_everybody_pauses_the_campaign_with_the_reason(
        self, launched, submit, kind
    ):
        made = launched(1, 2)
        _, summary = submit(kind)
        made.refresh_from_db()
        assert (made.status, set(statuses().values())) == ("paused", {"queued"})
        assert kind.meaning in made.pause_reason
        assert made.pause_reason in summary.paused[0]

    @pytest.mark.parametrize("by_a_person", [True, False])
    def test_and_the_next_campaign_is_tried(self, launched, clock, by_a_person):
        made, other = launched(1), launched(2, text="Again!")
        client = ScriptedClient([ErrorKind.UNAUTHORIZED, answer_by_phone()])
        client.before_send = lambda _: (
            by_a_person and len(client.sent) == 0 and lifecycle.pause(made)
        )
        summary = worker.submit_queued(client=client, clock=clock)
        for one in (made, other):
            one.refresh_from_db()
        assert (made.status, other.status) == ("paused", "sent")
        assert (summary.failure, len(summary.paused)) == ("", 0 if by_a_person else 1)

    @pytest.mark.parametrize("kind", FOR_EVERYBODY, ids=lambda kind: kind.name)
    def test_and_ends_a_run_of_single_messages(self, queued, submit, kind):
        queued(1)
        _, summary = submit(kind)
        assert kind.meaning in summary.failure
        assert statuses() == {phone(1): "queued"}


class TestHoldback:
    def test_retry_after_is_waited_for_by_all_workers(self, launched, submit, clock):
        launched(1)
        began = clock.now()
        submit(GatewayError(ErrorKind.THROTTLED, retry_after=7), answer_by_phone())
        assert sum(clock.slept) == 7
        assert clock.now() - began == timedelta(seconds=7)

    def test_without_it_the_delays_double(self, launched, submit, clock):
        launched(1)
        submit(ErrorKind.UNAVAILABLE, ErrorKind.UNAVAILABLE, answer_by_phone())
        first, second = clock.slept
        assert 1 <= first <= 1.25
        assert 2 <= second <= 2.5

    def test_a_worker_that_was_not_refused_itself_waits_too(self, launched, submit, clock):
        launched(1)
        Backoff.objects.create(
            name="send", not_before=clock.now() + timedelta(seconds=5), refusals=1
        )
        submit(answer_by_phone())
        assert clock.slept == [5]

    def test_a_long_wait_ends_the_run_and_leaves_the_queue(self, launched, submit, clock):
        launched(1)
        Backoff.objects.create(name="send", not_before=clock.now() + timedelta(hours=1), refusals=1)
        client, summary = submit()
        assert client.sent == []
        assert "left alone" in summary.failure
        assert statuses() == {phone(1): "queued"}

    def test_a_service_that_stays_away_ends_the_run_after_five_refusals(self, launched, submit):
        launched(1)
        client, summary = submit(*[ErrorKind.UNREACHABLE] * 5)
        assert len(client.sent) == 5
        assert "gave up" in summary.failure
        assert statuses() == {phone(1): "queued"}

    def test_only_refusals_in_a_row_end_it(self, launched, submit, settings):
        settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 1}
        launched(1, 2)
        away = [ErrorKind.UNREACHABLE] * (REFUSALS_MAX - 1)
        _, summary = submit(*away, answer_by_phone(), *away, answer_by_phone())
        assert (summary.failure, summary.taken) == ("", 2)

    def test_a_key_that_it_does_not_know_is_no_answer_that_ends_refusals(self, queued, submit):
        queued(1)
        submit(ErrorKind.UNREACHABLE, ErrorKind.UNAUTHORIZED)
        assert Backoff.objects.get().refusals == 1

    def test_a_service_that_only_fails_does_not_get_one_batch_after_the_other(
        self, launched, submit, settings
    ):
        settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 1}
        launched(*range(10, 20))
        client, summary = submit(*[ErrorKind.SERVER_ERROR] * 5)
        assert len(client.sent) == 5
        assert "gave up" in summary.failure
        assert sorted(statuses().values()) == ["queued"] * 5 + ["unconfirmed"] * 5

    def test_a_success_does_not_end_what_another_worker_was_asked_to_wait(self, launched, clock):
        launched(1)
        later = clock.now() + timedelta(seconds=30)
        client = ScriptedClient(
            [answer_by_phone()],
            before_send=lambda _: Backoff.objects.create(name="send", not_before=later, refusals=1),
        )
        worker.submit_queued(client=client, clock=clock, limit=1)
        assert Backoff.objects.get().not_before == later

    def test_an_absurd_retry_after_is_no_sentence_of_silence(self, launched, submit, clock):
        launched(1)
        submit(GatewayError(ErrorKind.THROTTLED, retry_after=1e12))
        assert Backoff.objects.get().not_before - clock.now() <= timedelta(days=1)

    def test_a_success_forgets_the_refusals(self, launched, submit):
        launched(1)
        submit(ErrorKind.THROTTLED, answer_by_phone())
        submit()
        launched_again = Backoff.objects.get()
        assert (launched_again.refusals, launched_again.not_before) == (0, None)


def test_what_is_unconfirmed_is_counted_over_all_parts_of_a_split_request(launched, submit):
    launched(1, 2, 3, 4)
    unknown_word = answer_by_phone(default="gone fishing")
    _, summary = submit(ErrorKind.INVALID, unknown_word, ErrorKind.CONNECTION_LOST)
    assert summary.unconfirmed == 4


def test_a_summary_adds_up_all_batches(launched, submit, settings):
    settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 3}
    launched(1, 2, 3, 4, 5, 6)
    told = {phone(1): "rejected", phone(2): "gone fishing"}
    told |= {phone(4): "rejected", phone(5): "gone fishing"}
    _, summary = submit(answer_by_phone(told), answer_by_phone(told))
    sums = (summary.taken, summary.rejected, summary.unconfirmed, summary.requests)
    assert sums == (2, 2, 2, 2)


def test_every_status_of_an_answer_is_understood(launched, submit):
    launched(1, 2, 3, 4)
    told = {phone(1): "accepted", phone(2): "rejected", phone(3): "failed", phone(4): "sent"}
    _, summary = submit(answer_by_phone(told))
    assert statuses() == {
        phone(1): Status.ACCEPTED,
        phone(2): Status.REJECTED,
        phone(3): Status.FAILED,
        phone(4): Status.ACCEPTED,
    }
    assert (summary.taken, summary.rejected) == (2, 2)


def test_refusals_for_different_nested_reasons_are_no_reason_to_pause(launched, submit):
    launched(*range(10, 20))

    def reject(messages):
        items = [
            {
                "status": "rejected",
                "customerMessageId": message.customer_message_id,
                "error": {"code": "INVALID_RECIPIENT", "message": f"reason {place}"},
            }
            for place, message in enumerate(messages)
        ]
        return parse_send(json.dumps({"messages": items}).encode(), messages)

    submit(reject)
    assert set(statuses().values()) == {"rejected"}
    assert Campaign.objects.get().status == "sent"


def test_one_id_given_to_two_messages_leaves_each_its_own_report(launched, submit):
    launched(10, 11)

    def same_id(messages):
        items = [
            {
                "messageId": "X",
                "status": "accepted",
                "customerMessageId": message.customer_message_id,
            }
            for message in messages
        ]
        return parse_send(json.dumps({"messages": items}).encode(), messages)

    submit(same_id)
    assert set(statuses().values()) == {"accepted"}
