"""``python -m benchmarks.measure WHAT ARGUMENTS``: one measurement in this process, as JSON.

Each measurement has its own process, so that none warms up another and peak memory is its own.
"""

import csv
import gc
import io
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import requests

from benchmarks import floor, stage
from benchmarks.changelists import pages  # noqa: F401 - called by name
from benchmarks.polling import loop, sync_run, without_database  # noqa: F401 - called by name
from benchmarks.webhooks import doors  # noqa: F401

Told = dict[str, float]
_KILOBYTE: Final = 1_024


def raw_floor(*, url: str, gateway: str, count: int, personal: bool, size: int) -> Told:
    """Run the plain SQL of `benchmarks.floor`."""
    stage.django(url, gateway)
    campaign = stage.campaign(stage.people(count), personal=personal)
    database = floor.connect(url)
    launched = stage.timed(lambda: floor.launch(database, campaign.pk, personal=personal))
    gc.set_threshold(50_000, *gc.get_threshold()[1:])  # as `smsbat_send` does
    sent: list[int] = []
    submitted = stage.timed(lambda: sent.append(floor.submit(database, campaign.pk, gateway, size)))
    if sent != [count]:
        raise RuntimeError(f"{sent} of {count} were sent")
    return {"launch": launched, "submit": submitted}


def ours(*, url: str, gateway: str, count: int, personal: bool, size: int, threads: int) -> Told:
    """Run the same campaign by the services that the admin and the commands call."""
    stage.django(url, gateway, BATCH_SIZE=size, CONCURRENCY=threads)
    campaign = stage.campaign(stage.people(count), personal=personal)
    from django.core.management import call_command
    from django.db import connection

    from django_smsbat.models import Message
    from django_smsbat.services.campaigns import lifecycle

    launched = stage.timed(lambda: lifecycle.launch(campaign))
    statements: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if not sql.startswith("BEGIN"):
            statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        submitted = stage.timed(lambda: call_command("smsbat_send", stdout=io.StringIO()))
    accepted = Message.objects.filter(status="accepted").count()
    if accepted != count:
        raise RuntimeError(f"{accepted} of {count} were accepted")
    return {
        "launch": launched,
        "submit": submitted,
        "statements": len(statements),
        "peak_mb": _peak() / _KILOBYTE,
    }


def _peak() -> int:
    """Return the peak memory in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def post_office(*, url: str, count: int, threads: int, size: int) -> Told:
    """Send as many mails by django-post_office's queue, to a backend that does nothing."""
    stage.django(url)
    from django.conf import settings
    from post_office import mail
    from post_office.models import STATUS, Email

    settings.POST_OFFICE.update(THREADS_PER_PROCESS=threads, BATCH_SIZE=size)
    wanted = [
        {"sender": "a@example.com", "recipients": f"{n}@example.com", "message": stage.TEXT}
        for n in range(count)
    ]

    def send() -> None:
        mail.send_many(wanted)
        while Email.objects.filter(status=STATUS.queued).exists():
            mail.send_queued(processes=1, log_level=0)

    seconds = stage.timed(send)
    sent = Email.objects.filter(status=STATUS.sent).count()
    if sent != count:
        raise RuntimeError(f"{sent} of {count} were sent")
    return {"seconds": seconds}


def one_by_one(*, gateway: str, count: int) -> Told:
    """Send in a naive loop: one request per message, and no record."""
    session = requests.Session()
    session.headers["X-Authorization-Key"] = "sandbox-key"

    def send() -> None:
        for number in range(count):
            message = {
                "from": stage.SENDER,
                "to": stage.phone(number * 100 + 50),
                "type": "sms",
                "text": stage.TEXT,
                "customerMessageId": f"{number}-abcdef01",
            }
            answer = session.post(
                f"{gateway}/bat/messagelist", json={"messages": [message]}, timeout=60
            )
            answer.raise_for_status()

    return {"seconds": stage.timed(send)}


