"""Shared verification fixtures: a service that records its messages."""

import itertools

import pytest

from django_smsbat.services.verification import checking, codes, starting
from tests.conftest import phone
from tests.support.scripted import ScriptedClient, answer_by_phone

PATTERN = "***456789"


def ringing(pattern=PATTERN):
    """Return an answer that contains the calling number."""

    def answer(messages):
        answered = answer_by_phone()(messages)
        for result in answered.results.values():
            result.pattern = pattern
            result.payload = {**result.payload, "callerId": "+380440456789", "pattern": pattern}
        return answered

    return answer


class Service(ScriptedClient):
    """Accepts every message, unless its script says otherwise."""

    def send(self, messages, *, before_leaving=None):
        if not self.sends:
            self.sends.append(ringing())
        return super().send(messages, before_leaving=before_leaving)

    @property
    def code(self):
        """Return the code that was sent last."""
        content = self.sent[-1][0].content
        return str(content.message_data.get("templateParams", {}).get("pin") or content.text[-6:])


@pytest.fixture(autouse=True)
def _codes_one_after_the_other(monkeypatch):
    """Use distinct codes that occur in no hash and no time by chance."""
    known = itertools.count(48_291_306_517, 12_345_678_901)
    monkeypatch.setattr(codes, "new", lambda length: str(next(known))[-length:])


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def start(db, clock, service, settings):
    """Send codes at noon, without a cooldown unless a test sets one."""
    settings.SMSBAT = {**settings.SMSBAT, "VERIFY_COOLDOWN": 0}

    def starting_at_noon(ending=77, channel="viber_otp", **options):
        to = ending if isinstance(ending, str) and ending.startswith("+") else phone(ending)
        return starting.start(to, channel, client=service, clock=clock, **options)

    return starting_at_noon


@pytest.fixture
def check(clock):
    def checking_now(verification, code, **options):
        return checking.check(verification.id, code, now=clock.now(), **options)

    return checking_now


@pytest.fixture
def limit(settings):
    def set_to(**keys):
        settings.SMSBAT = {
            **settings.SMSBAT,
            **{f"VERIFY_{name.upper()}": value for name, value in keys.items()},
        }

    return set_to
