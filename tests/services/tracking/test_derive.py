"""The status that follows from several events of one message."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest

from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Source, StatusEvent
from django_smsbat.services.tracking import events, recorder
from django_smsbat.services.tracking.derive import FIRST_POLL_AFTER, LAST_POLL_AFTER
from django_smsbat.services.tracking.events import Report
from tests.conftest import NOON
from tests.services.tracking.test_recorder import accepted, fresh, reported

pytestmark = pytest.mark.django_db


def answered(message, status, word, smsbat_id=""):
    """A send response without further data."""
    return Report(
        source=Source.SUBMIT,
        status=status,
        raw_status=word,
        smsbat_id=smsbat_id,
        message_id=message.pk,
        attempt=1,
    )


def test_a_number_of_parts_stands_until_another_is_told(on_its_way):
    recorder.record([reported("s-1", "processing", after=1)], NOON)
    assert fresh(on_its_way).parts == 2
    recorder.record([reported("s-1", "delivered", after=2, parts=3)], NOON)
    assert fresh(on_its_way).parts == 3


def test_an_answer_may_tell_the_price(sending):
    answer = accepted(sending)
    answer.payload = {**answer.payload, "cost": "0.05"}
    recorder.record([answer], NOON)
    told = fresh(sending)
    assert (told.cost, told.final_at) == (Decimal("0.05"), None)


def test_a_refusal_alone_is_the_end_of_it(sending):
    recorder.record([answered(sending, Status.REJECTED, "rejected")], NOON)
    told = fresh(sending)
    assert (told.status, told.final_at) == ("rejected", NOON)


def test_a_failure_without_words_has_none(on_its_way):
    recorder.record([reported("s-1", "undeliverable")], NOON)
    told = fresh(on_its_way)
    assert (told.status, told.error_code, told.error_message) == ("undeliverable", "", "")


def test_what_is_in_doubt_is_asked_about_where_it_has_an_id(sending):
    doubt = recorder.local(sending, Status.UNCONFIRMED)
    recorder.record([answered(sending, None, "in moderation", "s-1"), doubt], NOON)
    told = fresh(sending)
    assert (told.status, told.next_poll_at) == ("unconfirmed", NOON + FIRST_POLL_AFTER)


def test_and_not_where_it_has_none(sending):
    recorder.record([recorder.local(sending, Status.UNCONFIRMED)], NOON)
    assert fresh(sending).next_poll_at is None


def test_a_report_that_was_stored_meanwhile_is_left(sending):
    for _ in range(2):
        new = events.new(accepted(sending), recorder.lock([sending.pk]), NOON)
        events.store([new], defaultdict(list), NOON)
    assert StatusEvent.objects.count() == 1


def test_what_a_word_that_nobody_knows_costs_is_not_counted(on_its_way):
    recorder.record([reported("s-1", "in_moderation", cost="0.50")], NOON)
    recorder.record([reported("s-1", "processing", after=1)], NOON)
    assert fresh(on_its_way).cost is None


def test_a_bare_sum_has_no_currency(on_its_way):
    recorder.record([reported("s-1", "delivered", cost="0.50")], NOON)
    told = fresh(on_its_way)
    assert (told.cost, told.currency) == (Decimal("0.50"), "")


@pytest.mark.parametrize(("word", "is_over"), [("undeliverable", True), ("processing", False)])
def test_it_is_over_when_the_word_that_decides_is_a_last_one(on_its_way, word, is_over):
    moment = NOON + timedelta(seconds=5)
    recorder.record([reported("s-1", word, after=5)], NOON)
    assert fresh(on_its_way).final_at == (moment if is_over else None)


def test_it_was_taken_when_the_answer_says_so_whatever_came_before(sending):
    recorder.record([reported("s-1", "processing", after=-5)], NOON)
    recorder.record([accepted(sending)], NOON)
    assert fresh(sending).submitted_at == NOON


def test_an_answer_without_an_id_is_one(sending):
    recorder.record([recorder.local(sending, Status.UNCONFIRMED)], NOON)
    recorder.record([answered(sending, Status.REJECTED, "rejected")], NOON + timedelta(seconds=1))
    told = fresh(sending)
    assert (told.status, told.smsbat_id) == ("rejected", "")
    assert told.submitted_at == NOON + timedelta(seconds=1)


def test_our_own_words_are_none(sending):
    recorder.record([recorder.local(sending, Status.UNCONFIRMED)], NOON)
    recorder.record([recorder.local(sending, Status.FAILED)], NOON)
    told = fresh(sending)
    assert (told.status, told.submitted_at) == ("failed", None)


class TestWhereAnSmsMayHaveFollowed:
    """If an SMS fallback is possible, one more poll determines the channel."""

    @pytest.fixture
    def message(self, queued):
        made = queued(status="sending", attempts=1, type="viber_promo", fallback_text="Hi")
        recorder.record([accepted(made)], NOON)
        return made

    def test_what_arrived_is_asked_about_once_more(self, message):
        recorder.record([reported("s-1", "processing", Source.POLL)], NOON)
        recorder.record([reported("s-1", "delivered", after=1)], NOON)
        assert fresh(message).next_poll_at == NOON + LAST_POLL_AFTER

    def test_and_no_later_whatever_is_said_again(self, message):
        recorder.record([reported("s-1", "delivered")], NOON)
        recorder.record([reported("s-1", "delivered", after=60)], NOON + timedelta(minutes=1))
        assert fresh(message).next_poll_at == NOON + LAST_POLL_AFTER

    def test_of_two_that_arrived_it_is_the_first_choice(self, message):
        arrived = [{"type": channel, "status": "delivered"} for channel in ("sms", "viber")]
        recorder.record([reported("s-1", "delivered", fallbacks=arrived)], NOON)
        told = fresh(message)
        assert (sorted(told.channels), told.delivered_by) == (["sms", "viber"], "viber")

    def test_what_was_asked_about_since_is_not(self, message):
        recorder.record([reported("s-1", "delivered", Source.POLL)], NOON)
        assert fresh(message).next_poll_at is None
