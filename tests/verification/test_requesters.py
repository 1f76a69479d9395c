"""A stranger's requests for a phone do not affect its owner: codes, limits, attempts, prefix."""

import pytest
from django.db import connections

from django_smsbat.messages import InvalidMessage
from django_smsbat.models import ClosedPrefix, Verification, VerificationCounter
from django_smsbat.services.verification import checking, finishing, limits
from django_smsbat.services.verification.refusals import Why
from tests.support.at_once import at_once
from tests.verification.test_checking import wrong
from tests.verification.test_limits import refused

OWNER, STRANGER = "192.0.2.1", "203.0.113.9"


@pytest.fixture
def fail(start, service, check):
    """Start a verification and enter a wrong code that many times."""

    def failing(times, address="", **options):
        made = start(address=address, **options)
        for _ in range(times):
            last = check(made, "000000" if made.channel == "flashcall" else wrong(service.code))
        return last

    return failing


class TestCodes:
    def test_the_request_of_a_stranger_replaces_no_code(self, start, service, check):
        own = start(address=OWNER)
        code = service.code
        start(address=STRANGER)
        assert check(own, code)

    def test_a_request_without_an_address_replaces_none_with_one(self, start, service, check):
        own = start(address=OWNER)
        code = service.code
        start()
        assert check(own, code)

    def test_the_request_of_the_same_address_replaces_the_code(self, start, service, check):
        first = start(address=OWNER)
        code = service.code
        start(address=OWNER)
        assert check(first, code).status == "replaced"

    def test_the_same_visitor_replaces_it_from_another_address(self, start, service, check):
        first = start(address=OWNER)
        code = service.code
        start(address=STRANGER, replaces=first.id)
        assert check(first, code).status == "replaced"

    @pytest.mark.parametrize("difference", [{"purpose": "payment"}, {"ending": 78}])
    def test_of_another_phone_or_purpose_nothing_is_replaced(self, start, difference):
        first = start(address=OWNER)
        start(address=STRANGER, replaces=first.id, **difference)
        first.refresh_from_db()
        assert first.status == "pending"

    def test_the_proof_of_one_leaves_the_other_pending(self, start, service, check):
        own = start(address=OWNER)
        code = service.code
        other = start(address=STRANGER)
        assert check(own, code)
        assert not check(other, code)


class TestLimits:
    def test_a_stranger_uses_up_their_own_limit_alone(self, start, limit):
        limit(per_phone=2)
        for _ in range(2):
            start(address=STRANGER)
        assert refused(start, address=STRANGER).why is Why.PHONE_LIMIT
        for _ in range(2):
            start(address=OWNER)

    def test_the_cooldown_of_a_stranger_is_not_the_owners(self, start, limit):
        limit(cooldown=60)
        start(address=STRANGER)
        start(address=OWNER)
        assert refused(start, address=OWNER).why is Why.COOLDOWN

    def test_all_together_have_three_times_as_many(self, start, limit, clock):
        limit(per_phone=2)
        for place in range(6):
            start(address=f"198.51.100.{place}")
        error = refused(start, address=OWNER)
        assert (error.why, error.retry_after) == (Why.PHONE_LIMIT, 3_600)
        assert Verification.objects.pending().count() == 6
        clock.forward(hours=1)
        start(address=OWNER)


