"""A site of real processes on a SQLite file, whatever database the test run uses."""

import shutil
import socket
import uuid
from urllib.parse import urlsplit

import pytest

from tests.support.live_site import Site


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """A migrated SQLite file to copy: migrating takes longer than most of these tests."""
    folder = tmp_path_factory.mktemp("migrated")
    site = Site(f"sqlite:///{folder / 'site.sqlite3'}", folder, 0, {})
    site.run("migrate", "-v0")
    return folder / "site.sqlite3"


@pytest.fixture
def make_site(tmp_path, migrated):
    """Make a site with all tables and a sandbox, and close it after the test."""
    made = []

    def make(latency_ms=0, **options):
        site = Site(f"sqlite:///{tmp_path / 'site.sqlite3'}", tmp_path, latency_ms, options)
        site.more = {"DJANGO_SETTINGS_MODULE": "tests.scenarios.deployment.settings"}
        made.append(site)
        shutil.copy(migrated, tmp_path / "site.sqlite3")
        site.start_sandbox()
        return site

    yield make
    for site in made:
        site.close()


@pytest.fixture
def answers():
    """Skip a test if its server does not respond."""

    def check(url):
        parts = urlsplit(url)
        with socket.socket() as probe:
            probe.settimeout(2)
            if probe.connect_ex((parts.hostname, parts.port)):
                pytest.skip(f"nothing answers at {parts.hostname}:{parts.port}")

    return check


@pytest.fixture
def own_queue():
    """Name a broker queue for one test and delete it afterwards."""
    from kombu import Connection

    name, brokers = f"smsbat-test-{uuid.uuid4()}", []

    def make(url):
        brokers.append(url)
        return name

    yield make
    for url in brokers:
        with Connection(url) as broker:
            broker.default_channel.queue_delete(name)
