"""What follows from several reports of one message."""

from datetime import timedelta
from decimal import Decimal

import pytest

from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Source
from django_smsbat.services import tracking
from django_smsbat.services.derivation import LAST_POLL_AFTER
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

    def test_what_was_asked_about_since_is_not(self, message):
        tracking.record([said("s-1", "delivered", Source.POLL)], NOON)
        assert fresh(message).next_poll_at is None
