"""A complete site of real processes: its own database, a sandbox, and workers to kill."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from tests.support import databases
from tests.support.child_processes import Child
from tests.support.paths import ROOT

TIMEOUT, LEASE = 2, 5  # seconds
PATIENCE = 60 + int(os.environ.get("N", "0")) / 100  # the limit in seconds for any wait
PREPARE = """
from itertools import count, islice
from django.db.models import Value
from django.utils import timezone
from django_smsbat.models import *
from django_smsbat.db.set_based import insert_from, insert_rows
from django_smsbat.services import campaigns

everybody = RecipientList.objects.create(name="All")
endings = islice((n for n in count() if n % 100 > 6), {total})
rows = [(f"+38067{{n:07}}", timezone.now()) for n in endings]
insert_rows(Recipient, ("phone", "created_at"), rows)
source = Recipient.objects.values_list("pk", Value(everybody.pk))
insert_from(Recipient.lists.through, ("recipient", "recipientlist"), source, {{}})
campaign = Campaign.objects.create(name="Sale", type="sms", text="Sale!")
campaign.lists.set([everybody])
campaigns.launch(campaign)
"""
# Deliverable phones of the sandbox get the same message: Viber with an SMS fallback.
PREPARE_ALL_FATES = PREPARE.replace("(n for n in count() if n % 100 > 6)", "count()").replace(
    'type="sms", text="Sale!"', 'type="viber_promo", text="Sale!", fallback_text="Sale!"'
)
_OPENER = build_opener(ProxyHandler({}))


@dataclass
class Site:
    """One database, one sandbox, and methods that run commands on them."""

    database: str
    folder: Path
    latency_ms: int
    options: dict[str, str]
    port: int = 0
    sandbox: Child | None = None
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)

    @property
    def journal(self) -> Path:
        return self.folder / "taken.jsonl"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.support.site_settings",
            "DATABASE_URL": self.database,
            "SMSBAT_BASE_URL": f"http://127.0.0.1:{self.port or 9}",
            "SMSBAT_API_KEY": "sandbox-key",
            "SMSBAT_SENDER": "AcmeShop",
            "SMSBAT_RUNNER": "none",
            "SMSBAT_LEASE": str(LEASE),
            "SMSBAT_TIMEOUT": str(TIMEOUT),
            "SMSBAT_SEND_RATE": "1000",
            **{f"SMSBAT_{name}": value for name, value in self.options.items()},
            **self.more,
        }

    @cached_property
    def connection(self) -> Any:
        """An open connection, because tests query the database often."""
        return databases.connect(self.database)

    @property
    def lease(self) -> int:
        return int(self.options.get("LEASE", LEASE))

    def start(self, *arguments: str, **options: str) -> Child:
        """Start a management command as a process; options are extra settings."""
        own = {f"SMSBAT_{name}": value for name, value in options.items()}
        command = [sys.executable, "-u", str(ROOT / "manage.py"), *arguments]
        process = Child(command, env={**self.environment, **own})
        self.processes.append(process)
        return process

    def start_web(self, *more: str, app: str = "example_project.wsgi") -> str:
        """Start a production web server with keep-alive connections and return its address."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = ("--bind", f"127.0.0.1:{port}", *(more or ("--threads", "4")))
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "gunicorn",
                "--log-level",
                "error",
                *options,
                app,
            ],
            env={**self.environment, "CONN_MAX_AGE": "600"},
            cwd=ROOT,
            start_new_session=True,
        )
        self.processes.append(process)
        deadline = time.monotonic() + PATIENCE
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return f"127.0.0.1:{port}"
            assert time.monotonic() < deadline, "the web server does not answer"
            time.sleep(0.05)

    def start_celery(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a Celery worker in its own process group, so that its children die with it."""
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "--app", "example_project.celery", *arguments],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def run(self, *arguments: str, **options: str) -> str:
        process = self.start(*arguments, **options)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        return out

    def run_module(self, name: str, *arguments: str) -> str:
        """Run a module of the tests in its own process and return its output."""
        command = [sys.executable, "-m", name, *arguments]
        environment = {**self.environment, "PYTHONWARNINGS": "ignore"}
        done = subprocess.run(
            command,
            check=False,
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start_sandbox(self, *arguments: str) -> None:
        """Start the sandbox, always on the same port; its journal preserves earlier messages."""
        self.sandbox = process = self.start(
            *("smsbat_sandbox", "--port", str(self.port), "--send-rate", "0"),
            *("--latency-ms", str(self.latency_ms), "--journal", str(self.journal)),
            *arguments,
        )
        address = process.first_line(PATIENCE).split()[-1]
        self.port = int(urlsplit(address).port or 0)

    def taken(self) -> Counter[str]:
        """How many messages each phone received, according to the sandbox's journal."""
        if not self.journal.exists():
            return Counter()
        lines = [line for line in self.journal.read_text().splitlines() if line.endswith("}]")]
        return Counter(json.loads(line)[2]["to"] for line in lines)

    def statistics(self) -> Any:
        """The sandbox's counters since its start."""
        with _OPENER.open(f"http://127.0.0.1:{self.port}/statistics", timeout=PATIENCE) as answer:
            return json.load(answer)

    def abandoned_requests(self) -> int:
        """The number of requests that clients abandoned before the sandbox responded."""
        return int(self.statistics()["requests"].get("abandoned", 0))

    def query(self, sql: str) -> list[Sequence[Any]]:
        return databases.fetch(self.connection, sql)

    def statuses(self) -> Counter[str]:
        found = "SELECT status, count(*) FROM smsbat_message GROUP BY status"
        return Counter(dict(self.query(found)))

    def claims(self) -> set[Any]:
        """The current claims, including those of dead workers."""
        held = "SELECT DISTINCT claim FROM smsbat_message WHERE status = 'sending'"
        return {claim for (claim,) in self.query(held)}

    def wait_for_claim(self, known: set[Any], worker: Child) -> None:
        """Wait until the worker has a claim that is not in `known`."""
        deadline = time.monotonic() + PATIENCE
        while not self.claims() - known:
            assert worker.poll() is None, f"it ended before it claimed: {worker.output()[1]}"
            assert time.monotonic() < deadline, "it does not claim anything"
            time.sleep(0.02)

    def start_worker(self, *arguments: str) -> Child:
        """Start the site's only worker and wait until it has claimed its first batch."""
        known = self.claims()
        worker = self.start("smsbat_send", *arguments)
        self.wait_for_claim(known, worker)
        return worker

    def wait_for_answer(self, worker: Child) -> None:
        """Wait until one more message is accepted; the worker must keep running."""
        before, deadline = self.statuses()["accepted"], time.monotonic() + PATIENCE
        while self.statuses()["accepted"] == before:
            assert worker.poll() is None, f"it ended before an answer: {worker.output()[1]}"
            assert time.monotonic() < deadline, "nothing is accepted"
            time.sleep(0.02)

    def wait_until_sending(self) -> None:
        """Wait for an unexpired lease: a request is under way or about to leave."""
        deadline = time.monotonic() + PATIENCE
        while not self.statuses()["sending"]:
            assert time.monotonic() < deadline, "nothing is being sent"
            time.sleep(0.01)

    def finish(self) -> None:
        """Let the leases of dead workers expire, then send the remaining messages."""
        time.sleep(self.lease)
        self.run("smsbat_send", CONCURRENCY="4", BATCH_SIZE="1000")

    def wait_for(self, status: str) -> None:
        """Wait until the campaign has that status."""
        deadline = time.monotonic() + PATIENCE
        while self.query("SELECT status FROM smsbat_campaign") != [(status,)]:
            assert time.monotonic() < deadline, f"the campaign is not {status}"
            time.sleep(0.1)

    def wait_for_messages(self, wanted: dict[str, int]) -> None:
        """Wait until that many messages have these statuses."""
        deadline = time.monotonic() + PATIENCE
        while (statuses := self.statuses()) != wanted:
            assert time.monotonic() < deadline, f"the messages are {dict(statuses)}"
            time.sleep(0.1)

    def close(self) -> None:
        for process in self.processes:
            kill(process)
        self.connection.close()


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process with SIGKILL, as the kernel does when memory runs out."""
    is_group = os.getpgid(process.pid) == process.pid if process.poll() is None else False
    if is_group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.send_signal(signal.SIGKILL)
    process.communicate()