class TestFailures:
    def test_a_phone_has_so_many_in_a_day(self, start, fail, limit, clock):
        limit(failures_per_day=7)
        assert fail(5).status == "exhausted"
        assert fail(2).status == "exhausted"
        clock.forward(hours=1)
        error = refused(start)
        assert (error.why, error.retry_after) == (Why.FAILURES, 23 * 3_600)
        clock.forward(hours=23)
        start()

    def test_attempts_left_say_so(self, fail, limit):
        limit(failures_per_day=7)
        fail(5)
        assert fail(1).attempts_left == 1

    def test_then_the_right_code_is_wrong_too(self, start, service, check, limit):
        limit(failures_per_day=2, cooldown=0)
        made, other = start(purpose="a"), None
        code = service.code
        other = start(purpose="b")
        for _ in range(2):
            checking.check(other.id, wrong(service.code), purpose="b", now=other.created_at)
        assert check(made, code, purpose="a").status == "exhausted"

    def test_those_of_a_stranger_do_not_lock_the_owner(
        self,
        start,
        service,
        check,
        fail,
        limit,
        clock,
    ):
        limit(failures_per_day=5)
        assert fail(5, address=STRANGER).status == "exhausted"
        assert refused(start, address=STRANGER).why is Why.FAILURES
        own = start(address=OWNER)
        assert check(own, service.code)

    def test_all_together_have_three_times_as_many(self, start, fail, limit):
        limit(failures_per_day=5)
        for place in range(3):
            fail(5, address=f"198.51.100.{place}")
        assert refused(start, address=OWNER).why is Why.FAILURES
        start(78, address=OWNER)

    def test_a_wrong_code_of_a_call_counts_four_times(self, start, fail, limit):
        limit(failures_per_day=8)
        assert fail(1, channel="flashcall").attempts_left == 1
        assert fail(1, channel="flashcall").status == "exhausted"
        assert refused(start).why is Why.FAILURES

    def test_right_codes_and_what_is_no_code_do_not_count(self, start, service, check):
        made = start()
        check(made, "12")
        check(made, service.code)
        used = VerificationCounter.objects.filter(name__startswith="failed")
        assert set(used.values_list("used", flat=True)) == {0}

    def test_their_counters_are_kept_for_a_day(self, fail, clock):
        fail(1)
        clock.forward(hours=23)
        finishing.expire_overdue(clock.now())
        assert VerificationCounter.objects.count() == 2
        clock.forward(hours=2)
        finishing.expire_overdue(clock.now())
        assert not VerificationCounter.objects.exists()

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.slow
    def test_many_at_once_have_no_more_than_one(self, start, service, limit):
        if connections["default"].vendor == "sqlite":
            pytest.skip("SQLite in memory locks whole tables between threads")
        limit(failures_per_day=7, per_phone=20)
        made = [start(purpose=str(place)) for place in range(4)]
        known = [sent[0].content.message_data["templateParams"]["pin"] for sent in service.sent]
        guess = next(f"{n:06}" for n in range(10) if f"{n:06}" not in known)

        def attempt(one):
            checking.check(one.id, guess, purpose=one.purpose, now=one.created_at)

        at_once(*[lambda one=one: attempt(one) for one in made * 4])
        assert sum(Verification.objects.values_list("attempts", flat=True)) == 7


class TestBreaker:
    @pytest.fixture(autouse=True)
    def _closes_after_twelve(self, limit):
        limit(breaker_after=12, breaker_share=20)

    def pump(self, start, address, *, codes=3, first=10):
        for place in range(codes):
            start(first + place, address=address)

    def test_one_address_closes_no_prefix_for_others(self, start, clock):
        self.pump(start, STRANGER)
        clock.forward(seconds=60)
        error = refused(start, 40, address=STRANGER)
        assert (error.why, error.retry_after) == (Why.ADDRESS_LIMIT, 3_540)
        clock.forward(minutes=3)
        start(41, address=OWNER)
        assert not ClosedPrefix.objects.exists()

    def test_a_whole_ipv6_network_is_one_address(self, start):
        self.pump(start, "2001:db8::1", codes=2)
        self.pump(start, "2001:db8::ffff", codes=1, first=20)
        assert refused(start, 40, address="2001:db8::2").why is Why.ADDRESS_LIMIT

    def test_other_prefixes_stay_open_to_it(self, start):
        self.pump(start, STRANGER)
        start("+380501112233", address=STRANGER)

    def test_codes_that_it_enters_let_more_leave(self, start, service, check):
        made = start(50, address=OWNER)
        check(made, service.code)
        self.pump(start, OWNER, codes=7)
        assert refused(start, 40, address=OWNER).why is Why.ADDRESS_LIMIT

    def test_several_addresses_close_it(self, start, clock):
        for place in range(4):
            self.pump(start, f"198.51.100.{place}", first=10 * (place + 1))
        assert refused(start, 90, address=OWNER).why is Why.CLOSED
        clock.forward(minutes=3)
        assert refused(start, 90, address=OWNER).why is Why.CLOSED
        assert ClosedPrefix.objects.get().asked == 12

    def test_a_breaker_that_is_off_refuses_no_address(self, start, limit):
        limit(breaker_after=0)
        self.pump(start, STRANGER, codes=20)


@pytest.mark.parametrize(
    ("number", "types", "why"),
    [
        ("+380671112233", ["mobile"], None),
        ("+380891234567", ["mobile"], Why.NOT_MOBILE),  # VoIP
        ("+380891234567", ["mobile", "voip"], None),
        ("+12025550123", ["mobile"], None),  # may be mobile or not
        ("+447012345678", ["mobile"], Why.NOT_MOBILE),  # personal
        ("+447012345678", ["personal"], None),
        ("+447400123456", ["voip"], Why.NOT_MOBILE),
    ],
)
def test_only_numbers_of_these_types(db, limit, number, types, why):
    limit(countries=["UA", "US", "GB"], number_types=types)
    if why is None:
        limits.insist_on_allowed(number)
    else:
        assert refused(limits.insist_on_allowed, number).why is why


@pytest.mark.parametrize(
    "number", ["+449012345678", "+380800123456", "+380441234567", "+448431234567"]
)
def test_premium_and_toll_free_numbers_and_landlines_are_never_verified(
    start,
    limit,
    number,
):
    limit(countries=["UA", "GB"], number_types=["mobile", "voip", "personal"])
    with pytest.raises(InvalidMessage, match="landline or premium"):
        start(number)
    assert not Verification.objects.exists()
