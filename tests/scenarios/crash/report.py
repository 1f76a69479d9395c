"""The numbers that a crash test reports."""

import time
from dataclasses import dataclass, field

from tests.support.live_site import Site


@dataclass
class KillCount:
    """Counts the kills that interrupted a request, according to the sandbox's own record.

    The sandbox notices a disconnect when it responds, so each kill is counted before the next one.
    Kills that follow each other faster than the sandbox responds count as one hit, so `hits` is a
    lower bound.
    """

    site: Site
    kills: int = 0
    hits: int = 0
    requests: int = 0
    begun: float = field(default_factory=time.monotonic)

    def before_kill(self) -> None:
        self._count()
        self.kills += 1

    def finish(self) -> None:
        """After the last kill, wait until the sandbox has answered all pending requests."""
        time.sleep(self.site.latency_ms / 1_000 + 1)
        self._count()

    def _count(self) -> None:
        requests = self.site.abandoned_requests()
        self.hits += requests > self.requests
        self.requests = requests

    def __str__(self) -> str:
        hits = f"at least {self.hits} of them hit {self.requests} requests in flight"
        return f"{self.kills} kills of workers, {hits}"


def figures(site: Site, what: object, seconds: float) -> str:
    """One line of numbers for people; the test's assertions run first."""
    taken = site.taken()
    rows = site.query("SELECT \"to\" FROM smsbat_message WHERE status = 'unconfirmed'")
    in_doubt = [phone for (phone,) in rows]
    known = sum(phone in taken for phone in in_doubt)
    total = sum(site.statuses().values())
    return (
        f"{what}; {total} messages, {len(in_doubt)} unconfirmed ({known} of them were taken), "
        f"{len(taken)} taken, {sum(taken.values()) - len(taken)} sent twice; {seconds:.0f} s"
    )
