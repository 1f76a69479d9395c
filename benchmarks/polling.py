"""Status requests: rate and cost, compared with a loop and with no database."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from benchmarks import stage

Told = dict[str, float]
HEADERS = {"X-Authorization-Key": "sandbox-key"}


def sync_run(
    *, url: str, gateway: str, count: int, threads: int, rate: float, warm_up: float
) -> Told:
    """Run `smsbat_sync` over `count` due messages; the rate excludes the warm-up."""
    stage.django(url, gateway, BATCH_SIZE=1_000, CONCURRENCY=threads)
    ids = _under_way(count)
    from django_smsbat.services.accounts import clients
    from django_smsbat.services.polling import poller

    client = clients.client()
    client._turnstiles = _turnstiles(rate)
    seen: list[tuple[float, int]] = []

    def note(answered: int) -> None:
        seen.append((time.perf_counter(), (seen[-1][1] if seen else 0) + answered))

    begun, busy = time.perf_counter(), time.process_time()
    summary = poller.sync(limit=count, client=client, on_progress=note)
    cpu = time.process_time() - busy
    if summary.requests != len(ids) or summary.failure:
        raise RuntimeError(f"{summary.requests} of {len(ids)}: {summary.failure}")
    steady = [point for point in seen if point[0] - begun >= warm_up]
    (first, before), (last, after) = steady[0], steady[-1]
    refused = requests.get(f"{gateway}/statistics", timeout=9).json()["requests"].get("refused", 0)
    return {
        "rate": (after - before) / (last - first),
        "cpu_per_1000": cpu / count * 1_000,
        "refused": refused,
    }


def without_database(*, url: str, gateway: str, count: int, threads: int) -> Told:
    """Use the same client and as many threads; parse the answers and discard them."""
    stage.django(url, gateway, BATCH_SIZE=1_000)
    ids = _under_way(count)
    from django_smsbat.services.accounts import clients

    client = clients.client()
    client._turnstiles = _turnstiles(10_000)
    return _timed(ids, client.status, threads)


def loop(*, url: str, gateway: str, count: int) -> Told:
    """Poll in a naive loop: one request after another, by `requests`."""
    stage.django(url, gateway, BATCH_SIZE=1_000)
    ids = _under_way(count)
    session = requests.Session()
    session.headers.update(HEADERS)

    def ask(one: str) -> Any:
        return session.get(f"{gateway}/bat/message/{one}", timeout=30).json()["deliverystatus"]

    return _timed(ids, ask, 1)


def _timed(ids: Sequence[str], ask: Callable[[str], Any], threads: int) -> Told:
    ask(ids[0])
    begun, busy = time.perf_counter(), time.process_time()
    if threads == 1:
        for one in ids:
            ask(one)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(ask, ids))
    seconds, cpu = time.perf_counter() - begun, time.process_time() - busy
    return {"rate": len(ids) / seconds, "cpu_per_1000": cpu / len(ids) * 1_000}


def _under_way(count: int) -> list[str]:
    """Create messages that the sandbox has accepted and that are due; return their ids."""
    from django.utils import timezone

    from django_smsbat.models import Message
    from django_smsbat.services.campaigns import lifecycle
    from django_smsbat.services.sending import worker

    lifecycle.launch(stage.campaign(stage.people(count), personal=False))
    worker.submit_queued()
    Message.objects.update(next_poll_at=timezone.now())
    stage.analyse()
    return list(Message.objects.values_list("smsbat_id", flat=True))


def _turnstiles(rate: float) -> Any:
    from django_smsbat.gateway.client import STATUS_PATH
    from django_smsbat.gateway.pacing import RateLimit, RateLimiter

    return {STATUS_PATH: RateLimiter(RateLimit(rate))}
