"""Fixtures: launched and sent campaigns, and a failing mail server."""

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import OperationalError

from django_smsbat.models import FallbackEmail
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.sending import worker
from django_smsbat.services.tracking import recorder
from django_smsbat.services.verification import codes
from tests.conftest import NOON
from tests.services.tracking.test_recorder import accepted, reported
from tests.support.entry_points import CODE, EntryPoints
from tests.support.scripted import ScriptedClient


@pytest.fixture
def launched(people, campaign):
    """Create a launched campaign to phones with these endings."""

    def make(*endings, **fields):
        people(*endings)
        made = campaign(**fields)
        lifecycle.launch(made)
        return made

    return make


@pytest.fixture
def submit(clock):
    def run(*steps, **options):
        client = ScriptedClient(list(steps))
        return client, worker.submit_queued(client=client, clock=clock, **options)

    return run


@pytest.fixture
def sending(queued):
    """A message claimed by a worker."""
    return queued(status="sending", attempts=1, lease_until=NOON)


@pytest.fixture
def on_its_way(sending):
    """A message that SMSBAT accepted."""
    recorder.record([accepted(sending)], NOON)
    return sending


@pytest.fixture
def no_signs_of_life(monkeypatch):
    """Make the database refuse heartbeats."""

    def fail(*_):
        raise OperationalError("database is locked")

    monkeypatch.setattr("django_smsbat.services.heartbeats.beat", fail)


@pytest.fixture
def mails_follow(settings):
    settings.SMSBAT = {**settings.SMSBAT, "EMAIL_FALLBACK": True}


@pytest.fixture
def held_by_another(queued):
    """An e-mail that another worker is sending."""
    held = {"state": "sending", "attempts": 1, "due_at": NOON, "lease_until": NOON}
    return FallbackEmail.objects.create(message=queued(78, status="failed"), **held)


class Broken(EmailBackend):
    """A mail server that fails as the test configures it."""

    opening: Exception | None = None
    sending: Exception | None = None

    def open(self):
        if self.opening:
            raise self.opening

    def send_messages(self, messages):
        if self.sending:
            raise self.sending
        return super().send_messages(messages)


@pytest.fixture
def broken(settings, monkeypatch):
    backend = "tests.services.conftest.Broken"
    if hasattr(mail, "mailers"):  # Django 6.1
        settings.MAILERS = {"default": {"BACKEND": backend}}
    else:
        settings.EMAIL_BACKEND = backend

    def breaks(**how):
        for name, error in how.items():
            monkeypatch.setattr(Broken, name, error)

    return breaks


@pytest.fixture
def failed(queued, people):
    """Create a message with a final failure reported just now."""

    def make(word="undeliverable", email="olena@example.com", **fields):
        [person] = people(77, email=email)
        defaults = {"type": "viber_trans", "text": "Ваше замовлення в дорозі", "recipient": person}
        message = queued(status="sending", attempts=1, **{**defaults, **fields})
        recorder.record([accepted(message)], NOON)
        recorder.record([reported("s-1", word)], NOON)
        return message

    return make


@pytest.fixture
def two_failed(failed, queued, people):
    """Two messages that each need a fallback e-mail, in order."""
    failed()
    people(78, email="ivan@example.com")
    other = queued(78, type="viber_trans", status="sending", attempts=1)
    recorder.record([accepted(other, "s-2")], NOON)
    recorder.record([reported("s-2", "undeliverable")], NOON)


@pytest.fixture
def entry_points(sandbox, admin_client, monkeypatch, settings, tmp_path, clock):
    """Every entry point of the package, without limits of verification, with a fixed code."""
    many = ("VERIFY_PER_PHONE", "VERIFY_PER_ADDRESS", "VERIFY_PER_HOUR")
    unlimited = {"VERIFY_COOLDOWN": 0, "VERIFY_BREAKER_AFTER": 0, **dict.fromkeys(many, 100_000)}
    settings.SMSBAT = {**settings.SMSBAT, **unlimited}
    monkeypatch.setattr(codes, "new", lambda length: CODE[:length])
    return EntryPoints(admin_client, clock, tmp_path)
