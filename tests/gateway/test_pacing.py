"""The rate is kept by this process, or counted together with others in a Redis."""

import multiprocessing
import os
import socket
import time
import uuid

import pytest
import redis

from django_smsbat.gateway.auth import AuthMethod, Credentials
from django_smsbat.gateway.client import Client
from django_smsbat.gateway.errors import ErrorKind, GatewayError
from django_smsbat.gateway.pacing import Pace, PaceUnavailable, Turnstile

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")


@pytest.fixture
def shared():
    """A pace of a name of its own in the machine's Redis."""
    storage = redis.Redis.from_url(REDIS_URL)
    try:
        storage.ping()
    except redis.RedisError:
        pytest.skip(f"no Redis answers at {REDIS_URL}")
    name = f"smsbat-test-{uuid.uuid4()}"
    yield lambda rate: Pace(rate, burst=1, storage=REDIS_URL, name=name)
    storage.delete(name)
    storage.close()


def pass_for(seconds, pace, told):
    turnstile, until = Turnstile(pace), time.monotonic() + seconds
    moments = []
    while time.monotonic() < until:
        turnstile.wait()
        moments.append(time.time())
    turnstile.close()
    told.put(moments)


def test_a_burst_passes_at_once_and_the_next_request_waits_for_its_window():
    turnstile = Turnstile(Pace(10, burst=0.5))
    moments = []
    for _ in range(6):
        turnstile.wait()
        moments.append(time.monotonic())
    turnstile.close()
    # How late the sixth comes is the machine's affair; that it is not early is ours.
    assert moments[5] - moments[0] > 0.4


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_of_nothing_is_refused(rate):
    with pytest.raises(ValueError, match="more than 0"):
        Pace(rate)


def test_a_rate_may_be_less_than_one_a_second():
    assert Pace(0.5).per_second == 0.5


@pytest.mark.slow
def test_two_processes_share_one_rate(shared):
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    others = [context.Process(target=pass_for, args=(3, shared(20), told)) for _ in range(2)]
    for process in others:
        process.start()
    both = [told.get(timeout=30) for _ in others]
    for process in others:
        process.join()
    assert all(both)
    moments = sorted(both[0] + both[1])
    in_a_second = [sum(m <= later < m + 1 for later in moments) for m in moments]
    assert max(in_a_second) <= 20 * 1.25  # a process that is woken late shifts a little


def test_another_name_is_another_count(shared):
    first = shared(5)
    other = Pace(5, burst=1, storage=REDIS_URL, name=f"{first.name}-other")
    for pace in (first, other):
        turnstile = Turnstile(pace)
        turnstile.wait()
        turnstile.close()
    storage = redis.Redis.from_url(REDIS_URL)
    assert [storage.zcard(pace.name) for pace in (first, other)] == [1, 1]
    storage.delete(other.name)
    storage.close()


def test_a_redis_that_forgot_everything_is_asked_anew(shared):
    turnstile = Turnstile(shared(100))
    turnstile.wait()
    redis.Redis.from_url(REDIS_URL).script_flush()
    with pytest.raises(PaceUnavailable):
        turnstile.wait()
    turnstile.wait()
    turnstile.close()


def test_without_the_count_nothing_leaves_and_nothing_is_in_doubt():
    pace = Pace(5, storage="redis://127.0.0.1:9/0")
    credentials = Credentials(AuthMethod.HEADER, api_key="k")
    client = Client("http://127.0.0.1:9", credentials, send_pace=pace, status_pace=pace)
    with pytest.raises(GatewayError) as raised:
        client.status("x")
    assert raised.value.kind is ErrorKind.UNPACED
    client.close()


@pytest.mark.slow
def test_a_count_that_never_answers_is_not_waited_for_for_ever():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        turnstile = Turnstile(Pace(5, storage=f"redis://127.0.0.1:{silent.getsockname()[1]}/0"))
        with pytest.raises(PaceUnavailable):
            turnstile.wait()


def test_the_address_of_the_storage_is_not_shown():
    assert "secret" not in repr(Pace(5, storage="redis://:secret@127.0.0.1/0"))
