"""Real Celery workers on real brokers, killed and replaced."""

import os
import socket
import time
import uuid
from urllib.parse import urlsplit

import pytest
from django.db import connection
from kombu import Connection

from django_smsbat import tasks
from django_smsbat.conf import Runner
from django_smsbat.runners.celery import IMPORT_TASK, SUBMIT_TASK
from django_smsbat.tasks import BEAT_SCHEDULE, SYNC_TASK
from tests.support.databases import database
from tests.support.live_site import LEASE, PATIENCE, PREPARE, Site, kill

BROKERS = {
    "redis": os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"),
    "rabbitmq": os.environ.get("RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//"),
}
TOTAL, BATCH, THREADS, LATENCY_MS = 3_000, 100, 2, 150
WORKER = ("worker", "--concurrency", "2", "--loglevel", "ERROR", "--without-mingle")
WAKE = "from django_smsbat.runners import wake; wake(); wake(); wake()"


def answers(url):
    parts = urlsplit(url)
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((parts.hostname, parts.port)) == 0


@pytest.fixture(params=BROKERS)
def site(request, tmp_path):
    if not answers(BROKERS[request.param]):
        pytest.skip(f"no broker answers at {BROKERS[request.param]}")
    if connection.vendor not in ("sqlite", "postgresql"):
        pytest.skip(f"the processes of this test do not speak {connection.vendor}")
    with database(connection.vendor, tmp_path, os.environ.get("DATABASE_URL", "")) as url:
        options = {"BATCH_SIZE": str(BATCH), "CONCURRENCY": str(THREADS), "RUNNER": Runner.CELERY}
        made = Site(url, tmp_path, LATENCY_MS, options)
        made.more = {
            "CELERY_BROKER_URL": BROKERS[request.param],
            "CELERY_QUEUE": f"smsbat-test-{uuid.uuid4()}",
        }
        made.run("migrate", "-v0")
        made.start_sandbox()
        yield made
        made.close()
        with Connection(BROKERS[request.param]) as broker:
            broker.default_channel.queue_delete(made.more["CELERY_QUEUE"])


@pytest.mark.slow
def test_a_worker_killed_in_mid_campaign_is_replaced(site):
    worker = site.start_celery(*WORKER)
    site.run("shell", "--no-imports", "-c", PREPARE.format(total=TOTAL))
    deadline = time.monotonic() + PATIENCE
    while not site.taken():
        assert time.monotonic() < deadline, "the launch reached no worker"
        time.sleep(0.05)
    site.wait_until_sending()
    kill(worker)
    assert site.statuses()["queued"], "it was done before it was killed"
    time.sleep(LEASE)
    site.start_celery(*WORKER)
    site.run("shell", "--no-imports", "-c", WAKE)  # as beat does, maybe repeatedly
    site.wait_for("sent")
    taken, statuses = site.taken(), site.statuses()
    assert max(taken.values()) == 1
    assert set(statuses) <= {"accepted", "unconfirmed"}
    # None if the kill came between a response and the next claim.
    assert statuses["unconfirmed"] <= BATCH * THREADS * 2  # two children of the worker
    assert len(taken) >= TOTAL - statuses["unconfirmed"]


def test_a_broker_that_is_away_loses_nothing(people, campaign, settings, caplog):
    from celery import current_app

    from django_smsbat.models import Message
    from django_smsbat.services.campaigns import lifecycle

    settings.SMSBAT = {**settings.SMSBAT, "RUNNER": "celery"}
    people(1)
    before = current_app.conf.broker_url
    away = "amqp://127.0.0.1:9//"
    # Celery versions differ in which setting takes precedence.
    current_app.conf.update(broker_url=away, broker_write_url=away, broker_connection_timeout=1)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("django.db.transaction.on_commit", lambda job, **_: job())
            lifecycle.launch(campaign())
    finally:
        current_app.conf.update(broker_url=before, broker_write_url=before)
    assert "the broker does not answer" in caplog.text
    assert Message.objects.get().status == "queued"


def test_the_beat_schedule_names_the_tasks_that_there_are():
    tasks = {entry["task"] for entry in BEAT_SCHEDULE.values()}
    assert tasks == {SUBMIT_TASK, SYNC_TASK, IMPORT_TASK}


@pytest.mark.parametrize("again", [True, False])
def test_a_task_that_used_up_its_time_is_followed_by_another_unless_the_beat_sent_it(
    monkeypatch, again
):
    followed = []
    monkeypatch.setattr(tasks.worker, "submit_queued", lambda **_: tasks.worker.Summary())
    monkeypatch.setattr(tasks.submit, "apply_async", lambda ids, **_: followed.append(ids))
    tasks.submit(7, seconds=-1, again=again)
    assert followed == ([(7,)] if again else [])
    tasks.submit(7, seconds=60)
    assert len(followed) == again


def test_the_tasks_of_the_beat_end_before_the_next_ones_come():
    for entry in BEAT_SCHEDULE.values():
        assert entry["kwargs"]["seconds"] < entry["schedule"] == entry["options"]["expires"]
        assert entry["kwargs"]["again"] is False
