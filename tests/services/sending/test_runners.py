"""How queued messages reach a worker."""

import threading
import time

import pytest

from django_smsbat import runners, send
from django_smsbat.messages import Sms
from django_smsbat.models import Message
from django_smsbat.runners import thread
from tests.conftest import phone

pytestmark = pytest.mark.django_db(transaction=True)


def threads():
    return [one for one in threading.enumerate() if one.name == "smsbat-send"]


def wait_for_threads():
    deadline = time.monotonic() + 20
    while threads():
        assert time.monotonic() < deadline, "the thread did not end"
        time.sleep(0.02)


@pytest.fixture
def runner(sandbox, settings):
    def choose(name):
        settings.SMSBAT = {**settings.SMSBAT, "RUNNER": name}

    return choose


def test_inline_sends_in_the_thread_that_queued(runner):
    runner("inline")
    message = send(Sms(to=phone(77), text="Hi"), queue=True)
    message.refresh_from_db()
    assert message.status == "accepted"


def test_inline_does_not_undo_the_queueing_when_sending_fails(runner, settings, caplog):
    runner("inline")
    settings.SMSBAT = {**settings.SMSBAT, "BASE_URL": ""}
    send(Sms(to=phone(77), text="Hi"), queue=True)
    assert Message.objects.get().status == "queued"
    assert "BASE_URL" in caplog.text


@pytest.mark.slow
def test_a_thread_sends_beside_us_and_ends_when_nothing_is_left(runner):
    from django.db import connection

    if connection.vendor == "sqlite":
        pytest.skip("the tests' SQLite is in memory: another thread would wait for this one")
    runner("thread")
    send(Sms(to=phone(77), text="Hi"), queue=True)
    wait_for_threads()
    assert Message.objects.get().status == "accepted"


def test_a_thread_that_fails_tries_again_and_shows_no_phone(runner, monkeypatch, caplog):
    runner("thread")
    calls = []

    def fail_twice(clock):
        calls.append(clock)
        if len(calls) < 3:
            raise RuntimeError("no such row: +380671112233")
        return thread.worker.Summary()

    monkeypatch.setattr(thread, "_PAUSE", 0.05)
    monkeypatch.setattr(thread.worker, "submit_queued", fail_twice)
    monkeypatch.setattr(thread.worker, "something_waits", lambda: False)
    runners.wake()
    wait_for_threads()
    assert len(calls) == 3
    runners.wake()
    wait_for_threads()
    assert len(calls) == 4
    assert "no such row" in caplog.text
    assert "380671112233" not in caplog.text


@pytest.mark.parametrize("name", ["inline", "thread"])
def test_what_fails_while_a_worker_is_notified_is_logged_without_personal_data(
    runner, monkeypatch, caplog, name
):
    def fail(*_, **__):
        raise RuntimeError("no thread for +380671112233")

    runner(name)
    monkeypatch.setattr("django_smsbat.runners.inline.worker.submit_queued", fail)
    monkeypatch.setattr(threading.Thread, "start", fail)
    message = send(Sms(to=phone(77), text="Hi"), queue=True)
    runners.wake_import()
    assert Message.objects.get() == message
    assert "no worker was notified, the queue waits: RuntimeError" in caplog.text
    assert "380671112233" not in caplog.text


def test_a_wrong_setting_raises_nothing_once_the_message_is_stored(settings, caplog):
    settings.SMSBAT = {**settings.SMSBAT, "RUNNER": "no such runner"}
    runners.wake()
    assert "ImproperlyConfigured" in caplog.text


def test_a_thread_that_could_not_be_started_is_started_the_next_time(runner, monkeypatch):
    runner("thread")
    monkeypatch.setattr(thread.worker, "something_waits", lambda: False)
    monkeypatch.setattr(thread.worker, "submit_queued", lambda clock: thread.worker.Summary())
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", lambda self: 1 / 0)
        runners.wake()
    started = []
    start = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", lambda self: (started.append(self), start(self)))
    runners.wake()
    wait_for_threads()
    assert [one.name for one in started] == ["smsbat-send"]


def test_none_leaves_it_to_the_command(runner):
    runner("none")
    send(Sms(to=phone(77), text="Hi"), queue=True)
    assert (threads(), Message.objects.get().status) == ([], "queued")


def test_a_thread_looks_again_while_something_waits(runner, monkeypatch):
    runner("thread")
    looked, waits = [], iter([True, True, False])
    monkeypatch.setattr(thread, "_PAUSE", 0.05)
    monkeypatch.setattr(thread.worker, "something_waits", lambda: next(waits))
    monkeypatch.setattr(
        thread.worker,
        "submit_queued",
        lambda clock: looked.append(clock) or thread.worker.Summary(),
    )
    runners.wake()
    wait_for_threads()
    assert len(looked) == 3


@pytest.mark.parametrize(
    ("status", "waits"),
    [("sending", True), ("scheduled", True), ("paused", False), ("draft", False), ("sent", False)],
)
def test_what_waits_is_what_no_person_holds_back(campaign, status, waits):
    campaign(status=status)
    assert thread.worker.something_waits() is waits
