"""Whichever process dies, and whenever: no message is sent twice, and none is lost.

``make crash KILLS=200 N=200000`` runs the same tests for longer, on each database.
"""

import os
import random
import time

import pytest
from django.db import connection

from tests.scenarios.crash.parameters import BATCH, DELAY_MAX, LATENCY_MS, THREADS, Parameters
from tests.scenarios.crash.report import KillCount, figures
from tests.scenarios.crash.workers import workers_of
from tests.support.databases import cut_connections, database
from tests.support.live_site import PATIENCE, PREPARE, Site, kill

pytestmark = pytest.mark.slow
# Long enough for a busy machine: a time-out would count as a kill.
SECONDS = {"TIMEOUT": "5", "LEASE": "12"}


@pytest.fixture(scope="module")
def parameters():
    try:
        return Parameters.read(os.environ)
    except ValueError as error:
        sentence = str(error)
    pytest.fail(sentence, pytrace=False)


@pytest.fixture
def site(tmp_path):
    """Make a migrated site with a running sandbox and a launched campaign of that size."""
    sites = []

    with database(connection.vendor, tmp_path, os.environ.get("DATABASE_URL", "")) as url:

        def make(total, latency_ms=LATENCY_MS):
            options = {"BATCH_SIZE": str(BATCH), "CONCURRENCY": str(THREADS), **SECONDS}
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
    # A message that the sandbox did not receive is unconfirmed; an accepted one was received.
    rows = dict(site.query('SELECT "to", status FROM smsbat_message'))
    assert {rows[phone] for phone in rows.keys() - taken.keys()} <= {"unconfirmed"}
    assert {phone for phone, status in rows.items() if status == "accepted"} <= taken.keys()
    assert site.query("SELECT status FROM smsbat_campaign") == [("sent",)]


def assert_survived_or_said_so(worker):
    """Assert that a worker survives a database fault, or exits with one line that names it."""
    _out, err = worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 0 or "the database failed" in err, err


@pytest.fixture
def chance():
    """A random generator. Its seed is printed, so that a failed run can be repeated."""
    seed = os.environ.get("SEED") or str(random.randrange(10**6))
    print(f"SEED={seed}")  # noqa: T201
    return random.Random(seed)


@pytest.fixture
def report():
    """Print the numbers of a run; ``make crash`` shows them."""
    begun = time.monotonic()

    def write(site, what):
        print(f"{connection.vendor}: {figures(site, what, time.monotonic() - begun)}")  # noqa: T201

    return write


def test_workers_killed_at_random_moments(site, parameters, chance, report):
    made = site(parameters.messages)
    count = KillCount(made)
    with workers_of(made) as workers:
        for _ in range(parameters.kills):
            worker = workers.start()
            worker.wait_for_claim()
            time.sleep(chance.uniform(0, DELAY_MAX))
            count.before_kill()
            worker.kill()
        count.finish()
    assert made.statuses()["queued"], "the workers were done before they were killed"
    made.finish()
    report(made, count)
    assert count.hits, "no kill has hit a request"
    assert_nobody_twice_and_nobody_lost(made, parameters.messages, count.kills * BATCH * THREADS)


def test_four_processes_at_once_killed_and_replaced(site, parameters, chance, report):
    total, kills = parameters.messages // 4, max(4, parameters.kills // 3)
    made = site(total, LATENCY_MS * 4)  # together as fast as a single process
    count = KillCount(made)
    with workers_of(made) as workers:
        running = [workers.start() for _ in range(4)]
        for _ in range(kills):
            running[0].wait_for_claim()
            time.sleep(chance.uniform(0, DELAY_MAX / 2))
            count.before_kill()
            running.pop(0).kill()
            running.append(workers.start())
        assert made.statuses()["queued"], "the workers were done before they were killed"
        count.finish()
        for worker in running:
            worker.wait()
    made.finish()
    report(made, count)
    assert count.hits, "no kill has hit a request"
    assert_nobody_twice_and_nobody_lost(made, total, kills * BATCH * THREADS)


def test_the_sandbox_killed_in_the_middle_of_requests(site, parameters, chance, report):
    total, kills = parameters.messages // 4, max(3, parameters.kills // 6)
    made = site(total)
    worker = made.start_worker("--watch")
    for _ in range(kills):
        made.wait_for_answer(worker)  # a success resets the worker's back-off
        made.wait_until_sending()
        time.sleep(chance.uniform(0, LATENCY_MS / 1_000))
        kill(made.sandbox)
        made.start_sandbox()
    made.run("smsbat_send")
    worker.terminate()
    _out, err = worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 0, err
    made.finish()
    report(made, f"{kills} kills of the service")
    assert_nobody_twice_and_nobody_lost(made, total, kills * BATCH * THREADS)


def test_the_databases_connections_cut(site, parameters, report):
    if connection.vendor == "sqlite":
        pytest.skip("a file has no connection that could be cut")
    total, cuts = parameters.messages // 4, max(3, parameters.kills // 6)
    made = site(total)
    worker = made.start_worker()
    done, deadline = 0, time.monotonic() + PATIENCE
    while done < cuts:
        assert time.monotonic() < deadline, "the workers have no connections"
        if worker.poll() is not None:
            assert_survived_or_said_so(worker)
            worker = made.start_worker()
        time.sleep(0.4)
        done += bool(cut_connections(made.connection, connection.vendor))
        time.sleep(0.2)
    assert_survived_or_said_so(worker)
    made.finish()
    report(made, f"{done} cuts of all connections")
    assert_nobody_twice_and_nobody_lost(made, total, cuts * BATCH * THREADS)
