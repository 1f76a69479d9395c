"""Queueing succeeds immediately, whatever the state of Celery's broker."""

import os
import socket
import threading
import uuid
from urllib.parse import urlsplit

import pytest
from celery import Celery, current_app
from django.core.checks import run_checks
from kombu import Connection

from django_smsbat import runners, send
from django_smsbat.messages import Sms
from django_smsbat.models import Message
from django_smsbat.runners import broker
from django_smsbat.runners import celery as celery_runner
from tests.conftest import phone

pytestmark = pytest.mark.django_db(transaction=True)
RABBITMQ_URL = os.environ.get("RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")
AWAY = "the broker does not answer"


@pytest.fixture(autouse=True)
def _celery(settings):
    settings.SMSBAT = {**settings.SMSBAT, "RUNNER": "celery"}
    celery_runner._broker.recreate()
    yield
    celery_runner._broker.recreate()


@pytest.fixture
def configure():
    """Change settings of the current Celery app for one test."""
    before = {}

    def change(**options):
        before.update({name: current_app.conf[name] for name in options if name not in before})
        current_app.conf.update(**options)

    yield change
    current_app.conf.update(**before)


@pytest.fixture
def use_broker(configure):
    """Point the current Celery app at a broker."""
    return lambda url: configure(broker_url=url, broker_write_url=url)


@pytest.fixture
def silent():
    """A server that accepts connections and never responds: its port and its connections."""
    connections = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept():
            while True:
                try:
                    connections.append(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1], connections
        server.shutdown(socket.SHUT_RDWR)
    thread.join(10)
    for connection in connections:
        connection.close()


@pytest.fixture
def rabbitmq():
    """The URL of a running RabbitMQ."""
    parts = urlsplit(RABBITMQ_URL)
    with socket.socket() as probe:
        if probe.connect_ex((parts.hostname, parts.port)):
            pytest.skip(f"no broker answers at {parts.hostname}:{parts.port}")
    return RABBITMQ_URL


def queue_one():
    return send(Sms(to=phone(77), text="Hi"), queue=True)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("amqp://guest:secret@127.0.0.1:9//", "OperationalError"),
        ("redis://:secret@127.0.0.1:9/0", "OperationalError"),
        ("nonsense://user:secret@127.0.0.1", "KeyError"),
        ("sqs://key:secret@", ""),
    ],
)
def test_a_broker_that_cannot_be_reached_fails_no_caller_and_shows_no_password(
    use_broker, caplog, url, reason
):
    use_broker(url)
    message = queue_one()
    assert list(Message.objects.values_list("pk", "status")) == [(message.pk, "queued")]
    [line] = [record.getMessage() for record in caplog.records if AWAY in record.getMessage()]
    assert line.endswith(f"seconds: {reason}") if reason else True
    assert "secret" not in caplog.text


def publish(url, queue):
    """Publish a task to the queue from an app of the test's own."""
    app = Celery("own", broker=url, set_as_current=False)
    app.conf.task_default_queue = queue
    celery_runner._broker.current.publish(app, "task")


def test_a_broker_that_answers_gets_the_task(caplog):
    publish("memory://localhost/", "own")
    with Connection("memory://localhost/") as there:
        task = there.SimpleQueue("own").get(block=False)
        task.ack()
    assert task.headers["task"] == "task"
    assert caplog.text == ""


def test_the_addresses_of_a_cluster_are_tried_one_after_the_other(rabbitmq, caplog):
    queue = f"smsbat-test-{uuid.uuid4()}"
    publish(f"amqp://127.0.0.1:9//;amqp://127.0.0.1:7//;{rabbitmq}", queue)
    with Connection(rabbitmq) as there:
        assert there.default_channel.queue_delete(queue) == 1
    assert caplog.text == ""


