"""The site's visitors get a connection while the package sends, however few there are."""

import shutil
import threading
import urllib.error
import urllib.request
from contextlib import closing
from importlib.util import find_spec
from urllib.parse import urlsplit

import pytest

from tests.databases.pgbouncer import running
from tests.support import databases
from tests.support.live_site import PREPARE, Site
from tests.support.on_database import URLS, answers

pytestmark = [pytest.mark.slow, pytest.mark.once]
MESSAGES, CONCURRENCY = 160, 8
VISITORS = 3
POOLED = {"DJANGO_SETTINGS_MODULE": "tests.databases.pooled_settings"}
PLAIN = {"DJANGO_SETTINGS_MODULE": "tests.scenarios.deployment.settings", "CONN_MAX_AGE": "0"}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """The name of a PostgreSQL database with a launched campaign, to copy."""
    if not answers("postgresql", URLS["postgresql"]):
        pytest.skip("no PostgreSQL answers")
    folder = tmp_path_factory.mktemp("prepared")
    with databases.database("postgresql", folder, URLS["postgresql"]) as url:
        made = Site(url, folder, 0, {})
        made.run("migrate", "-v0")
        made.run("shell", "-v0", "-c", PREPARE.format(total=MESSAGES))
        made.close()
        yield url.rpartition("/")[2]


@pytest.fixture
def site(prepared, tmp_path):
    """A site on PostgreSQL with a campaign to send, ten messages per request, a slow service."""
    server, name = URLS["postgresql"], f"{prepared}_copy"
    options = {"BATCH_SIZE": "10", "CONCURRENCY": str(CONCURRENCY), "TIMEOUT": "10", "LEASE": "60"}
    with databases.copied(server, prepared, name) as url:
        made = Site(url, tmp_path, 500, options)
        try:
            made.start_sandbox()
            yield made
        finally:
            made.close()


@pytest.fixture
def role(site):
    """Create a role with a connection limit, and connect the site as that role."""

    def make(limit):
        name = "smsbat_few"
        with closing(databases.connect(site.database)) as connection:
            connection.execute(f"DROP ROLE IF EXISTS {name}")
            connection.execute(f"CREATE ROLE {name} LOGIN SUPERUSER")
            connection.execute(f"ALTER ROLE {name} NOSUPERUSER CONNECTION LIMIT {limit}")
            connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}")
            connection.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {name}")
        parts = urlsplit(site.database)
        place = f"{name}@{parts.netloc.rpartition('@')[2]}"
        site.database = parts._replace(netloc=place).geturl()

    return make


def visit(address, stop, failures):
    """Query the site's database repeatedly, as visitors' requests do."""
    while not stop.is_set():
        try:
            urllib.request.urlopen(f"http://{address}/query/", timeout=30).read()
        except urllib.error.HTTPError as error:
            failures.append(error.code)
        stop.wait(0.05)


def failures_while_sending(site):
    """Return visitors' errors while the web process's own thread sends a campaign."""
    address = site.start_web("--threads", "4", app="tests.scenarios.deployment.wsgi")
    stop, failures = threading.Event(), []
    visitors = [
        threading.Thread(target=visit, args=[address, stop, failures]) for _ in range(VISITORS)
    ]
    for visitor in visitors:
        visitor.start()
    try:
        urllib.request.urlopen(f"http://{address}/queue/", timeout=30).read()  # starts the thread
        site.wait_for_messages({"accepted": MESSAGES + 1})
    finally:
        stop.set()
        for visitor in visitors:
            visitor.join()
    return failures


def test_visitors_are_served_from_a_pool_of_four(site):
    if find_spec("psycopg_pool") is None:
        pytest.skip("psycopg_pool is not installed")
    site.options["RUNNER"] = "thread"
    site.more.update(POOLED)
    assert failures_while_sending(site) == []


def test_a_command_with_a_small_pool_sends_everything_and_succeeds(site):
    if find_spec("psycopg_pool") is None:
        pytest.skip("psycopg_pool is not installed")
    site.more.update(POOLED)
    site.run("smsbat_send")
    assert site.statuses() == {"accepted": MESSAGES}
    assert set(site.taken().values()) == {1}


def test_a_command_of_a_role_with_three_connections_sends_everything_and_succeeds(site, role):
    site.more.update(PLAIN)
    observer = site.connection  # as the first role, before the limited one
    role(3)
    site.run("smsbat_send")
    found = databases.fetch(observer, "SELECT status, count(*) FROM smsbat_message GROUP BY 1")
    assert dict(found) == {"accepted": MESSAGES}
    assert set(site.taken().values()) == {1}


@pytest.fixture
def pgbouncer(site):
    """PgBouncer before the site's database: transaction pooling, two connections to the server."""
    program = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    with running(program, site.database) as url:
        direct = site.connection
        site.database = url
        yield direct


def test_a_site_behind_pgbouncer_sends_everything(site, pgbouncer):
    site.more.update(PLAIN)
    site.run("smsbat_send")
    found = databases.fetch(pgbouncer, "SELECT status, count(*) FROM smsbat_message GROUP BY 1")
    assert dict(found) == {"accepted": MESSAGES}
    assert set(site.taken().values()) == {1}
