"""Under gevent and eventlet, sending leaves the rest of the process unchanged."""

import os
import urllib.request
from importlib.util import find_spec

import pytest

from tests.support.live_site import PREPARE

pytestmark = [pytest.mark.slow, pytest.mark.once]
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
RABBITMQ_URL = os.environ.get("RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")


def need(*modules):
    for module in modules:
        if find_spec(module) is None:
            pytest.skip(f"{module} is not installed")


@pytest.mark.parametrize("library", ["gevent", "eventlet"])
def test_a_patched_process_queries_and_sends(library, make_site):
    need(library)
    site = make_site()
    assert site.run_module("tests.scenarios.deployment.patched", library).split() == [
        "accepted",
        "accepted",
    ]


def test_a_patched_process_shares_a_rate_in_redis(make_site, answers):
    need("gevent", "redis")
    answers(REDIS_URL)
    site = make_site(RATE_LIMIT_STORAGE=REDIS_URL)
    assert site.run_module("tests.scenarios.deployment.patched", "gevent").split() == [
        "accepted",
        "accepted",
    ]


def test_a_gevent_web_server_sends_queues_and_still_queries(make_site):
    need("gevent", "gunicorn")
    site = make_site(RUNNER="thread")
    address = site.start_web("--worker-class", "gevent", app="tests.scenarios.deployment.wsgi")

    def get(page):
        return urllib.request.urlopen(f"http://{address}/{page}/", timeout=30).read().decode()

    assert get("query") == "0"
    assert [get("send") for _ in range(3)] == ["accepted"] * 3
    get("queue")
    site.wait_for_messages({"accepted": 4})
    assert get("query") == "0"


def test_celerys_gevent_pool_sends_a_campaign(make_site, answers, own_queue):
    need("gevent", "celery")
    answers(RABBITMQ_URL)
    site = make_site(RUNNER="celery", BATCH_SIZE="100")
    site.more |= {
        "DJANGO_SETTINGS_MODULE": "example_project.settings",
        "CELERY_BROKER_URL": RABBITMQ_URL,
        "CELERY_QUEUE": own_queue(RABBITMQ_URL),
    }
    options = ("--pool", "gevent", "--concurrency", "4", "--loglevel", "ERROR")
    site.start_celery("worker", *options, "--without-mingle")
    site.run("shell", "--no-imports", "-c", PREPARE.format(total=300))
    site.wait_for("sent")
    assert site.statuses() == {"accepted": 300}
    assert max(site.taken().values()) == 1