def test_a_broker_that_refuses_the_login_fails_no_caller(use_broker, rabbitmq, caplog):
    parts = urlsplit(rabbitmq)
    use_broker(f"amqp://nobody:wrong@{parts.hostname}:{parts.port}//")
    queue_one()
    assert "seconds: AccessRefused" in caplog.text


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_silent_broker_is_waited_for_once(use_broker, silent, caplog, monkeypatch, scheme):
    monkeypatch.setattr(broker, "_PATIENCE", 0.3)
    port, connected = silent
    use_broker(f"{scheme}://127.0.0.1:{port}//")
    for _ in range(3):
        queue_one()
    assert len(connected) == 1
    assert caplog.text.count(AWAY) == 1
    assert "no answer within 0.3 seconds" in caplog.text
    assert Message.objects.filter(status="queued").count() == 3


def test_a_broker_that_was_away_is_tried_again_after_a_while(use_broker, monkeypatch, caplog):
    use_broker("redis://127.0.0.1:9/0")
    queue_one()
    queue_one()
    assert caplog.text.count(AWAY) == 1
    later = broker.time.monotonic() + broker._AWAY + 1
    monkeypatch.setattr(broker.time, "monotonic", lambda: later)
    queue_one()
    assert caplog.text.count(AWAY) == 2


def test_threads_that_hang_are_not_joined_by_ever_more(monkeypatch):
    goes_on = threading.Event()
    hanging = broker.Broker()
    monkeypatch.setattr(broker, "_PATIENCE", 0.01)
    monkeypatch.setattr(broker, "_AWAY", 0.0)
    tries = []
    monkeypatch.setattr(hanging, "_send", lambda *_: (tries.append(1), goes_on.wait(30)))
    for _ in range(broker._STUCK + 3):
        hanging.publish(None, "task")
    assert len(tries) == broker._STUCK
    goes_on.set()


def test_an_eager_app_runs_the_task_here(configure, sandbox, settings):
    settings.SMSBAT = {**settings.SMSBAT, "RUNNER": "celery"}
    configure(task_always_eager=True)
    message = queue_one()
    message.refresh_from_db()
    assert message.status == "accepted"


def test_an_eager_task_that_fails_fails_no_caller(configure, monkeypatch, caplog):
    def fail(**_):
        raise RuntimeError("+380671112233")

    configure(task_always_eager=True, task_eager_propagates=True)
    monkeypatch.setattr("django_smsbat.tasks.worker.submit_queued", fail)
    queue_one()
    assert "no worker was notified, the queue waits: RuntimeError" in caplog.text
    assert "380671112233" not in [r.getMessage() for r in caplog.records if r.name[0] == "d"]


class TestAnAppThatNobodyConfigured:
    @pytest.fixture
    def fallback(self, monkeypatch):
        """The app that Celery creates if the project's is not imported."""
        monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
        app = Celery("default", set_as_current=False, fixups=[], loader="default")
        monkeypatch.setattr(celery_runner, "current_app_of_this_thread", lambda: app)
        return app

    def warnings(self):
        return [one for one in run_checks(tags=["compatibility"]) if one.id == "smsbat.W020"]

    def test_check_warns(self, fallback):
        assert len(self.warnings()) == 1

    def test_check_is_content_with_a_broker(self, fallback):
        fallback.conf.broker_url = "redis://127.0.0.1:9/0"
        assert self.warnings() == []

    def test_check_is_content_with_the_projects_app(self):
        assert self.warnings() == []

    def test_other_runners_need_no_app(self, fallback, settings):
        settings.SMSBAT = {**settings.SMSBAT, "RUNNER": "thread"}
        assert self.warnings() == []

    def test_a_line_in_the_log_says_where_tasks_go(self, fallback, monkeypatch, caplog):
        published = []
        monkeypatch.setattr(broker.Broker, "publish", lambda *args, **_: published.append(args[2]))
        runners.wake()
        assert published == [celery_runner.SUBMIT_TASK]
        assert "no Celery app is configured in this process" in caplog.text
