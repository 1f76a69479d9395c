"""Which channel delivered, the cost, and that rows always follow from the status events."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_smsbat.gateway.statuses import Status
from django_smsbat.models import FallbackEmail, Message, Source, StatusEvent
from django_smsbat.services import unconfirmed
from django_smsbat.services.retention import purge
from django_smsbat.services.tracking import rebuild, recorder
from django_smsbat.services.tracking.derive import DERIVED_FIELDS
from tests.conftest import NOON, HeldClock
from tests.services.tracking.test_recorder import accepted, reported

pytestmark = pytest.mark.django_db
BY_SMS = {"extendedStatuses": {"viber": "undeliverable", "sms": "delivered"}}


@pytest.fixture
def taken(queued):
    """Make a message that SMSBAT accepted as s-1, or as another id."""

    def make(smsbat_id="s-1", **fields):
        message = queued(status="sending", attempts=1, **fields)
        recorder.record([accepted(message, smsbat_id)], NOON)
        return message

    return make


def row(message):
    return Message.objects.get(pk=message.pk)


def derived(message):
    """Return the fields derived from the events, except the time of the next poll."""
    names = [name for name in DERIVED_FIELDS if name != "next_poll_at"]
    return Message.objects.values(*names).get(pk=message.pk)


class TestChannels:
    def test_each_channel_is_kept_with_what_became_of_it(self, taken):
        message = taken(type="viber_promo", fallback_text="Sale!")
        recorder.record([reported("s-1", "delivered", **BY_SMS)], NOON)
        assert row(message).channels == {"viber": "undeliverable", "sms": "delivered"}
        assert row(message).delivered_by == "sms"

    def test_a_channel_moves_forward_only(self, taken):
        message = taken(type="viber_promo", fallback_text="Sale!")
        early = {"extendedStatuses": {"viber": "processing", "sms": "not_used"}}
        recorder.record([reported("s-1", "delivered", after=9, **BY_SMS)], NOON)
        recorder.record([reported("s-1", "processing", after=3, **early)], NOON)
        assert row(message).channels == {"viber": "undeliverable", "sms": "delivered"}

    def test_what_is_sent_by_one_channel_only_was_delivered_by_that(self, taken):
        message = taken(type="viber_trans")
        recorder.record([reported("s-1", "delivered")], NOON)
        assert row(message).delivered_by == "viber"

    def test_where_an_sms_may_have_followed_a_callback_leaves_the_channel_open(self, taken):
        message = taken(type="viber_promo", fallback_text="Sale!")
        recorder.record([reported("s-1", "delivered")], NOON)
        assert (row(message).status, row(message).delivered_by) == ("delivered", "")

    def test_and_smsbat_is_asked_once_more(self, taken):
        message = taken(type="viber_promo", fallback_text="Sale!")
        recorder.record([reported("s-1", "delivered")], NOON)
        assert row(message).next_poll_at == NOON + timedelta(minutes=1)
        told = reported("s-1", "delivered", Source.POLL, **BY_SMS)
        told.message_id, told.attempt = message.pk, 1
        recorder.record([told], NOON)
        assert (row(message).next_poll_at, row(message).delivered_by) == (None, "sms")

    def test_unless_nothing_was_delivered(self, taken):
        message = taken(type="viber_promo", fallback_text="Sale!")
        recorder.record([reported("s-1", "undeliverable")], NOON)
        assert row(message).next_poll_at is None

    def test_a_word_that_nobody_knows_is_kept_where_no_other_was_said(self, taken):
        message = taken(type="viber_promo", fallback_text="Sale!")
        odd = {"extendedStatuses": {"viber": "In-Moderation"}}
        recorder.record([reported("s-1", "processing", **odd)], NOON)
        assert row(message).channels == {"viber": "In-Moderation"}

    @pytest.mark.parametrize("junk", [5, [1], {"a": {}}, {"": "x"}, {"v" * 99: "delivered"}, None])
    def test_nonsense_instead_of_channels_breaks_nothing(self, taken, junk):
        message = taken(type="viber_promo", fallback_text="Sale!")
        recorder.record([reported("s-1", "delivered", extendedStatuses=junk, fallbacks=junk)], NOON)
        assert row(message).status == "delivered"


class TestMoney:
    def test_what_is_billed_counts_whatever_is_said_later(self, taken):
        message = taken()
        recorder.record(
            [reported("s-1", "sent", cost=1, billAmount=0.02, billCurrency="usd")], NOON
        )
        recorder.record([reported("s-1", "delivered", after=9, cost=5)], NOON)
        assert (row(message).cost, row(message).currency) == (Decimal("0.02"), "USD")

    def test_a_currency_that_grows_in_capitals_is_cut_where_the_column_ends(self, taken):
        message = taken()
        recorder.record([reported("s-1", "delivered", billAmount=1, billCurrency="ßßß")], NOON)
        assert row(message).currency == "SSS"

    def test_the_same_cost_said_thrice_is_no_threefold_cost(self, taken):
        message = taken()
        for after, source in enumerate((Source.POLL, Source.CALLBACK, Source.CALLBACK)):
            told = reported("s-1", "delivered", source, after, cost=0.05)
            recorder.record([told], NOON)
        assert row(message).cost == Decimal("0.05")

    def test_what_an_earlier_attempt_cost_is_added(self, taken):
        message = taken()
        recorder.record([reported("s-1", "undeliverable", cost=0.05)], NOON)
        Message.objects.filter(pk=message.pk).requeue()
        Message.objects.update(status="sending", attempts=2)
        recorder.record([accepted(row(message), "s-2")], NOON)
        recorder.record([reported("s-2", "delivered", cost=0.07)], NOON)
        assert row(message).cost == Decimal("0.12")

    def test_a_bare_sum_is_in_the_currency_that_another_attempt_names(self, taken):
        message = taken()
        recorder.record(
            [reported("s-1", "undeliverable", billAmount=0.05, billCurrency="USD")], NOON
        )
        Message.objects.filter(pk=message.pk).requeue()
        Message.objects.update(status="sending", attempts=2)
        recorder.record([accepted(row(message), "s-2")], NOON)
        recorder.record([reported("s-2", "delivered", cost=0.07)], NOON)
        assert (row(message).cost, row(message).currency) == (Decimal("0.12"), "USD")

    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        told=st.lists(
            st.tuples(
                st.integers(1, 3),  # attempt
                st.integers(0, 9),  # time
                st.sampled_from([("cost", ""), ("rateAmount", "UAH"), ("billAmount", "UAH")]),
                st.integers(0, 9),  # cents
            ),
            max_size=8,
            unique_by=lambda one: one[:2],
        )
    )
    def test_one_sum_an_attempt_and_never_more(self, queued, told):
        with transaction.atomic():
            message = queued(status="sending", attempts=3)
            for attempt in (1, 2, 3):
                answer = accepted(message, f"m-{attempt}")
                answer.attempt = attempt
                recorder.record([answer], NOON)
            best = {}
            for attempt, moment, (key, currency), cents in told:
                money = {key: cents / 100}
                if currency:
                    money[key.replace("Amount", "Currency")] = currency
                recorder.record([reported(f"m-{attempt}", "sent", after=moment, **money)], NOON)
                rank = ["cost", "rateAmount", "billAmount"].index(key)
                best[attempt] = max(best.get(attempt, ()), (rank, moment, cents))
            expected = sum(cents for _, _, cents in best.values())
            cost = row(message).cost
            assert cost == (Decimal(expected) / 100 if best else None)
            transaction.set_rollback(True)


class TestAskingLess:
    def test_what_a_callback_told_of_lately_is_not_asked_about(self, taken):
        message = taken()
        recorder.record([reported("s-1", "processing")], NOON)
        assert row(message).next_poll_at == NOON + timedelta(minutes=10)

    def test_a_callback_brings_no_question_forward(self, taken):
        message = taken()
        later = NOON + timedelta(hours=4)
        Message.objects.update(next_poll_at=later)
        recorder.record([reported("s-1", "processing")], NOON)
        assert row(message).next_poll_at == later


def test_a_report_has_to_name_its_message(db):
    with pytest.raises(ValueError, match="name its message"):
        recorder.record([reported("", "delivered")], NOON)
    assert not StatusEvent.objects.exists()


class TestRebuilding:
    def test_what_was_written_wrongly_is_put_right(self, taken):
        message = taken()
        recorder.record([reported("s-1", "delivered", cost=0.05)], NOON)
        before = derived(message)
        Message.objects.update(status="failed", cost=7, error_code="x", final_at=None)
        assert rebuild.rebuild(HeldClock()) == 1
        assert derived(message) == before

    def test_what_no_report_tells_of_is_not_kept(self, taken):
        message = taken()
        before = derived(message)
        Message.objects.update(cost=7, currency="UAH", delivered_by="sms", channels={"sms": "sent"})
        rebuild.rebuild(HeldClock())
        assert derived(message) == before

    def test_what_is_asked_about_next_stays_when_it_was(self, taken):
        message = taken()
        due = row(message).next_poll_at
        rebuild.rebuild(HeldClock(NOON + timedelta(hours=1)))
        assert row(message).next_poll_at == due

    @pytest.mark.parametrize("status", ["sending", "cancelled"])
    def test_of_what_was_never_reported_nothing_is_said(self, queued, status):
        queued(status=status, attempts=1)
        assert rebuild.rebuild(HeldClock()) == 0
        assert Message.objects.get().status == status

    def test_one_campaign_may_be_derived_alone(self, taken, campaign):
        made = campaign()
        first, second = taken(campaign=made), taken("s-2")
        Message.objects.update(status="failed")
        assert rebuild.rebuild(HeldClock(), made.pk) == 1
        assert (row(first).status, row(second).status) == ("accepted", "failed")

    def test_all_chunks_are_counted(self, taken, monkeypatch):
        monkeypatch.setattr(rebuild, "_CHUNK", 2)
        for number in range(3):
            taken(f"s-{number}")
        Message.objects.update(status="failed")
        progress = []
        assert rebuild.rebuild(HeldClock(), on_progress=progress.append) == 3
        assert progress == [2, 1]

    def test_what_was_never_sent_stays_as_it_is(self, queued):
        queued(error_code="throttled")
        assert rebuild.rebuild(HeldClock()) == 0
        assert Message.objects.get().error_code == "throttled"

    def test_a_message_that_was_taken_is_not_queued_again_by_mistake(self, taken):
        message = taken()
        Message.objects.update(status="queued")
        rebuild.rebuild(HeldClock())
        assert row(message).status == "accepted"

    def test_where_words_were_purged_nothing_is_lost(self, taken):
        message = taken()
        failure = reported("s-1", "undeliverable", cost=0.05, message="no such user", code=7)
        recorder.record([failure], NOON)
        clock = HeldClock(NOON + timedelta(days=99))
        Message.objects.update(created_at=NOON)
        purge.purge(clock.now(), clock, keep_rows=True)
        before = derived(message)
        assert (before["cost"], before["error_code"]) == (Decimal("0.05"), "7")
        assert before["error_message"] == ""
        assert rebuild.rebuild(clock) == 0
        recorder.record([reported("s-1", "expired", after=-60)], NOON)  # late, dated earlier
        assert derived(message) == before

    def test_a_report_that_comes_after_the_purge_changes_no_money(self, taken):
        message = taken()
        recorder.record([reported("s-1", "delivered", billAmount=0.5, billCurrency="UAH")], NOON)
        clock = HeldClock(NOON + timedelta(days=99))
        Message.objects.update(created_at=NOON)
        purge.purge(clock.now(), clock, keep_rows=True)
        recorder.record([reported("s-1", "read", after=9, cost=0.7)], NOON)
        assert (row(message).cost, row(message).currency) == (Decimal("0.5"), "UAH")

    def test_what_is_sent_again_is_derived_as_it_stands(self, taken):
        message = taken()
        recorder.record([reported("s-1", "undeliverable", cost=0.05)], NOON)
        Message.objects.filter(pk=message.pk).requeue()
        before = derived(message)
        assert before["parts"] is None
        rebuild.rebuild(HeldClock())
        assert derived(message) == before

    def test_nobody_gets_an_e_mail_because_of_it(self, taken, people, settings):
        settings.SMSBAT = {**settings.SMSBAT, "EMAIL_FALLBACK": True}
        people(77, email="olena@example.com")
        taken()
        recorder.record([reported("s-1", "undeliverable")], NOON)
        FallbackEmail.objects.all().delete()
        Message.objects.update(status="accepted")
        assert rebuild.rebuild(HeldClock()) == 1
        assert not FallbackEmail.objects.exists()


WORDS = ["processing", "sent", "delivered", "read", "undeliverable", "expired", "mystery"]
REPORTS = st.lists(
    st.builds(
        dict,
        word=st.sampled_from(WORDS),
        after=st.integers(0, 4),
        source=st.sampled_from([Source.CALLBACK, Source.POLL]),
        told=st.sampled_from(
            [{}, {"cost": 0.05}, {"billAmount": 0.04, "billCurrency": "UAH"}, BY_SMS]
        ),
    ),
    max_size=5,
)
OWN_WRITES = st.lists(st.sampled_from(["give up", "resend", "expire", "doubt"]), max_size=3)


def write_ourselves(message, action):
    current = row(message)
    if action == "give up":
        unconfirmed.give_up([message.pk], NOON)
    elif action == "resend":
        unconfirmed.resend([message.pk])
    elif action == "expire" and current.status == "accepted":
        recorder.record([recorder.local(current, Status.EXPIRED, "ttl")], NOON)
    elif action == "doubt" and current.status == "sending":
        recorder.record([recorder.local(current, Status.UNCONFIRMED, "lease_over")], NOON)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(reports=REPORTS, own=OWN_WRITES, data=st.data())
def test_any_interleaving_of_reports_and_own_writes_is_what_a_rebuild_says(
    queued, reports, own, data
):
    with transaction.atomic():
        message = queued(status="sending", attempts=1, type="viber_promo", fallback_text="Sale!")
        steps = data.draw(st.permutations([*reports, *own, "answer"]))
        for step in steps:
            if step == "answer":
                recorder.record([accepted(message, "h-1")], NOON)
            elif isinstance(step, str):
                write_ourselves(message, step)
            else:
                told = reported("h-1", step["word"], step["source"], step["after"], **step["told"])
                recorder.record([told], NOON)
        kept = {(r["word"], r["after"], r["source"], str(r["told"])) for r in reports}
        stored = StatusEvent.objects.filter(smsbat_id="h-1", source__in=["callback", "poll"])
        assert stored.count() == len(kept), "an event was lost, or stored twice"
        before = derived(message)
        rebuild.rebuild(HeldClock())
        assert derived(message) == before
        transaction.set_rollback(True)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(reports=REPORTS, data=st.data())
def test_the_order_of_arrival_changes_nothing_that_a_row_says(queued, reports, data):
    def row_after(steps):
        with transaction.atomic():
            message = queued(
                status="sending", attempts=1, type="viber_promo", fallback_text="Sale!"
            )
            for step in steps:
                if step == "answer":
                    recorder.record([accepted(message, "o-1")], NOON)
                else:
                    told = reported(
                        "o-1", step["word"], step["source"], step["after"], **step["told"]
                    )
                    recorder.record([told], NOON)
            found = derived(message)
            transaction.set_rollback(True)
        return found

    one, other = (data.draw(st.permutations([*reports, "answer"])) for _ in range(2))
    assert row_after(one) == row_after(other)
