"""Messages are rows before they are requests; a request's outcome decides each message's status."""

from datetime import timedelta

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from django_smsbat import conf
from django_smsbat.gateway.errors import ErrorKind, Fate
from django_smsbat.models import Message, Recipient, StatusEvent
from django_smsbat.services.sending import claiming, delivery, leases, worker
from django_smsbat.services.tracking import recorder
from django_smsbat.signals import message_status_changed
from tests.conftest import listening, phone
from tests.services.tracking.test_recorder import reported
from tests.support.scripted import ScriptedClient, answer_by_phone

pytestmark = pytest.mark.django_db

NOT_TAKEN = [kind for kind in ErrorKind if kind.fate is Fate.NOT_TAKEN]
PERHAPS = [kind for kind in ErrorKind if kind.fate is Fate.PERHAPS_TAKEN]
TEMPORARY = [kind for kind in NOT_TAKEN if not kind.for_everybody]


def statuses():
    return dict(Message.objects.values_list("to", "status"))


class TestLawOne:
    def test_a_message_is_committed_as_sending_before_its_request_leaves(self, launched, clock):
        launched(1)
        seen = []
        client = ScriptedClient(
            [answer_by_phone()],
            before_send=lambda _: seen.append(
                Message.objects.values_list("status", "attempts", "lease_until").get()
            ),
        )
        worker.submit_queued(client=client, clock=clock)
        assert seen == [("sending", 1, clock.now() + timedelta(seconds=300))]

    def test_each_batch_is_held_by_a_claim_of_its_own(self, launched, clock, settings):
        settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 1}
        launched(1, 2)
        held = []

        def look(_messages):
            held.append(Message.objects.get(status="sending").claim)

        client = ScriptedClient([answer_by_phone()] * 2, before_send=look)
        worker.submit_queued(client=client, clock=clock)
        assert len({*held, None}) == 3

    def test_its_answer_is_recorded_before_the_next_batch_is_claimed(
        self, launched, clock, settings
    ):
        settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 1}
        launched(1, 2)
        seen = []
        client = ScriptedClient(
            [answer_by_phone(), answer_by_phone()], before_send=lambda _: seen.append(statuses())
        )
        worker.submit_queued(client=client, clock=clock)
        assert seen == [
            {phone(1): "sending", phone(2): "queued"},
            {phone(1): "accepted", phone(2): "sending"},
        ]

    @pytest.mark.django_db(transaction=True)
    def test_nothing_is_claimed_inside_somebodys_transaction(self, queued, clock):
        queued(1)
        client = ScriptedClient([])
        with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
            worker.submit_queued(client=client, clock=clock)
        assert client.sent == []


