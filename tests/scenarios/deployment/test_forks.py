"""A forked child has its own connections, locks and threads, whatever its parent did before."""

import ast
import os
import threading
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest

import django_smsbat
from django_smsbat.services.process_state import ProcessState

pytestmark = [
    pytest.mark.once,
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),  # the tests' own threads
]
PACKAGE = Path(django_smsbat.__file__).parent
PER_PROCESS = {"Lock", "RLock", "Condition", "Event", "Semaphore", "local", "Thread", "Session"}


def in_a_child(look):
    """Return what a forked child reports, as text."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, str(look()).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        seen = answer.read()
    os.waitpid(child, 0)
    return seen


def test_a_child_gets_an_object_of_its_own_and_the_parent_keeps_its_own():
    state = ProcessState(list)
    try:
        state.current.append("parent")
        assert in_a_child(lambda: state.current) == "[]"
        assert state.current == ["parent"]
    finally:
        ProcessState._all.remove(state)


def test_a_lock_that_a_thread_of_the_parent_holds_is_free_in_the_child():
    state = ProcessState(threading.Lock)
    try:
        with state.current:
            assert in_a_child(lambda: ("held", state.current.locked())) == "('held', False)"
    finally:
        ProcessState._all.remove(state)


def made_on_import(path):
    """Return the names that a module's top-level statements call on import."""
    for statement in ast.parse(path.read_text()).body:
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr) and statement.value:
            calls = [one.func for one in ast.walk(statement.value) if isinstance(one, ast.Call)]
            yield from (getattr(one, "attr", getattr(one, "id", "")) for one in calls)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_no_module_makes_a_lock_or_a_connection_that_a_fork_would_copy(path):
    assert not PER_PROCESS & set(made_on_import(path)), "wrap it in a ProcessState"


@pytest.mark.slow
def test_each_child_gets_its_own_answers(make_site):
    site = make_site(latency_ms=100)
    statuses = site.run_module("tests.scenarios.deployment.forking").split()
    assert statuses == ["accepted"] * 5
    assert site.statuses() == {"accepted": 5}


@pytest.mark.slow
def test_what_preloaded_workers_queue_is_sent_by_their_threads(make_site):
    if find_spec("gunicorn") is None:
        pytest.skip("gunicorn is not installed")
    site = make_site(RUNNER="thread")
    site.more["TEST_PRELOAD"] = "1"
    address = site.start_web("--preload", "--workers", "2", app="tests.scenarios.deployment.wsgi")

    def get(page):
        return urllib.request.urlopen(f"http://{address}/{page}/", timeout=30).read().decode()

    assert [get("send") for _ in range(4)] == ["accepted"] * 4
    for _ in range(4):
        get("queue")
    site.wait_for_messages({"accepted": 10})  # two of them come from the parent
