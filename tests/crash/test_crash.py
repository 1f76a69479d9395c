"""Whatever dies, at whatever moment: nobody gets it twice, and nobody is forgotten.

``make crash KILLS=200 N=200000`` does the same for longer.
"""

import os
import random
import time

import pytest
from django.db import connection

from tests.live_site import PATIENCE, PREPARE, Site, database, kill

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("KILLS", "20"))
MESSAGES = int(os.environ.get("N", "20000"))
BATCH, THREADS = 100, 2
LATENCY_MS = 150


@pytest.fixture
def site(tmp_path):
    """Makes a migrated site with a launched campaign to so many people, its sandbox running."""
    if connection.vendor not in ("sqlite", "postgresql"):
        pytest.skip(f"the processes of this test do not speak {connection.vendor}")
    sites = []

    with database(connection.vendor, tmp_path, os.environ.get("DATABASE_URL", "")) as url:

        def make(total, latency_ms=LATENCY_MS):
            options = {"BATCH_SIZE": str(BATCH), "CONCURRENCY": str(THREADS)}
            made = Site(url, tmp_path, latency_ms, options)
            sites.append(made)
            made.run("migrate", "-v0")
            made.run("shell", "--no-imports", "-c", PREPARE.format(total=total))
            made.start_sandbox()
            return made

        yield make
        for made in sites:
            made.close()


def assert_nobody_twice_and_nobody_lost(site, total, unconfirmed_at_most):
    taken, statuses = site.taken(), site.statuses()
    assert max(taken.values()) == 1
    assert sum(statuses.values()) == total
    assert set(statuses) <= {"accepted", "unconfirmed"}
    assert statuses["unconfirmed"] <= unconfirmed_at_most
    # Whoever was handed nothing is known to be in doubt; and who is said to have it, has it.
    rows = dict(site.query('SELECT "to", status FROM django_smsbat_message'))
    assert {rows[phone] for phone in rows.keys() - taken.keys()} <= {"unconfirmed"}
    assert {phone for phone, status in rows.items() if status == "accepted"} <= taken.keys()
    assert site.query("SELECT status FROM django_smsbat_campaign") == [("sent",)]


def assert_survived_or_said_so(worker):
    """An answer is worth another try, on a new connection: the worker may survive a cut."""
    _out, err = worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 0 or "the database failed" in err


def seeded():
    """Printed, so that a run that fails can be repeated."""
    seed = os.environ.get("SEED") or str(random.randrange(10**6))
    print(f"SEED={seed}")  # noqa: T201
    return random.Random(seed)


def test_workers_killed_at_random_moments(site):
    made = site(MESSAGES)
    chance = seeded()
    for _ in range(KILLS):
        worker = made.start_worker()
        time.sleep(chance.uniform(0, 0.5))
        kill(worker)
    assert made.statuses()["queued"], "the workers were done before they were killed"
    made.finish()
    assert made.statuses()["unconfirmed"], "no kill has hit a request"
    assert_nobody_twice_and_nobody_lost(made, MESSAGES, KILLS * BATCH * THREADS)


def test_four_processes_at_once_killed_and_replaced(site):
    total, kills = MESSAGES // 4, max(4, KILLS // 3)
    made = site(total)
    workers = [made.start_worker() for _ in range(4)]
    chance = seeded()
    for _ in range(kills):
        time.sleep(chance.uniform(0, 0.3))
        kill(workers.pop(0))
        workers.append(made.start_worker())
    for worker in workers:
        worker.communicate(timeout=PATIENCE)
    made.finish()
    assert_nobody_twice_and_nobody_lost(made, total, kills * BATCH * THREADS)


def test_the_sandbox_killed_in_the_middle_of_requests(site):
    total, kills = MESSAGES // 4, max(3, KILLS // 6)
    made = site(total)
    worker = made.start_worker("--watch")
    for _ in range(kills):
        made.wait_until_sending()
        kill(made.sandbox)
        time.sleep(0.3)
        made.start_sandbox()
        time.sleep(1.5)  # until the workers, who hold back, are at it again
    made.run("smsbat_send")
    worker.terminate()
    worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 0
    made.finish()
    assert_nobody_twice_and_nobody_lost(made, total, kills * BATCH * THREADS)


def test_the_databases_connections_cut(site):
    if connection.vendor != "postgresql":
        pytest.skip("a file has no connection that could be cut")
    total, cuts = MESSAGES // 4, max(3, KILLS // 6)
    made = site(total)
    worker = made.start_worker()
    done, deadline = 0, time.monotonic() + PATIENCE
    while done < cuts:
        assert time.monotonic() < deadline, "the workers have no connections"
        if worker.poll() is not None:
            assert_survived_or_said_so(worker)
            worker = made.start_worker()
        time.sleep(0.4)
        done += bool(
            made.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        time.sleep(0.2)
    assert_survived_or_said_so(worker)
    made.finish()
    assert_nobody_twice_and_nobody_lost(made, total, cuts * BATCH * THREADS)