class TestLawTwo:
    @pytest.mark.parametrize("kind", TEMPORARY, ids=lambda kind: kind.name)
    def test_what_certainly_did_not_get_through_is_sent_again(self, launched, submit, kind):
        launched(1)
        client, summary = submit(kind, answer_by_phone())
        assert [batch[0].to for batch in client.sent] == [phone(1), phone(1)]
        assert (statuses(), summary.failure) == ({phone(1): "accepted"}, "")
        assert Message.objects.get().attempts == 2

    @pytest.mark.parametrize("kind", PERHAPS, ids=lambda kind: kind.name)
    def test_what_may_have_got_through_is_never_sent_again(self, launched, submit, kind):
        launched(1)
        client, _ = submit(kind)
        again, _ = submit()
        assert (len(client.sent), len(again.sent)) == (1, 0)
        message = Message.objects.get()
        assert (message.status, message.error_code) == ("unconfirmed", kind.name.lower())

    def test_a_message_that_the_answer_does_not_mention_is_unconfirmed(self, launched, submit):
        launched(1, 2)
        submit(lambda messages: answer_by_phone()(messages[:1]))
        assert statuses() == {phone(1): "accepted", phone(2): "unconfirmed"}
        told = Message.objects.get(to=phone(2))
        assert told.error_code == "unmentioned"
        assert told.error_message == "the answer does not mention it"

    def test_a_status_that_nobody_has_heard_of_is_unconfirmed_and_kept(self, launched, submit):
        launched(1)
        submit(answer_by_phone(default="in moderation"))
        assert statuses() == {phone(1): "unconfirmed"}
        told = Message.objects.get()
        assert told.smsbat_id
        assert told.error_code == "unknown_status"
        assert told.error_message == "the answer says 'in moderation', which is unknown"
        assert StatusEvent.objects.filter(raw_status="in moderation", status="").exists()

    def test_a_lease_that_ran_out_means_unconfirmed_and_never_queued(self, queued, submit, clock):
        queued(1, status="sending", attempts=1, lease_until=clock.now() - timedelta(seconds=1))
        queued(2, status="sending", attempts=1, lease_until=clock.now() + timedelta(seconds=1))
        submit()
        assert statuses() == {phone(1): "unconfirmed", phone(2): "sending"}

    def test_an_answer_after_the_lease_still_settles_the_message(self, launched, clock):
        launched(1)

        def another_worker_looks(_messages):
            clock.forward(hours=1)
            leases.settle_lost(clock.now())

        client = ScriptedClient([answer_by_phone()], before_send=another_worker_looks)
        worker.submit_queued(client=client, clock=clock)
        assert statuses() == {phone(1): "accepted"}
        assert list(StatusEvent.objects.order_by("id").values_list("status", flat=True)) == [
            "unconfirmed",
            "accepted",
        ]

    def test_what_another_worker_holds_is_not_put_back(self, launched, clock):
        launched(1)

        def lease_is_lost_and_a_person_resends(_messages):
            Message.objects.update(status="sending", claim="1" * 32, attempts=2)

        client = ScriptedClient(
            [ErrorKind.THROTTLED], before_send=lease_is_lost_and_a_person_resends
        )
        worker.submit_queued(client=client, clock=clock, limit=1)
        assert Message.objects.get().status == "sending"

    def test_a_batch_that_waited_for_long_has_its_whole_lease_before_it_leaves(self, queued, clock):
        queued(1)
        batch = claiming.claim_singles(1, clock.now(), "default")
        clock.forward(seconds=conf.current().lease - 1)
        seen = []
        client = ScriptedClient(
            [answer_by_phone()],
            before_send=lambda _: seen.append(Message.objects.get().lease_until),
        )
        delivery.deliver(batch, client, clock)
        assert seen == [claiming.lease_from(clock.now())]
        assert statuses() == {phone(1): "accepted"}

    def test_a_batch_whose_lease_was_lost_in_the_queue_does_not_leave(self, launched, clock):
        launched(1, 2)

        class Slow(ScriptedClient):
            """Sends so late that a user has settled one message meanwhile."""

            def send(self, messages, *, before_leaving=None):
                if not self.sent and Message.objects.filter(status="sending").count() == 2:
                    clock.forward(seconds=299)
                    Message.objects.filter(to=phone(1)).update(status="unconfirmed", claim=None)
                before_leaving()
                return ScriptedClient.send(self, messages)

        client = Slow([answer_by_phone()])
        worker.submit_queued(client=client, clock=clock)
        assert client.phones == [phone(2)]
        assert statuses() == {phone(1): "unconfirmed", phone(2): "accepted"}


