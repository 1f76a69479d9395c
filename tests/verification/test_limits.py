"""Limits by phone and frequency: the cost of abusing a form that sends codes."""

from functools import partial

import pytest
from django.db import connections

from django_smsbat.gateway.errors import ErrorKind
from django_smsbat.models import ClosedPrefix, Message, Verification, VerificationCounter
from django_smsbat.services.verification import breaker, finishing, limits, starting
from django_smsbat.services.verification.refusals import NotStarted, Why
from django_smsbat.signals import verification_prefix_closed
from tests.conftest import HeldClock, listening, phone
from tests.support.at_once import at_once
from tests.verification.conftest import Service, ringing


def refused(start, *args, **options):
    with pytest.raises(NotStarted) as error:
        start(*args, **options)
    return error.value


def test_a_second_code_waits_for_the_cooldown(start, limit, clock):
    limit(cooldown=60)
    start()
    clock.forward(seconds=20)
    error = refused(start, channel="sms")
    assert (error.why, error.retry_after) == (Why.COOLDOWN, 40)
    clock.forward(seconds=39)
    assert refused(start, channel="sms").retry_after == 1
    clock.forward(seconds=1)
    start(channel="sms")


def test_an_hour_later_it_gets_as_many_again_and_no_more(start, limit, clock):
    limit(per_phone=2)
    for _ in range(2):
        start()
        start()
        assert refused(start).why is Why.PHONE_LIMIT
        clock.forward(hours=1)


def test_what_could_not_be_sent_starts_no_cooldown(start, limit, service):
    limit(cooldown=60)
    service.sends.append(ErrorKind.UNAUTHORIZED)
    assert start().status == "failed"
    start()


def test_a_phone_gets_so_many_in_an_hour(start, limit, clock):
    limit(per_phone=2)
    start()
    clock.forward(minutes=10)
    start()
    error = refused(start)
    assert (error.why, error.retry_after) == (Why.PHONE_LIMIT, 50 * 60)
    start(78)
    clock.forward(minutes=50)
    start()


def test_an_address_asks_for_so_many_in_an_hour(start, limit):
    limit(per_address=2)
    start(11, address="192.0.2.1")
    start(12, address="192.0.2.1")
    assert refused(start, 13, address="192.0.2.1").why is Why.ADDRESS_LIMIT
    start(13, address="192.0.2.2")
    start(14)


def test_the_site_sends_so_many_in_an_hour(start, limit):
    limit(per_hour=2)
    start(11)
    start(12)
    assert refused(start, 13).why is Why.SITE_LIMIT


def test_what_was_not_sent_counts_for_who_asked_and_for_nobody_else(start, limit, service):
    limit(per_phone=1, per_hour=1, per_address=2)
    for _ in range(2):
        service.sends.append(ErrorKind.UNAUTHORIZED)
        assert start(address="192.0.2.1").status == "failed"
    assert refused(start, address="192.0.2.1").why is Why.ADDRESS_LIMIT
    assert start(address="192.0.2.2").status == "pending"


def test_a_call_that_rang_starts_the_cooldown_though_it_proved_nothing(start, limit, service):
    limit(cooldown=60)
    service.sends.append(ringing(""))
    assert start(channel="flashcall").status == "failed"
    assert refused(start).why is Why.COOLDOWN


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("the office", "the office", True),
    ],
)
def test_of_ipv6_a_whole_network_is_one_address(first, second, is_same):
    assert (limits.hashed_address(first) == limits.hashed_address(second)) is is_same


def test_what_is_refused_is_neither_stored_nor_counted(start, limit):
    limit(per_phone=1, per_hour=3)
    start()
    for _ in range(5):
        refused(start)
    assert (Verification.objects.count(), Message.objects.count()) == (1, 1)
    assert VerificationCounter.objects.get(name="site").used == 1


def test_no_counter_tells_whose_it_is(start):
    made = start(address="192.0.2.1")
    shown = " ".join(VerificationCounter.objects.values_list("name", flat=True)) + made.address_hash
    assert made.phone not in shown
    assert "192.0.2.1" not in shown


def test_counters_of_hours_that_are_over_are_forgotten(start, clock):
    start()
    clock.forward(minutes=59)
    finishing.expire_overdue(clock.now())
    assert VerificationCounter.objects.count() == 3  # for the phone, its requester and the site
    clock.forward(minutes=2)
    finishing.expire_overdue(clock.now())
    assert not VerificationCounter.objects.exists()


@pytest.mark.parametrize(
    ("keys", "number", "is_allowed"),
    [
        ({}, "+380671112233", True),
        ({}, "+48512345678", False),
        ({"countries": ["PL"]}, "+48512345678", True),
        ({"countries": ["PL"]}, "+380671112233", False),
        ({"prefixes": ["+38067", "+38068"]}, "+380681112233", True),
        ({"prefixes": ["+38067", "+38068"]}, "+380501112233", False),
    ],
)
def test_only_phones_of_these_countries_and_prefixes(start, limit, keys, number, is_allowed):
    limit(**keys)
    if is_allowed:
        start(number)
    else:
        error = refused(start, number)
        assert (error.why, error.retry_after) == (Why.NOT_ALLOWED, None)


