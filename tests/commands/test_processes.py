"""Real processes, real signals: a killed process loses no message and sends none twice."""

import os
import signal
import sys
import threading
import time

import pytest
from django.db import connection, connections

from django_smsbat.models import Message
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.sending import worker as submission
from tests.conftest import client_for, phone
from tests.support.child_processes import Child
from tests.support.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def environment(url, database, **more):
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "example_project.settings",
        "DATABASE_URL": database,
        "SMSBAT_BASE_URL": url,
        "SMSBAT_API_KEY": "sandbox-key",
        "SMSBAT_SENDER": "AcmeShop",
        "SMSBAT_LEASE": "5",
        "SMSBAT_TIMEOUT": "2",
        "SMSBAT_BATCH_SIZE": "20",
        **more,
    }


def manage(env, *arguments, **options):
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return Child(command, env=env, **options)


def shell(env, code):
    process = manage(env, "shell", "--no-imports", "-c", code)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.strip()


PREPARE = """
from django_smsbat.models import *
from django_smsbat.services import campaigns
everybody = RecipientList.objects.create(name="All")
phones = [f"+38067{1000077 + 100 * n:07}" for n in range(200)]
people = Recipient.objects.bulk_create(Recipient(phone=phone) for phone in phones)
everybody.recipients.set(people)
campaign = Campaign.objects.create(name="Sale", type="sms", text="Sale!")
campaign.lists.set([everybody])
campaigns.launch(campaign)
"""
COUNT = """
from collections import Counter
from django_smsbat.models import *
statuses = Message.objects.values_list("status", flat=True)
print(dict(Counter(statuses)), Campaign.objects.get().status)
"""


@pytest.fixture
def site(tmp_path, start_sandbox):
    """A migrated SQLite file with a launched campaign to 200 phones, and a slow sandbox."""
    sandbox = start_sandbox(latency=0.3)
    env = environment(sandbox.url, f"sqlite:///{tmp_path / 'site.sqlite3'}", SMSBAT_RUNNER="none")
    process = manage(env, "migrate", "-v0")
    assert process.wait(60) == 0, process.output()[1]
    shell(env, PREPARE)
    return env, sandbox.sandbox.ledger


def test_killed_workers_send_nobody_twice_and_forget_nobody(site):
    env, ledger = site
    for _ in range(3):
        worker = manage(env, "smsbat_send")
        before = ledger.requests["send"]
        while ledger.requests["send"] == before:
            time.sleep(0.01)
        time.sleep(0.1)
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
    time.sleep(5)  # the leases of dead workers expire
    worker = manage(env, "smsbat_send")
    worker.communicate(timeout=60)
    told = shell(env, COUNT)
    per_phone = [len(entries) for entries in ledger.by_phone.values()]
    assert max(per_phone) == 1
    assert "queued" not in told
    assert "sending" not in told.split("}")[0]
    assert told.endswith("} sent")
    unconfirmed = int(told.split("'unconfirmed': ")[1].split(",")[0].split("}")[0])
    assert 0 < unconfirmed <= 3 * 20
    # Every recipient's message was handed over or is unconfirmed.
    assert len(per_phone) >= 200 - unconfirmed


def test_sigterm_finishes_the_batch_in_hand(site):
    env, ledger = site
    worker = manage(env, "smsbat_send", "--watch")
    while not ledger.requests["send"]:
        time.sleep(0.01)
    worker.terminate()
    _out, err = worker.communicate(timeout=30)
    assert (worker.returncode, err) == (0, "")
    told = shell(env, COUNT)
    assert "unconfirmed" not in told
    assert f"'accepted': {len(ledger.entries)}" in told


def test_workers_at_once_share_the_queue(site):
    env, ledger = site
    workers = [manage(env, "smsbat_send") for _ in range(3)]
    for worker in workers:
        worker.communicate(timeout=60)
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert shell(env, COUNT) == "{'accepted': 200} sent"
    assert {len(entries) for entries in ledger.by_phone.values()} == {1}


def test_threads_on_a_database_that_locks_rows_share_the_queue(
    people, campaign, start_sandbox, settings
):
    if not connection.features.has_select_for_update_skip_locked:
        pytest.skip(f"{connection.vendor} does not lock rows")
    settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 7}
    sandbox = start_sandbox(latency=0.02)
    people(*range(1_003, 1_100))  # none ends in 02, which the sandbox rejects
    lifecycle.launch(campaign())

    def work():
        client = client_for(sandbox.url)
        try:
            submission.submit_queued(client=client)
        finally:
            client.close()
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger = sandbox.sandbox.ledger
    assert {len(entries) for entries in ledger.by_phone.values()} == {1}
    assert len(ledger.by_phone) == 97
    assert Message.objects.filter(status="accepted").count() == 97
    assert phone(1_003) in ledger.by_phone


def test_a_probe_that_is_told_to_stop_still_prints_its_report(site):
    env, ledger = site
    arguments = ("--to", phone("06"), "--type", "sms", "--yes", "--no-negative")
    process = manage(env, "smsbat_probe", *arguments)
    deadline = time.monotonic() + 30
    while not ledger.requests["status"] and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "stopped before the end" in out
    assert "`send.accepted`: sms" in out
