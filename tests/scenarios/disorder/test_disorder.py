"""Callbacks that arrive twice, late, early or out of order, while statuses are polled too.

In the end, each message has the status of the sandbox's own record.
"""

import json
import os
import time
import urllib.request
from collections import Counter

import pytest
from django.db import connection

from django_smsbat.gateway.statuses import from_wire
from tests.support.databases import database
from tests.support.live_site import PATIENCE, PREPARE_ALL_FATES, Site

pytestmark = pytest.mark.slow
MESSAGES = int(os.environ.get("N", "10000"))
SECRET = "demo-secret-demo-secret"
DISORDER = ("duplicate@30%", "reorder@30%", "delay@20%", "precede@10%")


@pytest.fixture
def site(tmp_path):
    if connection.vendor not in ("sqlite", "postgresql"):
        pytest.skip(f"the processes of this test do not speak {connection.vendor}")
    with database(connection.vendor, tmp_path, os.environ.get("DATABASE_URL", "")) as url:
        options = {"BATCH_SIZE": "500", "STATUS_RATE": "30", "TIMEOUT": "30", "LEASE": "90"}
        made = Site(url, tmp_path, 0, options)
        made.run("migrate", "-v0")
        made.run("shell", "--no-imports", "-c", PREPARE_ALL_FATES.format(total=MESSAGES))
        web = made.start_web()
        faults = [part for kind in DISORDER for part in ("--fault", f"callback/{kind}")]
        callbacks = ("--callback-url", f"http://smsbat:{SECRET}@{web}/smsbat/")
        made.start_sandbox(*callbacks, *faults, "--speed", "5", "--status-rate", "0")
        yield made
        made.close()


def record(site):
    """Return the sandbox's own record after it has sent all callbacks."""
    deadline = time.monotonic() + PATIENCE * 5
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{site.port}/record") as answer:
            told = json.load(answer)
        if not told["callbacks_to_come"]:
            return told["statuses"]
        assert time.monotonic() < deadline, f"{told['callbacks_to_come']} callbacks are to come"
        time.sleep(0.5)


def stop(watching):
    watching.terminate()
    said = watching.communicate(timeout=PATIENCE)
    assert watching.returncode == 0, said


def ask_about_all(site):
    """Poll all messages: some get no callback, and only polling shows that they are under way."""
    watching = site.start("smsbat_sync", "--watch", STATUS_RATE="1000")
    deadline = time.monotonic() + PATIENCE * 5
    while "accepted" in site.statuses():
        assert watching.poll() is None, watching.communicate()
        assert time.monotonic() < deadline, "some messages were never asked about"
        time.sleep(0.5)
    stop(watching)


def test_each_message_says_in_the_end_what_the_service_says(site):
    # Slow, so that most callbacks arrive before the polls.
    watching = site.start("smsbat_sync", "--watch")
    site.run("smsbat_send")
    told = record(site)
    stop(watching)
    ask_about_all(site)
    ours = dict(site.query("SELECT smsbat_id, status FROM smsbat_message"))
    assert len(told) == len(ours) == MESSAGES
    wrong = {key: (ours[key], raw) for key, raw in told.items() if ours[key] != from_wire(raw)}
    assert not wrong
    assert len(Counter(ours.values())) >= 6, "not all fates were met"
    sources = dict(site.query("SELECT source, count(*) FROM smsbat_statusevent GROUP BY source"))
    assert min(sources["callback"], sources["poll"]) > 0
    # No event waits for a known message, and a rebuild changes nothing.
    assert site.query("SELECT count(*) FROM smsbat_statusevent WHERE message_id IS NULL") == [(0,)]
    assert site.run("smsbat_sync", "--rebuild").startswith("0 statuses changed")
