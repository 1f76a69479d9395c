"""The system clock sleeps for the requested time, unless it is stopped."""

import time

from django_smsbat.services.clock import SystemClock


def test_it_sleeps_no_shorter_than_it_is_asked_to():
    begun = time.monotonic()
    SystemClock().sleep(0.05)
    assert time.monotonic() - begun >= 0.05


def test_who_is_told_to_stop_waits_for_nothing():
    clock = SystemClock()
    assert not clock.stopping
    clock.stop()
    assert clock.stopping
    clock.sleep(10**9)


def test_a_stop_in_the_middle_of_a_wait_ends_it(monkeypatch):
    clock = SystemClock()
    naps = []

    def nap(seconds):
        naps.append(seconds)
        clock.stop()

    monkeypatch.setattr(time, "sleep", nap)
    clock.sleep(10**9)
    assert naps == [min(naps)]
    assert naps[0] <= 1
