"""What follows from several reports of one message."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest

from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Source, StatusEvent
from django_smsbat.services import event_store, tracking
from django_smsbat.services.derivation import FIRST_POLL_AFTER, LAST_POLL_AFTER
from django_smsbat.services.event_store import Report
from tests.conftest import NOON
from tests.services.test_tracking import accepted, fresh, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(queued):
    """Makes a message that SMSBAT took."""

    def make(**fields):
        message = queued(status="sending", attempts=1, **fields)
        tracking.record([accepted(message)], NOON)
        return message

    return make


def unknown(message):
    """An answer in a word that nobody has heard of: it took the message, or did not."""
    return Report(
        source=Source.SUBMIT,
        status=None,
        raw_status="in moderation",
        smsbat_id="s-1",
        message_id=message.pk,
        attempt=1,
    )


def refused(message):
    return Report(
        source=Source.SUBMIT,
        status=Status.REJECTED,
        raw_status="rejected",
        message_id=message.pk,
        attempt=1,
    )


def test_a_number_of_parts_stands_until_another_is_told(sent):
    message = sent()
    tracking.record([said("s-1", "processing", after=1)], NOON)
    assert fresh(message).parts == 2
    tracking.record([said("s-1", "delivered", after=2, parts=3)], NOON)
    assert fresh(message).parts == 3


def test_an_answer_may_tell_the_price(queued):
    message = queued(status="sending", attempts=1)
    answer = accepted(message)
    answer.payload = {**answer.payload, "cost": "0.05"}
    tracking.record([answer], NOON)
    told = fresh(message)
    assert (told.cost, told.final_at) == (Decimal("0.05"), None)


def test_a_refusal_alone_is_the_end_of_it(queued):
    message = queued(status="sending", attempts=1)
    tracking.record([refused(message)], NOON)
    told = fresh(message)
    assert (told.status, told.final_at) == ("rejected", NOON)


def test_a_failure_without_words_has_none(sent):
    message = sent()
    tracking.record([said("s-1", "undeliverable")], NOON)
    told = fresh(message)
    assert (told.status, told.error_code, told.error_message) == ("undeliverable", "", "")


def test_what_is_in_doubt_is_asked_about_where_it_has_an_id(queued):
    message = queued(status="sending", attempts=1)
    doubt = tracking.local(message, Status.UNCONFIRMED)
    tracking.record([unknown(message), doubt], NOON)
    told = fresh(message)
    assert (told.status, told.next_poll_at) == ("unconfirmed", NOON + FIRST_POLL_AFTER)


def test_and_not_where_it_has_none(queued):
    message = queued(status="sending", attempts=1)
    tracking.record([tracking.local(message, Status.UNCONFIRMED)], NOON)
    assert fresh(message).next_poll_at is None


def test_a_report_that_was_stored_meanwhile_is_left(queued):
    message = queued(status="sending", attempts=1)
    for _ in range(2):
        new = event_store.new(accepted(message), tracking.lock([message.pk]), NOON)
        event_store.store([new], defaultdict(list), NOON)
    assert StatusEvent.objects.count() == 1


def test_what_a_word_that_nobody_knows_costs_is_not_counted(sent):
    message = sent()
    tracking.record([said("s-1", "in_moderation", cost="0.50")], NOON)
    tracking.record([said("s-1", "processing", after=1)], NOON)
    assert fresh(message).cost is None


def test_a_bare_sum_has_no_currency(sent):
    message = sent()
    tracking.record([said("s-1", "delivered", cost="0.50")], NOON)
    told = fresh(message)
    assert (told.cost, told.currency) == (Decimal("0.50"), "")


@pytest.mark.parametrize(("word", "is_over"), [("undeliverable", True), ("processing", False)])
def test_it_is_over_when_the_word_that_decides_is_a_last_one(sent, word, is_over):
    message = sent()
    moment = NOON + timedelta(seconds=5)
    tracking.record([said("s-1", word, after=5)], NOON)
    assert fresh(message).final_at == (moment if is_over else None)


def test_it_was_taken_when_the_answer_says_so_whatever_came_before(queued):
    message = queued(status="sending", attempts=1)
    tracking.record([said("s-1", "processing", after=-5)], NOON)
    tracking.record([accepted(message)], NOON)
    assert fresh(message).submitted_at == NOON


def test_an_answer_without_an_id_is_one(queued):
    message = queued(status="sending", attempts=1)
    tracking.record([tracking.local(message, Status.UNCONFIRMED)], NOON)
    tracking.record([refused(message)], NOON + timedelta(seconds=1))
    told = fresh(message)
    assert (told.status, told.smsbat_id) == ("rejected", "")
    assert told.submitted_at == NOON + timedelta(seconds=1)


def test_our_own_words_are_none(queued):
    message = queued(status="sending", attempts=1)
    tracking.record([tracking.local(message, Status.UNCONFIRMED)], NOON)
    tracking.record([tracking.local(message, Status.FAILED)], NOON)
    told = fresh(message)
    assert (told.status, told.submitted_at) == ("failed", None)


class TestWhereAnSmsMayHaveFollowed:
    """Which channel it arrived by is worth one more question."""

    @pytest.fixture
    def message(self, sent):
        return sent(type="viber_promo", fallback_text="Hi")

    def test_what_arrived_is_asked_about_once_more(self, message):
        tracking.record([said("s-1", "processing", Source.POLL)], NOON)
        tracking.record([said("s-1", "delivered", after=1)], NOON)
        assert fresh(message).next_poll_at == NOON + LAST_POLL_AFTER

    def test_and_no_later_whatever_is_said_again(self, message):
        tracking.record([said("s-1", "delivered")], NOON)
        tracking.record([said("s-1", "delivered", after=60)], NOON + timedelta(minutes=1))
        assert fresh(message).next_poll_at == NOON + LAST_POLL_AFTER

    def test_of_two_that_arrived_it_is_the_first_choice(self, message):
        arrived = [{"type": channel, "status": "delivered"} for channel in ("sms", "viber")]
        tracking.record([said("s-1", "delivered", fallbacks=arrived)], NOON)
        told = fresh(message)
        assert (sorted(told.channels), told.delivered_by) == (["sms", "viber"], "viber")

    def test_what_was_asked_about_since_is_not(self, message):
        tracking.record([said("s-1", "delivered", Source.POLL)], NOON)
        assert fresh(message).next_poll_at is None
