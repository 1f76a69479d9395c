"""Shared fixtures: a manual clock, a sandbox on a real port, recipients, campaigns, messages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.dispatch import Signal
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from django_smsbat.gateway.auth import AuthMethod, Credentials
from django_smsbat.gateway.client import Client
from django_smsbat.gateway.pacing import RateLimit
from django_smsbat.models import Campaign, Message, Recipient, RecipientList
from django_smsbat.sandbox.app import Options
from django_smsbat.sandbox.server import Running, running
from django_smsbat.services import heartbeats

# Mutation testing runs the same tests twice in one process, and often.
hypothesis_settings.register_profile(
    "mutants",
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.differing_executors],
)
# Folders without database access: one run proves as much as three.
ONCE = {"gateway", "sandbox", "project"}
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).parts[0] in ONCE:
            item.add_marker(pytest.mark.once)


class HeldClock:
    """A clock that moves only when the test moves it or when code sleeps on it."""

    def __init__(self, now: datetime = NOON) -> None:
        self.moment = now
        self.slept: list[float] = []
        self.stopping = False

    def now(self) -> datetime:
        return self.moment

    def busy(self) -> float:
        return self.moment.timestamp()  # never waits, so no other thread is started

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)

    def forward(self, **units: float) -> None:
        self.moment += timedelta(**units)


@pytest.fixture(autouse=True)
def _no_signs_of_life() -> None:
    """Forget the process's cached heartbeats: they belong to another test's database."""
    heartbeats.forget()


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def start_sandbox() -> Iterator[Callable[..., Running]]:
    """Start sandboxes that stop after the test; fast and unlimited by default."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def start(**options: Any) -> Running:
            unlimited = {"speed": 1_000, "send_rate": 0, "status_rate": 0}
            return stack.enter_context(running(Options(**{**unlimited, **options})))

        yield start


@pytest.fixture
def sandbox(start_sandbox: Callable[..., Running], settings: Any) -> Running:
    """A sandbox that the settings point to."""
    started = start_sandbox()
    settings.SMSBAT = {**settings.SMSBAT, "BASE_URL": started.url, "STATUS_RATE": 1_000}
    return started


@contextmanager
def listening(
    receiver: Callable[..., object], *signals: Signal, sender: type | None = None
) -> Iterator[None]:
    """Connect the receiver to these signals for the duration of the block."""
    for signal in signals:
        signal.connect(receiver, sender=sender)
    try:
        yield
    finally:
        for signal in signals:
            signal.disconnect(receiver, sender=sender)


def client_for(url: str, **options: Any) -> Client:
    credentials = Credentials(AuthMethod.HEADER, api_key="sandbox-key")
    fast = {"send_pace": RateLimit(10_000), "status_pace": RateLimit(10_000), "timeout": 5}
    return Client(url, credentials, **{**fast, **options})


def phone(ending: int | str) -> str:
    """Return a Ukrainian phone with this ending; the sandbox acts on its last two digits."""
    return f"+38067{str(ending).zfill(7)}"


@pytest.fixture
def people(db: None) -> Callable[..., list[Recipient]]:
    """Create recipients with these phone endings, in one list."""

    def make(*endings: int | str, **fields: Any) -> list[Recipient]:
        made = [Recipient.objects.create(phone=phone(ending), **fields) for ending in endings]
        RecipientList.objects.get_or_create(name="All")[0].recipients.add(*made)
        return made

    return make


@pytest.fixture
def campaign(db: None) -> Callable[..., Campaign]:
    """Create a draft to all members of the list "All"."""

    def make(**fields: Any) -> Campaign:
        defaults = {"name": "Sale", "type": "sms", "text": "Sale!"}
        made = Campaign.objects.create(**{**defaults, **fields})
        made.lists.set([RecipientList.objects.get_or_create(name="All")[0]])
        return made

    return make


@pytest.fixture
def queued(db: None) -> Callable[..., Message]:
    """Create a single queued SMS."""

    def make(ending: int | str = 77, **fields: Any) -> Message:
        defaults = {"to": phone(ending), "type": "sms", "sender": "AcmeShop", "text": "Hi"}
        return Message.objects.create(**{**defaults, **fields})

    return make