class TestLawEight:
    def test_who_opted_out_since_the_launch_gets_nothing(self, launched, submit):
        made = launched(1, 2)
        Recipient.objects.filter(phone=phone(1)).update(opted_out_at=timezone.now())
        client, _ = submit(answer_by_phone())
        assert client.phones == [phone(2)]
        assert statuses() == {phone(1): "cancelled", phone(2): "accepted"}
        told = Message.objects.get(to=phone(1))
        assert (told.error_code, told.error_message) == ("opted_out", "the recipient opted out")
        made.refresh_from_db()
        assert made.status == "sent"

    def test_a_batch_of_which_nobody_gets_anything_is_not_the_last_one(self, launched, clock):
        made = launched(1, 2)
        Recipient.objects.filter(phone=phone(1)).update(opted_out_at=timezone.now())
        batch = claiming.claim_campaign(made, 1, clock.now())
        assert [message.to for message in batch.messages] == [phone(2)]

    def test_what_is_transactional_reaches_them(self, launched, submit):
        launched(1, is_transactional=True)
        Recipient.objects.update(opted_out_at=timezone.now())
        submit(answer_by_phone())
        assert statuses() == {phone(1): "accepted"}

    def test_a_single_promotion_is_not_sent_to_who_opted_out(self, queued, people, submit):
        people(1, opted_out_at=timezone.now())
        queued(1, type="viber_promo")
        queued(1)
        client, _ = submit(answer_by_phone())
        assert [message.content.type for message in client.sent[0]] == ["sms"]

    @pytest.mark.parametrize(
        ("hours", "at", "quiet"),
        [
            ("21:00-09:00", 12, False),
            ("21:00-09:00", 21, True),
            ("21:00-09:00", 8, True),
            ("21:00-09:00", 9, False),
            ("13:00-15:00", 14, True),
            ("13:00-15:00", 15, False),
        ],
    )
    def test_quiet_hours_hold_promotions_back_and_let_the_rest_go(
        self, launched, queued, submit, clock, settings, hours, at, quiet
    ):
        settings.SMSBAT = {**settings.SMSBAT, "QUIET_HOURS": hours}
        clock.moment = clock.moment.replace(hour=at)
        launched(1)
        queued(2)
        queued(3, type="viber_promo")
        client, _ = submit(answer_by_phone(), answer_by_phone())
        assert sorted(client.phones) == ([phone(2)] if quiet else [phone(1), phone(2), phone(3)])


class TestRecording:
    def test_receivers_hear_what_a_message_was_and_what_it_is(
        self, queued, submit, django_capture_on_commit_callbacks
    ):
        queued(1)
        heard = []

        def listen(old_status, new_status, **_):
            heard.append((old_status, new_status))

        with (
            listening(listen, message_status_changed),
            django_capture_on_commit_callbacks(execute=True),
        ):
            submit(answer_by_phone())
        assert heard == [("sending", "accepted")]

    @pytest.mark.parametrize(("fallback_text", "channel"), [("", "viber"), ("Hi", "")])
    def test_a_delivery_that_was_told_before_the_answer_is_by_the_only_channel_there_was(
        self, queued, clock, fallback_text, channel
    ):
        queued(1, type="viber_promo", fallback_text=fallback_text)

        def call_back(messages):
            names = [f"id-{message.customer_message_id}" for message in messages]
            recorder.record([reported(name, "delivered") for name in names], clock.now())

        client = ScriptedClient([answer_by_phone()], before_send=call_back)
        worker.submit_queued(client=client, clock=clock)
        told = Message.objects.get()
        assert (told.status, told.delivered_by) == ("delivered", channel)

    def test_an_answer_that_could_not_be_written_down_is_written_again(
        self, launched, submit, monkeypatch
    ):
        launched(1)
        original, failures = recorder.record, [OperationalError("deadlock detected")]

        def fail_once(reports, now, fresh=None):
            if reports and failures:
                raise failures.pop()
            return original(reports, now, fresh)

        monkeypatch.setattr(recorder, "record", fail_once)
        submit(answer_by_phone())
        assert statuses() == {phone(1): "accepted"}

    def test_what_never_left_is_put_back_when_the_database_fails(
        self, launched, clock, monkeypatch
    ):
        launched(1, 2, 3, 4)
        original = recorder.record

        def fail_for_answers(reports, now, fresh=None):
            if any(report.source == "submit" for report in reports):
                raise RuntimeError("the disk is full")
            return original(reports, now, fresh)

        monkeypatch.setattr(recorder, "record", fail_for_answers)
        client = ScriptedClient([ErrorKind.INVALID, answer_by_phone()])
        with pytest.raises(RuntimeError):
            worker.submit_queued(client=client, clock=clock)
        assert statuses() == {
            phone(1): "sending",
            phone(2): "sending",
            phone(3): "queued",
            phone(4): "queued",
        }