class TestBreaker:
    @pytest.fixture(autouse=True)
    def _closes_after_ten(self, limit):
        limit(breaker_after=10, breaker_share=20, per_hour=10_000)

    def pump(self, start, service, check, *, codes=10, entered=0):
        for place in range(codes):
            made = start(10 + place)
            if place < entered:
                check(made, service.code)

    def test_a_prefix_whose_codes_nobody_enters_is_closed(self, start, service, check, clock):
        self.pump(start, service, check, entered=1)
        clock.forward(minutes=3)
        error = refused(start, 40)
        assert (error.why, error.retry_after) == (Why.CLOSED, 3_600)
        closed = ClosedPrefix.objects.get()
        assert (closed.prefix, closed.asked, closed.entered) == ("+380670", 10, 1)
        assert len(service.sent) == 10

    def test_phones_that_begin_otherwise_are_not_concerned(self, start, service, check, clock):
        self.pump(start, service, check)
        clock.forward(minutes=3)
        refused(start, 40)
        start("+380501112233")

    def test_where_enough_are_entered_it_stays_open(self, start, service, check, clock):
        self.pump(start, service, check, entered=2)
        clock.forward(minutes=3)
        start(40)

    def test_no_more_leave_than_those_that_are_entered_allow(self, start, service, check):
        self.pump(start, service, check)
        error = refused(start, 99)
        assert (error.why, error.retry_after) == (Why.CLOSED, 120)
        assert (len(service.sent), ClosedPrefix.objects.count()) == (10, 0)

    def test_each_that_is_entered_lets_others_leave(self, start, service, check):
        self.pump(start, service, check, codes=15, entered=1)
        refused(start, 99)
        assert len(service.sent) == 15

    def test_a_call_that_showed_no_number_counts_too(self, start, service):
        for place in range(10):
            service.sends.append(ringing(""))
            assert start(10 + place, channel="flashcall").status == "failed"
        refused(start, 99)

    def test_what_was_not_sent_does_not(self, start, service):
        for place in range(12):
            service.sends.append(ErrorKind.UNAUTHORIZED)
            assert start(10 + place).status == "failed"
        assert start(99).status == "pending"

    def test_after_an_hour_it_opens_and_counts_anew(self, start, service, check, clock):
        self.pump(start, service, check)
        clock.forward(minutes=3)
        refused(start, 40)
        clock.forward(minutes=60)
        start(40)

    def test_what_was_asked_for_before_it_was_opened_counts_no_more(
        self, start, service, check, clock
    ):
        self.pump(start, service, check)
        clock.forward(minutes=3)
        refused(start, 40)
        clock.forward(seconds=1)
        breaker.open_again(ClosedPrefix.objects.get(), clock.now())
        opened = ClosedPrefix.objects.get()
        assert breaker._counted("+380670", opened, clock.now()) == (0, 0, 0)
        start(40)
        assert breaker._counted("+380670", opened, clock.now()) == (1, 0, 1)

    def test_those_that_were_entered_may_not_still_be(self, start, service, check, clock):
        self.pump(start, service, check, codes=2, entered=1)
        assert breaker._counted("+380670", None, clock.now()) == (2, 1, 1)

    def test_a_person_opens_it_at_once(self, start, service, check, clock):
        self.pump(start, service, check)
        clock.forward(minutes=3)
        refused(start, 40)
        breaker.open_again(ClosedPrefix.objects.get(), clock.now())
        start(40)

    def test_it_can_be_switched_off(self, start, service, check, clock, limit):
        limit(breaker_after=0)
        self.pump(start, service, check)
        clock.forward(minutes=3)
        start(40)

    def test_it_is_announced_once(
        self, start, service, check, clock, caplog, django_capture_on_commit_callbacks
    ):
        told = []

        def listen(closed_prefix, **_):
            told.append(closed_prefix.prefix)

        self.pump(start, service, check)
        clock.forward(minutes=3)
        heard = listening(listen, verification_prefix_closed, sender=ClosedPrefix)
        with heard, django_capture_on_commit_callbacks(execute=True):
            refused(start, 40)
            refused(start, 41)
        assert told == ["+380670"]
        assert "+380670 is closed: 0 of 10 codes were entered" in caplog.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_many_who_ask_at_once_get_no_more_than_one(start, limit, service):
    if connections["default"].vendor == "sqlite":
        pytest.skip("SQLite in memory locks whole tables between threads")
    limit(cooldown=60)
    outcomes = []

    def ask():
        try:
            outcomes.append(start().status)
        except NotStarted as error:
            outcomes.append(error.why)

    at_once(*[ask] * 8)
    assert sorted(outcomes) == sorted(["pending", *[Why.COOLDOWN] * 7])
    assert len(service.sent) == 1


def test_a_phone_prefix_is_a_range_and_no_person():
    assert breaker.prefix_of(phone(77)) == "+380670"
    assert breaker.prefix_of("+12025550123") == "+1202"


@pytest.mark.parametrize(
    ("retry_after", "words"),
    [(None, "a moment ago"), (0.4, "a moment ago; again in 0 seconds"), (59.6, "in 60 seconds")],
)
def test_a_refusal_says_why_and_when_in_one_line(retry_after, words):
    assert str(NotStarted(Why.COOLDOWN, retry_after)).endswith(words)


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_phones_that_ask_at_once_do_not_stand_in_each_others_way(limit, service):
    """Each locks the site's counter besides its own: no deadlock, and every request counted."""
    if connections["default"].vendor == "sqlite":
        pytest.skip("SQLite in memory locks whole tables between threads")
    limit(cooldown=0, per_hour=1_000, breaker_after=0)

    def ask(first):
        for ending in range(first, first + 5):
            starting.start(phone(ending), "sms", client=Service(), clock=HeldClock())

    at_once(*[partial(ask, number * 10 + 7) for number in range(1, 9)])
    assert VerificationCounter.objects.get(name="site").used == 40
