"""Entering a code: few attempts, within the time limit, digits only."""

import uuid
from datetime import timedelta

import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.models import Verification, VerificationStatus
from django_smsbat.services.polling import poller
from django_smsbat.services.retention import erase, purge
from django_smsbat.services.verification import checking, codes, finishing
from django_smsbat.signals import phone_verified
from tests.conftest import listening, phone
from tests.support.at_once import at_once
from tests.support.scripted import ScriptedClient


def wrong(code):
    return str((int(code) + 1) % 10 ** len(code)).zfill(len(code))


def test_the_right_code_proves_the_phone(start, service, check):
    made = start()
    proved = check(made, service.code)
    made.refresh_from_db()
    assert proved
    assert (proved.phone, made.status) == (phone(77), "verified")
    assert made.code_hash == ""


def test_however_the_digits_are_written(start, service, check):
    made = start()
    assert check(made, f" {service.code[:3]}-{service.code[3:]} ")


def test_in_whatever_digits(start, service, check):
    made = start()
    assert check(made, "".join(chr(0x0660 + int(digit)) for digit in service.code))


def test_a_code_is_good_once(start, service, check):
    made = start()
    check(made, service.code)
    again = check(made, service.code)
    assert (bool(again), again.status, again.phone) == (False, "verified", "")


def test_a_wrong_one_costs_an_attempt(start, service, check):
    made = start()
    tried = check(made, wrong(service.code))
    assert (bool(tried), tried.status, tried.attempts_left) == (False, "pending", 4)
    assert check(made, service.code)


def test_after_too_many_the_right_one_is_wrong_too(start, service, check):
    made = start()
    for _ in range(5):
        last = check(made, wrong(service.code))
    assert last.status == "exhausted"
    assert not check(made, service.code)
    made.refresh_from_db()
    assert (made.status, made.attempts) == ("exhausted", 5)


@pytest.mark.parametrize("written", ["", "12", "abc"])
def test_what_is_no_code_costs_no_attempt(start, check, written):
    made = start()
    assert check(made, written).attempts_left == 5


def test_too_late_is_too_late(start, service, check, clock):
    made = start()
    clock.forward(seconds=300)
    assert check(made, service.code).status == "expired"
    made.refresh_from_db()
    assert (made.status, made.code_hash) == ("expired", "")


@pytest.mark.parametrize("key", [uuid.uuid4(), "nonsense", ""])
def test_what_was_never_started_is_told_apart_from_nothing(db, key):
    assert checking.check(key, "123456").status is None


def test_for_another_purpose_there_is_no_such_verification(start, service, check):
    made = start(purpose="login")
    assert check(made, service.code, purpose="payment").status is None
    assert check(made, service.code, purpose="login")


@pytest.mark.parametrize("written", ["456789", "+38 044 045 67 89", "380440456789"])
def test_a_flash_call_takes_the_last_digits_or_the_whole_number(start, check, written):
    made = start(channel="flashcall")
    assert check(made, written)


def test_and_no_other_number(start, check):
    made = start(channel="flashcall")
    assert not check(made, "380440456780")


def test_digits_in_the_middle_of_a_pattern_are_found_in_the_number():
    shape, code = codes.shape_of("3804***56789")
    made = Verification(id=uuid.uuid4(), code_shape=shape)
    made.code_hash = codes.hashed(made, code)
    assert codes.matches(made, "+38 044 125 6789")
    assert codes.matches(made, "380456789")
    assert not codes.matches(made, "+38 044 125 6780")


@given(code=st.text("0123456789", min_size=4, max_size=10), other=st.text(max_size=12))
def test_only_the_code_is_the_code(code, other):
    made = Verification(id=uuid.uuid4(), code_shape="#" * len(code))
    made.code_hash = codes.hashed(made, code)
    digits = "".join(one for one in other if one.isdecimal())
    assert codes.matches(made, code)
    assert codes.matches(made, other) == (digits == code)


def test_a_hash_is_worth_nothing_on_another_verification(start, service, check):
    first, second = start(77), start(78)
    first_code = service.sent[0][0].content.message_data["templateParams"]["pin"]
    Verification.objects.filter(pk=second.pk).update(code_hash=first.code_hash)
    assert not check(second, first_code)


def test_after_a_change_of_the_secret_key_codes_that_are_under_way_still_hold(
    start, service, check, settings
):
    made = start()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another one"
    assert check(made, service.code)


def test_the_signal_is_sent_once(start, service, check, django_capture_on_commit_callbacks):
    told = []

    def listen(verification, **_):
        told.append(verification)

    made = start()
    heard = listening(listen, phone_verified, sender=Verification)
    with heard, django_capture_on_commit_callbacks(execute=True):
        check(made, service.code)
        check(made, service.code)
    assert [one.pk for one in told] == [made.pk]