def processes(*, url: str, gateway: str, count: int, workers: int, size: int) -> Told:
    """Run the same campaign by several `smsbat_send` processes with one request at a time each."""
    stage.django(url, gateway, BATCH_SIZE=size, CONCURRENCY=1)
    campaign = stage.campaign(stage.people(count), personal=False)
    from django_smsbat.models import Message
    from django_smsbat.services.campaigns import lifecycle

    lifecycle.launch(campaign)
    command = [sys.executable, str(stage.ROOT / "manage.py"), "smsbat_send"]
    running = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=stage.ROOT) for _ in range(workers)
    ]
    queued = Message.objects.filter(status="queued")
    while queued.count() == count:
        time.sleep(0.005)
    start = time.perf_counter()
    left = queued.count()
    for process in running:
        process.wait()
    seconds = time.perf_counter() - start
    if Message.objects.filter(status="accepted").count() != count:
        raise RuntimeError("not everything was accepted")
    return {"rate": left / seconds}


def import_rows(*, url: str, count: int, folder: str) -> Told:
    """Import a CSV with four columns into a list, and as many rows by `update_or_create`."""
    stage.django(url)
    from django.db import transaction

    from django_smsbat.models import Recipient
    from django_smsbat.services.recipients import imports

    path = Path(folder) / "people.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["phone", "name", "city", "visits"])
        chosen = stage.numbers(count)
        rows.writerows(
            [f"0{67}{next(chosen):07}", f"Ім'я {n}", stage.CITIES[n % 5], n] for n in range(count)
        )
    before = _peak()
    seconds = stage.timed(lambda: imports.import_file(path, "All"))
    grown = (_peak() - before) / _KILOBYTE
    some = 2_000

    @transaction.atomic
    def one_by_one() -> None:
        for n in range(some):
            Recipient.objects.update_or_create(
                phone=f"+38050{n:07}", defaults={"name": "x", "attributes": {"city": "Київ"}}
            )

    return {
        "rows_a_second": count / seconds,
        "orm_rows_a_second": some / stage.timed(one_by_one),
        "grown_mb": grown,
    }


def cpu(*, gateway: str, size: int, personal: bool) -> Told:
    """Measure CPU microseconds per message to build, post and read, against `requests` alone."""
    from django_smsbat.gateway.auth import AuthMethod, Credentials
    from django_smsbat.gateway.client import Client
    from django_smsbat.gateway.dialects import Outgoing
    from django_smsbat.gateway.messages import Content
    from django_smsbat.gateway.pacing import RateLimit

    rounds = 10
    credentials = Credentials(AuthMethod.HEADER, api_key="sandbox-key")
    client = Client(gateway, credentials, send_pace=RateLimit(10_000), timeout=60)
    same = Content(type="sms", sender=stage.SENDER, text=stage.TEXT)
    rows = [
        Outgoing(
            f"{n}-abcdef01",
            stage.phone(n * 100 + 50),
            Content(type="sms", sender=stage.SENDER, text=f"{stage.TEXT} {n}")
            if personal
            else same,
        )
        for n in range(size)
    ]
    start = time.process_time()
    for _ in range(rounds):
        client.send(rows)
    own = time.process_time() - start
    session = requests.Session()
    session.headers["X-Authorization-Key"] = "sandbox-key"
    start = time.process_time()
    for _ in range(rounds):
        messages = [
            {
                "from": row.content.sender,
                "to": row.to,
                "type": "sms",
                "text": row.content.text,
                "customerMessageId": row.customer_message_id,
            }
            for row in rows
        ]
        session.post(f"{gateway}/bat/messagelist", json={"messages": messages}, timeout=60).json()
    plain = time.process_time() - start
    client.close()
    each = 1_000_000 / rounds / size
    return {"microseconds": own * each, "requests_microseconds": plain * each}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](**json.loads(sys.argv[2]))))
