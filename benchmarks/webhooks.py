"""The webhooks on a real WSGI server: requests per second, compared with an empty view.

One worker process with four threads, keep-alive to clients and the database; four clients.
"""

import base64
import http.client
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

from benchmarks import stage

Told = dict[str, float]
SECRET = "a-secret-for-the-benchmarks-only"
MESSAGES = 20_000
CLIENTS = 4
SECONDS = 2.0
TURNS = 7


def doors(*, url: str, kept: bool) -> Told:
    """Return requests per second of each webhook and of the empty view, measured in turns.

    A machine may change its speed during a run, so the ratio is taken within each turn, and the
    median of the turns is reported.

    Args:
        kept: whether database connections stay open between requests.
    """
    stage.django(url)
    _messages()
    numbers = itertools.count()
    bodies = {
        "/empty/": lambda: {"messageId": next(numbers)},
        "/smsbat/inbound/": lambda: _inbound(next(numbers)),
        "/smsbat/status/": lambda: _status(next(numbers)),
    }
    with _site(url, kept=kept) as port:
        _load(port, "/empty/", bodies["/empty/"])
        rounds = [
            {path: _load(port, path, body) for path, body in bodies.items()} for _ in range(TURNS)
        ]
    report = {path.strip("/"): median(one[path] for one in rounds) for path in bodies}
    for door in ("inbound", "status"):
        ratios = [one[f"/smsbat/{door}/"] / one["/empty/"] for one in rounds]
        report[f"{door} of empty"] = median(ratios)
    return report


def _messages() -> None:
    """Create accepted messages for callbacks to name."""
    from django.utils import timezone

    from django_smsbat.db.set_based import insert_rows
    from django_smsbat.gateway.statuses import Status
    from django_smsbat.models import Message, Recipient, Source
    from django_smsbat.services.tracking import recorder
    from django_smsbat.services.tracking.events import Report

    now = timezone.now()
    names = ("to", "type", "sender", "text", "status", "attempts", "created_at", "nonce")
    for start in range(0, MESSAGES, 1_000):
        chosen = range(start, start + 1_000)
        insert_rows(Recipient, ("phone", "created_at"), [(stage.phone(n), now) for n in chosen])
        rows = [(stage.phone(n), "sms", "A", "x", "sending", 1, now, n) for n in chosen]
        insert_rows(Message, names, rows)
        created = Message.objects.filter(nonce__in=chosen).values_list("pk", "nonce")
        answers = [
            Report(
                source=Source.SUBMIT,
                status=Status.ACCEPTED,
                raw_status="accepted",
                payload={"messageId": f"id-{nonce}", "parts": 1, "status": "accepted"},
                smsbat_id=f"id-{nonce}",
                message_id=key,
                attempt=1,
            )
            for key, nonce in created
        ]
        recorder.record(answers, now)
    stage.analyse()


def _inbound(number: int) -> dict[str, object]:
    return {
        "idUuid": f"u-{number}",
        "alphaName": "AcmeShop",
        "phoneNumber": stage.phone(number % MESSAGES)[1:],
        "text": "Чи є 38-й розмір?",
        "dt": "2026-01-20T14:30:00.000Z",
    }


def _status(number: int) -> dict[str, object]:
    """Return a new report for each number; each message is delivered once."""
    return {
        "messageId": f"id-{number % MESSAGES}",
        "deliverystatus": "delivered",
        "timestamp": "2026-03-02T12:00:30Z",
        "cost": 0.05,
        "round": number // MESSAGES,
    }


@contextmanager
def _site(url: str, *, kept: bool) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    options = ("--threads", "4", "--keep-alive", "60", "--bind", f"127.0.0.1:{port}")
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *options, "benchmarks.webhook_site:application"],
        env={
            **os.environ,
            "DATABASE_URL": url,
            "ROOT_URLCONF": "benchmarks.webhook_site",
            "SMSBAT_WEBHOOK_SECRETS": SECRET,
            "CONN_MAX_AGE": "600" if kept else "0",
        },
        cwd=stage.ROOT,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _load(port: int, path: str, body: Callable[[], object]) -> float:
    """Return requests per second of a few clients; every response must be 200."""
    pair = base64.b64encode(f"smsbat:{SECRET}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/json"}
    counts, refused = [0] * CLIENTS, [0] * CLIENTS
    until = time.perf_counter() + SECONDS

    def ask(place: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while time.perf_counter() < until:
            connection.request("POST", path, json.dumps(body()), headers)
            answer = connection.getresponse()
            answer.read()
            counts[place] += 1
            refused[place] += answer.status != 200

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if any(refused):
        raise RuntimeError(f"{sum(refused)} requests to {path} were refused")
    return sum(counts) / SECONDS