def test_who_looks_after_statuses_ends_what_is_overdue_and_settles_its_doubts(
    start, service, clock
):
    from django_smsbat.gateway.errors import ErrorKind

    service.sends.append(ErrorKind.TIMED_OUT)
    made = start()
    clock.forward(seconds=301)
    poller.sync(client=ScriptedClient(), clock=clock)
    made.refresh_from_db()
    assert (made.status, made.code_hash, made.finished_at) == ("expired", "", clock.now())
    assert (made.message.status, made.message.error_code) == ("expired", "code_over")


def test_who_is_erased_leaves_no_verification(start, clock):
    made = start()
    erase.erase(made.phone, clock.now())
    assert not Verification.objects.exists()


def test_old_ones_are_purged(start, clock):
    start()
    clock.forward(days=400)
    start(78)
    purge.purge(clock.now(), clock)
    assert [one.phone for one in Verification.objects.all()] == [phone(78)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_many_who_try_at_once_have_no_more_attempts_than_one(start, service):
    if connections["default"].vendor == "sqlite":
        pytest.skip("SQLite in memory locks whole tables between threads")
    made, tries = start(), 12
    results = []

    def attempt():
        results.append(checking.check(made.id, wrong(service.code), now=made.created_at))

    at_once(*[attempt] * tries)
    made.refresh_from_db()
    assert (made.attempts, made.status) == (5, "exhausted")
    assert sum(result.status == "pending" for result in results) == 4


def test_of_two_that_wait_each_has_its_own_code(start, service, check):
    first = start(77)
    first_code = service.code
    second = start(78)
    if first_code != service.code:
        assert not check(first, service.code)
    assert check(second, service.code).phone == phone(78)
    assert check(first, first_code).phone == phone(77)


def test_the_last_try_may_be_the_right_one(start, service, check):
    made = start()
    for _ in range(4):
        check(made, wrong(service.code))
    last = check(made, service.code)
    assert (bool(last), last.status, last.attempts_left) == (True, "verified", 0)


def test_what_is_no_code_says_how_many_are_left(start, service, check):
    made = start()
    check(made, wrong(service.code))
    asked = check(made, "12")
    assert (asked.status, asked.attempts_left) == ("pending", 4)


def test_the_moment_of_each_end_is_kept(start, service, check, clock):
    verified, exhausted, expired = start(11), None, None
    check(verified, service.code)
    exhausted = start(12)
    for _ in range(5):
        check(exhausted, wrong(service.code))
    expired = start(13)
    clock.forward(seconds=300)
    check(expired, service.code)
    for made in (verified, exhausted, expired):
        made.refresh_from_db()
    assert verified.finished_at == exhausted.finished_at == clock.now() - timedelta(seconds=300)
    assert expired.finished_at == clock.now()


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("***456789", ("***######", "456789")),
        ("+3804***56789", ("####***#####", "380456789")),
        ("***12345", ("***#####", "12345")),
        ("***1234", None),
        ("+38044***6789", None),
        ("380441234***", None),
        ("1234567", ("#######", "1234567")),
    ],
)
def test_a_pattern_that_shows_five_digits_at_its_end_has_a_shape_and_a_code(pattern, found):
    assert codes.shape_of(pattern) == found


def test_only_what_is_overdue_ends_and_only_doubts_about_codes_are_settled(
    start, service, clock, queued
):
    from django_smsbat.gateway.errors import ErrorKind

    other = queued(99, status="unconfirmed", attempts=1)
    service.sends.append(ErrorKind.TIMED_OUT)
    doubtful = start(11)
    clock.forward(seconds=2)
    delivered = start(12)
    clock.forward(seconds=198)
    service.sends.append(ErrorKind.TIMED_OUT)
    young = start(13)
    clock.forward(seconds=102)
    assert finishing.expire_overdue(clock.now()) == 2
    statuses = {}
    for made in (doubtful, delivered, young):
        made.message.refresh_from_db()
        statuses[made.phone[-2:]] = made.message.status
    assert statuses == {"11": "expired", "12": "accepted", "13": "unconfirmed"}
    assert doubtful.message.error_message == "the code that it holds is good no longer"
    other.refresh_from_db()
    assert other.status == "unconfirmed"


def test_many_that_are_overdue_end_in_chunks(start, clock, monkeypatch):
    monkeypatch.setattr(finishing, "_CHUNK", 1)
    for ending in (11, 12, 13):
        start(ending)
    clock.forward(seconds=300)
    assert finishing.expire_overdue(clock.now()) == 3
    assert not Verification.objects.pending().exists()


def test_it_ends_once(start, clock):
    made = start()
    assert finishing.finish(made, VerificationStatus.EXPIRED, clock.now()) is True
    assert finishing.finish(made, VerificationStatus.VERIFIED, clock.now()) is False
    made.refresh_from_db()
    assert made.status == "expired"


def test_one_whose_message_is_in_doubt_is_not_forgotten(start, service, clock):
    from django_smsbat.gateway.errors import ErrorKind

    service.sends.append(ErrorKind.TIMED_OUT)
    doubtful = start(11)
    clock.forward(seconds=2)
    start(12)
    clock.forward(days=1)
    assert finishing.forget(clock.now()) == 1
    assert Verification.objects.get() == doubtful
