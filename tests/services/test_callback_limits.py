"""The effects of callbacks per hour are limited for each account, even under concurrency."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection

from django_smsbat.models import CallbackQuota
from django_smsbat.services import callback_limits
from django_smsbat.services.callback_limits import Effect, LimitReached
from tests.conftest import NOON
from tests.support.at_once import at_once

pytestmark = pytest.mark.django_db
REPORTS = Effect.UNKNOWN_REPORTS


@pytest.fixture(autouse=True)
def _three_an_hour(settings):
    settings.SMSBAT = {**settings.SMSBAT, **{effect.setting: 3 for effect in Effect}}


def consumed(times, effect=REPORTS, account="default", now=NOON):
    """Return how many of that many are allowed."""
    allowed = 0
    for _ in range(times):
        try:
            callback_limits.consume(effect, account, now)
            allowed += 1
        except LimitReached as reached:
            callback_limits.count_refusal(reached, now)
    return allowed


def test_no_more_than_the_limit_are_allowed_in_an_hour():
    assert consumed(5) == 3
    assert consumed(5, now=NOON + timedelta(minutes=59)) == 0
    assert consumed(5, now=NOON + timedelta(hours=1)) == 3


def test_each_account_and_each_effect_has_a_limit_of_its_own():
    assert [consumed(5, effect, name) for effect in Effect for name in ("default", "shop")] == [
        3
    ] * 6


def test_a_refusal_says_when_to_try_again():
    consumed(3)
    with pytest.raises(LimitReached) as reached:
        callback_limits.consume(REPORTS, "default", NOON + timedelta(minutes=45))
    assert reached.value.retry_after == 15 * 60


def test_a_limit_of_zero_allows_none(settings):
    settings.SMSBAT = {**settings.SMSBAT, "OPT_OUT_CONFIRMATIONS_PER_HOUR": 0}
    for hours in range(3):
        assert consumed(2, Effect.CONFIRMATIONS, now=NOON + timedelta(hours=hours)) == 0
    assert callback_limits.refusals(NOON + timedelta(hours=2))[Effect.CONFIRMATIONS] == 2


def test_refusals_of_the_hour_are_counted_and_the_first_is_logged(caplog):
    consumed(8)
    consumed(4, account="shop")
    assert callback_limits.refusals(NOON) == {
        Effect.UNKNOWN_REPORTS: 6,
        Effect.UNKNOWN_SENDERS: 0,
        Effect.CONFIRMATIONS: 0,
    }
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "account default: UNKNOWN_REPORTS_PER_HOUR is used up for this hour",
        "account shop: UNKNOWN_REPORTS_PER_HOUR is used up for this hour",
    ]


def test_an_hour_later_refusals_are_forgotten_and_logged_anew(caplog):
    consumed(5)
    later = NOON + timedelta(hours=1)
    assert callback_limits.refusals(later)[REPORTS] == 0
    consumed(5, now=later)
    assert callback_limits.refusals(later)[REPORTS] == 2
    assert len(caplog.records) == 2


def test_another_clock_that_is_ahead_refuses_nothing_that_is_left():
    callback_limits.consume(REPORTS, "default", NOON + timedelta(minutes=5))
    assert consumed(5) == 2


@pytest.mark.django_db(transaction=True)
def test_at_once_no_more_are_allowed():
    if connection.vendor == "sqlite":
        pytest.skip("SQLite in memory locks whole tables between threads")
    allowed = []

    def one():
        with suppress(LimitReached):
            callback_limits.consume(REPORTS, "default", NOON)
            allowed.append(1)

    at_once(*[one] * 12)
    assert len(allowed) == 3
    assert CallbackQuota.objects.get().used == 3
