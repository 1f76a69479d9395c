"""The numbers of a campaign: times, reasons and sums."""

from datetime import UTC, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from django_smsbat.models import PurgedMessages
from django_smsbat.services.campaigns import statistics
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivered(campaign, queued):
    """A campaign with two deliveries, the second one later by that time."""

    def make(later):
        made = campaign(status="sent", started_at=NOON)
        for ending, at in ((1, NOON), (2, NOON + later)):
            queued(ending, campaign=made, status="delivered", final_at=at)
        return made

    return make


@pytest.mark.parametrize(
    ("minutes", "slot"), [(118.5, timedelta(minutes=1)), (119.5, timedelta(hours=1))]
)
def test_slots_are_as_short_as_fits_into_the_chart(delivered, minutes, slot):
    told = statistics.delivered_over_time(delivered(timedelta(minutes=minutes)))
    assert told.slot == slot
    assert sum(told.counts.values()) == 2


def test_days_begin_at_midnight_in_utc_wherever_one_looks_from(delivered):
    made = delivered(timedelta(days=60))
    with timezone.override("Asia/Tokyo"):
        told = statistics.delivered_over_time(made)
    assert {at.astimezone(UTC).hour for at in told.counts} == {0}


def test_of_reasons_that_are_as_frequent_the_order_is_always_the_same(campaign, queued):
    made = campaign(status="sent", started_at=NOON)
    reasons = [("failed", "2"), ("expired", "9"), ("failed", "1")]
    for ending, (status, code) in enumerate(reasons):
        queued(ending, campaign=made, status=status, error_code=code, final_at=NOON)
    told = [(one.status.value, one.code) for one in statistics.failures(made.pk)]
    assert told == sorted(reasons)


def test_costs_of_what_was_purged_are_added_to_those_of_what_is_left(campaign, queued):
    made = campaign(status="sent", started_at=NOON)
    queued(1, campaign=made, status="delivered", cost="0.5", currency="UAH", parts=3)
    kept = {"messages": 2, "priced": 2, "cost": Decimal(1), "currency": "UAH", "parts": 5}
    PurgedMessages.objects.create(campaign=made, status="delivered", **kept)
    [told] = statistics.costs(made, delivered=3)
    assert (told.amount, told.priced, told.parts) == (Decimal("1.5"), 3, 8)


def test_a_cost_of_unknown_parts_has_none(campaign, queued):
    made = campaign(status="sent", started_at=NOON)
    queued(1, campaign=made, status="delivered", cost="0.5", currency="UAH")
    [told] = statistics.costs(made, delivered=1)
    assert (told.priced, told.parts) == (1, 0)


@pytest.mark.parametrize("done", [1, 100])
def test_an_end_that_nobody_can_foresee_is_not_told(campaign, done):
    made = campaign(status="sending", started_at=NOON)
    told = statistics.Progress(statistics.Counter(queued=1_000_000_000_000, delivered=done))
    assert statistics.estimated_end(made, told, NOON + timedelta(days=3)) is None


def test_all_numbers_are_of_that_campaign_alone(campaign, queued):
    made, other = campaign(status="sent", started_at=NOON), campaign(name="Other", status="sent")
    for ending, hours in ((1, 1), (2, 2)):
        at = NOON + timedelta(hours=hours)
        told = {"status": "delivered", "delivered_by": "sms", "final_at": at}
        queued(ending, campaign=made, messagelist_id="7", polls=1, **told)
    failed = {"status": "failed", "final_at": NOON}
    queued(3, campaign=made, error_code="1", error_message="one", **failed)
    queued(4, campaign=made, error_code="2", error_message="two", **failed)
    queued(5, campaign=made, error_code="2", error_message="two", **failed)
    queued(6, campaign=other, error_code="3", **failed)
    queued(7, campaign=other, status="delivered", delivered_by="viber", final_at=NOON)
    over_time = statistics.delivered_over_time(made)
    assert (over_time.since, sum(over_time.counts.values())) == (NOON + timedelta(hours=1), 2)
    reasons = [(one.code, one.messages, one.example) for one in statistics.failures(made.pk)]
    assert reasons == [("2", 2, "two"), ("1", 1, "one")]
    listed = statistics.reasons_of_failure(made.pk, among=100)
    assert [(one.code, one.messages, one.example) for one in listed] == [("2", 2, ""), ("1", 1, "")]
    results = statistics.results(made)
    assert results.by_channel == {"sms": 2}
    assert (results.requests, results.duration) == (1 + 2, timedelta(hours=2))


@pytest.mark.parametrize(("kind", "by_fallback"), [("viber_promo", 2), ("sms", 0)])
def test_what_sms_delivered_is_a_fallback_s_for_other_types_only(
    campaign, queued, kind, by_fallback
):
    made = campaign(type=kind, status="sent", started_at=NOON)
    for ending, channel in enumerate(("sms", "sms", "viber")):
        queued(ending, campaign=made, status="delivered", delivered_by=channel)
    told = statistics.results(made)
    assert told.by_fallback == by_fallback
    assert told.by_channel == {"sms": 2, "viber": 1}
    assert told.progress.delivered == 3
