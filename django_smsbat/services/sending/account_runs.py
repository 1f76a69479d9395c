"""Run one job per account in parallel. A failure in one account does not stop the others."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from django.core.exceptions import ImproperlyConfigured

from django_smsbat import conf
from django_smsbat.gateway.client import Client
from django_smsbat.models import HeartbeatName
from django_smsbat.services import heartbeats
from django_smsbat.services.accounts import clients, registry
from django_smsbat.services.clock import Clock
from django_smsbat.services.sending import backoff
from django_smsbat.services.sending.threads import WorkerPool


@dataclass(kw_only=True)
class AccountRun:
    """One account's part of a run.

    Attributes:
        kind: the kind of request, which selects the back-off state.
        given: a client that replaces the account's own.
        campaign_id: the only campaign whose messages count; None for all messages.
        limit: the limit for all accounts together; None for no limit.
        on_progress: called with the number of messages that were dealt with.
        failure: why the run ended before its work was done; empty if it did not.
        refusals: the number of consecutive refusals.
    """

    kind: ClassVar[str]

    account: str
    given: Client | None
    campaign_id: int | None
    limit: int | None
    clock: Clock
    on_progress: Callable[[int], object]
    failure: str = ""
    refusals: int = 0
    was_refused: bool = field(init=False)

    def __post_init__(self) -> None:
        self.was_refused = backoff.is_counting(self.name)

    @property
    def name(self) -> str:
        """The name of the back-off state for this account's requests."""
        return backoff.of(self.kind, self.account)

    def client(self) -> Client | None:
        """Return the account's client; None, and set `failure`, if the settings are incomplete."""
        try:
            return self.given or clients.client(self.account)
        except ImproperlyConfigured as error:
            self.failure = str(error)
            return None

    def work(self, crew: WorkerPool) -> None:
        """Do the work of one thread until there is nothing left to do."""
        raise NotImplementedError


def begin(heartbeat: HeartbeatName, given: Client | None, clock: Clock) -> None:
    """Check that some account can be reached, and leave the heartbeat of a run.

    Raises:
        ImproperlyConfigured: if the settings do not say how to reach SMSBAT.
    """
    clients.insist_on_any(registry.names(), given)
    heartbeats.beat(heartbeat, clock.now())


def work(make: Callable[[str], AccountRun]) -> str:
    """Run each account with up to `CONCURRENCY` threads; with one thread if there is a limit.

    Args:
        make: creates the run of an account, by its name.

    Returns:
        Why some runs ended before their work was done; empty if none did.
    """
    runs = [make(name) for name in registry.names()]
    limited = any(run.limit is not None for run in runs)
    crew = WorkerPool(1 if limited else conf.current().concurrency)
    crew.work(*(run.work for run in runs))
    failed = [run for run in runs if run.failure]
    return "; ".join(registry.account(run.account).called(run.failure) for run in failed)
