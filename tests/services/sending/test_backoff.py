"""After a refusal all workers wait: for how long, and until when."""

from datetime import timedelta

import pytest

from django_smsbat.models import Backoff
from django_smsbat.services.sending import backoff
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


def test_the_delays_double_up_to_five_minutes(clock):
    delays = []
    for _ in range(11):
        assert backoff.refused("send", None, clock.now())
        delays.append(backoff.remaining("send", clock.now()))
        clock.forward(hours=1)
    for doubled, delay in zip([min(2**n, 300) for n in range(11)], delays, strict=True):
        assert doubled * 0.75 <= delay <= doubled * 1.25


def test_what_smsbat_asks_for_wins_up_to_a_day(clock):
    backoff.refused("send", 7, clock.now())
    assert backoff.remaining("send", clock.now()) == 7
    backoff.refused("status", 10**9, clock.now())
    assert backoff.remaining("status", clock.now()) == 86_400


def test_requests_that_were_refused_at_once_count_as_one(clock):
    assert backoff.refused("send", None, clock.now())
    assert not backoff.refused("send", None, clock.now())
    assert Backoff.objects.get().refusals == 1


def test_a_success_forgets_what_is_over():
    Backoff.objects.create(name="send", refusals=3, not_before=NOON)
    backoff.succeeded("send", NOON)
    told = Backoff.objects.get()
    assert (told.refusals, told.not_before) == (0, None)


def test_a_success_does_not_outvote_what_another_worker_was_asked_meanwhile():
    later = NOON + timedelta(seconds=9)
    Backoff.objects.create(name="send", refusals=3, not_before=later)
    backoff.succeeded("send", NOON)
    told = Backoff.objects.get()
    assert (told.refusals, told.not_before) == (3, later)


def test_a_success_of_one_kind_says_nothing_of_the_other():
    Backoff.objects.create(name="status", refusals=3, not_before=NOON)
    backoff.succeeded("send", NOON)
    assert Backoff.objects.get().refusals == 3
