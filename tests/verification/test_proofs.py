"""The proof returned for a correct code: random, single use, for one purpose."""

import logging
import sys

import pytest
from django.db import connections, transaction
from django.views.debug import ExceptionReporter
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule, run_state_machine_as_test

from django_smsbat import verification
from django_smsbat.models import Message, Verification, VerificationCounter
from django_smsbat.services.verification import checking, proofs, starting
from tests.conftest import HeldClock, phone
from tests.support.at_once import at_once
from tests.verification.conftest import Service
from tests.verification.test_checking import wrong
from tests.verification.test_starting import everything_stored


@pytest.fixture
def proved(start, service, check):
    """A verification and the proof returned for its correct code."""

    def prove(ending=77, **options):
        made = start(ending, **options)
        return made, check(made, service.code, **options).proof

    return prove


@pytest.fixture
def take(clock):
    def taking_now(proof, **options):
        return proofs.take(proof, now=clock.now(), **options)

    return taking_now


@pytest.fixture
def verified_phone(clock):
    def asking_now(key, **options):
        with pytest.warns(DeprecationWarning, match="verification.take"):
            return verification.verified_phone(key, now=clock.now(), **options)

    return asking_now


def test_a_proof_gives_the_phone_once(proved, take, clock):
    made, proof = proved()
    assert [take(proof), take(proof)] == [phone(77), None]
    made.refresh_from_db()
    assert (made.taken_at, made.proof_hash) == (clock.now(), "")


def test_proofs_are_long_random_and_not_the_id(proved):
    (first, one), (second, other) = proved(11), proved(12)
    assert len({one, other, str(first.id), str(second.id), first.id.hex}) == 5
    assert min(len(one), len(other)) == 43


def test_a_proof_for_another_purpose_gives_nothing_and_is_not_used_up(proved, take):
    _made, proof = proved(purpose="login")
    assert [take(proof), take(proof, purpose="payment")] == [None, None]
    assert take(proof, purpose="login") == phone(77)


def test_a_proof_is_good_for_ten_minutes(proved, take, clock):
    (_, first), (_, second) = proved(11), proved(12)
    clock.forward(seconds=600)
    assert take(first) == phone(11)
    clock.forward(seconds=1)
    assert take(second) is None


def test_a_caller_may_allow_less_time(proved, take, clock):
    _made, proof = proved()
    clock.forward(seconds=61)
    assert take(proof, within=60) is None
    assert take(proof, within=61) == phone(77)


@pytest.mark.parametrize(
    "proof", ["", "x" * 43, "x" * 100_000, "\0", "\ud800", "Ґ" * 43, None, 7, ["x"], {}, b"x"]
)
def test_what_is_no_proof_gives_nothing(proved, take, proof):
    proved()
    assert take(proof) is None


def test_neither_the_id_nor_the_stored_hash_is_a_proof(proved, take):
    made, _proof = proved()
    made.refresh_from_db()
    for known in (str(made.id), made.id.hex, made.proof_hash, made.id):
        assert take(known) is None


def test_only_the_right_code_is_answered_with_a_proof(start, service, check):
    made = start()
    assert check(made, wrong(service.code)).proof == ""
    assert check(made, "").proof == ""
    assert check(made, service.code).proof
    assert check(made, service.code).proof == ""
    assert not Verification.objects.exclude(pk=made.pk).exists()


@pytest.mark.parametrize("status", ["pending", "expired", "exhausted", "replaced", "failed"])
def test_a_verification_that_ended_otherwise_proves_nothing(proved, take, clock, status):
    _made, proof = proved()
    Verification.objects.update(status=status, finished_at=clock.now())
    assert take(proof) is None


def test_a_proof_is_stored_nowhere_logged_nowhere_and_in_no_repr(start, service, check, caplog):
    caplog.set_level(logging.DEBUG)
    made = start()
    checked = check(made, service.code)
    made.refresh_from_db()
    assert not [cell for cell in everything_stored() if checked.proof in str(cell)]
    assert checked.proof not in caplog.text + repr(checked) + str(checked) + repr(made.__dict__)


def test_an_error_page_shows_no_proof(proved, service, monkeypatch):
    _made, service.proof = proved()  # not a variable of this frame, which the page shows
    monkeypatch.setattr(proofs, "_use", _failing)
    try:
        proofs.take(service.proof)
    except ZeroDivisionError:
        reporter = ExceptionReporter(None, *sys.exc_info())
        shown = reporter.get_traceback_html() + reporter.get_traceback_text()
        assert "ZeroDivisionError" in shown
        assert service.proof not in shown
    else:
        pytest.fail("nothing was raised")


