"""A status only moves forward, and every spelling of it is understood."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.gateway.statuses import (
    FAILURES,
    FINAL,
    Status,
    from_submit_answer,
    from_wire,
    latest_status,
)

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
ORDER = [
    "queued",
    "sending",
    "unconfirmed",
    "accepted",
    "scheduled",
    "processing",
    "sent",
    "rejected",
    "cancelled",
    "undeliverable",
    "expired",
    "failed",
    "delivered",
    "read",
]
reports = st.tuples(
    st.sampled_from(list(Status)), st.integers(0, 50).map(lambda s: MOMENT + timedelta(seconds=s))
)


def test_the_statuses_stand_in_the_order_of_the_contract():
    assert [status.value for status in Status] == ORDER


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("delivered", Status.DELIVERED),
        ("Delivered", Status.DELIVERED),
        ("READ", Status.READ),
        ("seen", Status.READ),
        ("Seen", Status.READ),
        ("VIEWED", Status.READ),
        ("viewed", Status.READ),
        ("unseen", None),
        ("permanenterror", Status.FAILED),
        ("permanent_error", Status.FAILED),
        ("Permanent Error", Status.FAILED),
        ("Expired", Status.EXPIRED),
        ("Sent", Status.SENT),
        ("scheduled", Status.SCHEDULED),
        ("processing", Status.PROCESSING),
        ("undeliverable", Status.UNDELIVERABLE),
        ("Failed", Status.FAILED),
        ("not_used", None),
        ("", None),
        ("доставлено", None),
    ],
)
def test_any_spelling_is_understood_and_an_unknown_word_is_none(raw, status):
    assert from_wire(raw) is status


def test_sent_in_the_answer_to_a_send_only_means_accepted():
    assert from_submit_answer("sent") is Status.ACCEPTED
    assert from_submit_answer("rejected") is Status.REJECTED


def test_final_is_what_failed_or_arrived():
    assert {Status.DELIVERED, Status.READ} == FINAL - FAILURES


def test_no_reports_decide_nothing():
    assert latest_status([]) is None


def test_of_two_failures_the_later_one_decides():
    early, late = (Status.FAILED, MOMENT), (Status.UNDELIVERABLE, MOMENT + timedelta(seconds=1))
    assert latest_status([early, late]) == late


def test_of_two_failures_at_once_the_one_further_down_the_list_decides():
    first, second = (Status.UNDELIVERABLE, MOMENT), (Status.FAILED, MOMENT)
    assert latest_status([second, first]) == second


def test_of_equal_reports_the_earliest_tells_when_it_happened():
    first, again = (Status.READ, MOMENT), (Status.READ, MOMENT + timedelta(seconds=1))
    assert latest_status([again, first]) == first


def test_a_fallback_that_delivers_undoes_the_failure_of_the_first_channel():
    failed, delivered = (Status.FAILED, MOMENT + timedelta(hours=1)), (Status.DELIVERED, MOMENT)
    assert latest_status([delivered, failed]) == delivered


@given(st.lists(reports, min_size=1), st.randoms())
def test_the_order_of_arrival_decides_nothing(arrived, random):
    shuffled = list(arrived)
    random.shuffle(shuffled)
    assert latest_status(shuffled) == latest_status(arrived)


@given(st.lists(reports, min_size=1), reports)
def test_another_report_never_moves_a_message_back(arrived, another):
    before, after = latest_status(arrived)[0], latest_status([*arrived, another])[0]
    assert after is before or ORDER.index(after) > ORDER.index(before) or after in FAILURES
    if before in (Status.DELIVERED, Status.READ):
        assert after in (Status.DELIVERED, Status.READ)
