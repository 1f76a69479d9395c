"""A run for each account, side by side: what one of them comes to is not the others' concern."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from django.core.exceptions import ImproperlyConfigured

from django_smsbat import conf
from django_smsbat.gateway.client import Client
from django_smsbat.services.accounts import clients, registry
from django_smsbat.services.sending import backoff
from django_smsbat.services.sending.threads import WorkerPool


@dataclass(kw_only=True)
class AccountRun:
    """One account's part of a run.

    Attributes:
        kind: of the requests that it makes, by which they are held back.
        given: a client in place of the account's own.
        limit: of all accounts together; None for none.
        failure: why it ended before its work was done, empty when it did not.
        refusals: in a row.
    """

    kind: ClassVar[str]

    account: str
    given: Client | None
    limit: int | None
    failure: str = ""
    refusals: int = 0
    was_refused: bool = field(init=False)

    def __post_init__(self) -> None:
        self.was_refused = backoff.is_counting(self.name)

    @property
    def name(self) -> str:
        """Under which its requests are held back."""
        return backoff.of(self.kind, self.account)

    def client(self) -> Client | None:
        """None where the settings do not say how to reach SMSBAT: another account's may."""
        try:
            return self.given or clients.client(self.account)
        except ImproperlyConfigured as error:
            self.failure = str(error)
            return None

    def work(self, crew: WorkerPool) -> None:
        """What one thread does until nothing is left to do."""
        raise NotImplementedError


def work(runs: Sequence[AccountRun]) -> str:
    """Let all of them work, within `CONCURRENCY`; those with a limit one after the other.

    Returns:
        Why some of them ended before their work was done, empty when none did.
    """
    limited = any(run.limit is not None for run in runs)
    crew = WorkerPool(1 if limited else conf.current().concurrency)
    crew.work(*(run.work for run in runs))
    failed = [run for run in runs if run.failure]
    return "; ".join(registry.account(run.account).called(run.failure) for run in failed)