def _failing(rows, now):
    raise ZeroDivisionError


def test_who_is_erased_has_proved_nothing(proved, take):
    made, proof = proved()
    made.delete()
    assert take(proof) is None


@pytest.mark.django_db(transaction=True)
def test_after_a_rollback_a_proof_is_not_used(proved, take):
    _made, proof = proved()
    with pytest.raises(RuntimeError), transaction.atomic():
        assert take(proof) == phone(77)
        raise RuntimeError
    assert take(proof) == phone(77)


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_of_many_who_take_it_at_once_one_gets_the_phone(proved, take):
    if connections["default"].vendor == "sqlite":
        pytest.skip("SQLite in memory locks whole tables between threads")
    _made, proof = proved()
    results = []
    at_once(*[lambda: results.append(take(proof))] * 20)
    assert sorted(results, key=str) == [phone(77), *[None] * 19]


class TestById:
    """`verified_phone(id)`, which stays for one release."""

    def test_it_gives_the_phone_once_and_warns(self, proved, verified_phone):
        made, _proof = proved()
        assert [verified_phone(made.id), verified_phone(made.id)] == [phone(77), None]

    def test_it_shares_its_one_use_with_the_proof(self, proved, verified_phone, take):
        (first, one), (second, other) = proved(11), proved(12)
        assert take(one) == phone(11)
        assert verified_phone(first.id) is None
        assert verified_phone(second.id) == phone(12)
        assert take(other) is None

    def test_it_keeps_purpose_and_time(self, proved, verified_phone, clock):
        made, _proof = proved(purpose="login")
        assert verified_phone(made.id) is None
        clock.forward(seconds=601)
        assert verified_phone(made.id, purpose="login") is None
        assert verified_phone(made.id, purpose="login", within=601) == phone(77)

    def test_one_that_waits_and_what_is_no_id_prove_nothing(self, start, verified_phone):
        assert verified_phone(start().id) is None
        assert verified_phone("nonsense") is None


class ProofsLife(RuleBasedStateMachine):
    """Codes are sent and entered, right or wrong, and proofs are used, in any order."""

    verifications = Bundle("verifications")
    known = Bundle("known")  # proofs, with their purpose and phone
    purposes = st.sampled_from(["", "login", "payment"])

    def __init__(self):
        super().__init__()
        self.clock, self.service = HeldClock(), Service()
        self.used, self.proved = set(), {}
        self.endings = iter(range(10, 90))

    @rule(target=verifications, purpose=purposes)
    def start(self, purpose):
        made = starting.start(
            phone(next(self.endings)),
            purpose=purpose,
            client=self.service,
            clock=self.clock,
        )
        return made, self.service.code

    @rule(verification=verifications)
    def nothing_is_proved_before(self, verification):
        made, code = verification
        if made.id not in self.proved:
            for guess in (str(made.id), code, ""):
                assert proofs.take(guess, purpose=made.purpose, now=self.clock.now()) is None

    @rule(verification=verifications)
    def mistype(self, verification):
        made, code = verification
        checked = checking.check(made.id, wrong(code), purpose=made.purpose, now=self.clock.now())
        assert (checked.proof, checked.phone) == ("", "")

    @rule(target=known, verification=verifications)
    def enter(self, verification):
        made, code = verification
        checked = checking.check(made.id, code, purpose=made.purpose, now=self.clock.now())
        assert bool(checked.proof) == bool(checked)
        assert not (checked and made.id in self.proved)
        if checked:
            self.proved[made.id] = checked.proof
        return checked.proof, made.purpose, made.phone

    @rule(proof=known, purpose=purposes)
    def take(self, proof, purpose):
        text, own, number = proof
        found = proofs.take(text, purpose=purpose, now=self.clock.now())
        good = text and text not in self.used and purpose == own
        assert found == (number if good else None)
        if found:
            self.used.add(text)

    def teardown(self):
        for model in (Verification, Message, VerificationCounter):
            model.objects.all().delete()


@pytest.mark.slow
@pytest.mark.django_db
def test_a_proof_is_good_at_most_once_for_its_purpose_and_never_before_the_code(settings):
    limits = {"VERIFY_COOLDOWN": 0, "VERIFY_BREAKER_AFTER": 0}
    settings.SMSBAT = {**settings.SMSBAT, **limits}
    run_state_machine_as_test(ProofsLife, settings=THOROUGH)


THOROUGH = settings(
    max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
