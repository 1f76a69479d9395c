"""``--watch`` survives a database outage, and so does the documented service unit."""

import configparser
import os
import signal
import socket
import textwrap
import threading
import time
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import InterfaceError, OperationalError, connection

from django_smsbat.management import worker_command
from django_smsbat.services.polling import poller
from django_smsbat.services.sending import worker as submission
from tests.conftest import HeldClock
from tests.support.databases import database
from tests.support.live_site import PATIENCE, PREPARE, Site
from tests.support.paths import DOCS

CRON = DOCS / "howto" / "cron.rst"
SERVICES = {"smsbat_send": (submission, "submit_queued"), "smsbat_sync": (poller, "sync")}


class Clock(HeldClock):
    """A clock that stops after a given number of sleeps."""

    def __init__(self, most=100):
        super().__init__()
        self.most = most

    def sleep(self, seconds):
        super().sleep(seconds)
        self.stopping = len(self.slept) >= self.most

    def stop(self):
        self.stopping = True


@pytest.fixture
def watch(db, monkeypatch, capsys):
    """Run a command with ``--watch`` against a scripted service."""

    def run(command, script, most=100, *options):
        module, name = SERVICES[command]
        clock, steps = Clock(most), iter(script)

        def serve(**_):
            step = next(steps, None)
            if step is None:
                clock.stop()
            if isinstance(step, Exception):
                raise step
            return module.Summary()

        monkeypatch.setattr(module, name, serve)
        monkeypatch.setattr(worker_command, "SystemClock", lambda: clock)
        call_command(command, *(options or ("--watch",)))
        return clock.slept, capsys.readouterr().err.splitlines()

    return run


@pytest.mark.parametrize("command", SERVICES)
def test_pauses_grow_while_the_database_is_away_and_one_line_says_so(watch, command):
    away = OperationalError("connection refused\nis the server running?")
    slept, told = watch(command, [away] * 8)
    assert slept == [2, 4, 8, 16, 32, 60, 60, 60]
    assert told == [
        "the database failed: connection refused; waiting until it answers",
        "the database answers again",
    ]


def test_each_outage_is_told_and_begins_with_a_short_pause(watch):
    slept, told = watch("smsbat_send", [OperationalError("x"), True, InterfaceError("y")])
    assert slept == [2, 2, 2]
    assert [line.partition(";")[0] for line in told] == [
        "the database failed: x",
        "the database answers again",
        "the database failed: y",
        "the database answers again",
    ]


def test_a_stop_ends_the_wait_for_the_database(watch):
    slept, told = watch("smsbat_send", [OperationalError("x")] * 9, 3)
    assert (len(slept), len(told)) == (3, 1)


def test_without_watch_the_command_ends_at_the_first_failure(watch):
    with pytest.raises(CommandError, match="the database failed: x"):
        watch("smsbat_send", [OperationalError("x")], 100, "--limit=5")


def test_a_phone_in_the_databases_message_is_not_printed(watch):
    _slept, told = watch("smsbat_send", [OperationalError("row +380671112233")])
    assert "380671112233" not in "".join(told)


def test_the_documented_unit_is_started_again_without_limit():
    text = CRON.read_text().split(".. code-block:: ini\n\n")[1].split("\n\nAdd a second unit")[0]
    unit = configparser.ConfigParser()
    unit.optionxform = str
    unit.read_string(textwrap.dedent(text))
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert unit["Service"]["Restart"] == "always"
    assert int(unit["Service"]["RestartSec"]) >= 1


def wait_for_line(process, words):
    """Wait until a process has printed an error line that contains this text."""
    deadline = time.monotonic() + PATIENCE
    while words not in process.output()[1]:
        assert time.monotonic() < deadline, process.output()[1]
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.once
def test_a_watching_process_waits_for_a_database_that_is_not_there_yet(tmp_path):
    folder = tmp_path / "database"
    folder.mkdir()
    site = Site(f"sqlite:///{folder / 'site.sqlite3'}", tmp_path, 0, {"BATCH_SIZE": "50"})
    try:
        site.run("migrate", "-v0")
        site.start_sandbox()
        site.run("shell", "--no-imports", "-c", PREPARE.format(total=120))
        folder.rename(tmp_path / "away")
        sending, syncing = (site.start(command, "--watch") for command in SERVICES)
        wait_for_line(sending, "waiting until it answers")
        wait_for_line(syncing, "waiting until it answers")
        syncing.send_signal(signal.SIGTERM)
        assert syncing.wait(PATIENCE) == 0
        (tmp_path / "away").rename(folder)
        wait_for_line(sending, "the database answers again\n")
        site.wait_for("sent")
        sending.send_signal(signal.SIGTERM)
        assert sending.wait(PATIENCE) == 0
        assert site.statuses() == {"accepted": 120}
    finally:
        site.close()


class Relay:
    """Forwards connections to a server, and can cut them like a server restart."""

    def __init__(self, host, port):
        self.server = (host, port)
        self.sockets = []
        self.listener = None
        self.port = 0
        self.open()

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=[self.listener], daemon=True).start()

    def cut(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for one in self.sockets:
            with_error_ignored(lambda one=one: one.shutdown(socket.SHUT_RDWR))
        self.sockets.clear()

    def _accept(self, listener):
        while True:
            try:
                client = listener.accept()[0]
            except OSError:
                return
            server = socket.create_connection(self.server)
            self.sockets += [client, server]
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self._copy, args=pair, daemon=True).start()

    def _copy(self, source, target):
        with_error_ignored(lambda: self._copy_until_end(source, target))
        with_error_ignored(lambda: target.shutdown(socket.SHUT_RDWR))

    def _copy_until_end(self, source, target):
        while data := source.recv(65_536):
            target.sendall(data)


def with_error_ignored(do):
    with suppress(OSError):
        do()


@contextmanager
def postgres(tmp_path):
    if connection.vendor != "postgresql":
        pytest.skip(f"{connection.vendor} is not restarted here")
    with database("postgresql", tmp_path, os.environ["DATABASE_URL"]) as url:
        yield url


@pytest.mark.slow
def test_a_watching_process_goes_on_after_its_database_was_restarted(tmp_path):
    with postgres(tmp_path) as url:
        parts = urlsplit(url)
        relay = Relay(parts.hostname, parts.port or 5432)
        name, _, _ = parts.netloc.rpartition("@")
        through = parts._replace(netloc=f"{name}@127.0.0.1:{relay.port}").geturl()
        site = Site(url, tmp_path, 0, {"BATCH_SIZE": "50"})
        try:
            site.run("migrate", "-v0")
            site.start_sandbox()
            site.database = through
            worker = site.start("smsbat_send", "--watch")
            site.database = url
            wait_for_pulse(site)
            relay.cut()
            wait_for_line(worker, "waiting until it answers")
            site.run("shell", "--no-imports", "-c", PREPARE.format(total=120))
            relay.open()
            site.wait_for("sent")
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(PATIENCE) == 0
            assert site.statuses() == {"accepted": 120}
        finally:
            site.close()
            relay.cut()


def wait_for_pulse(site):
    deadline = time.monotonic() + PATIENCE
    while not site.query("SELECT 1 FROM smsbat_heartbeat"):
        assert time.monotonic() < deadline, "the worker does not run"
        time.sleep(0.1)
