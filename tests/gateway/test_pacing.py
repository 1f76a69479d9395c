"""The rate is limited by this process, or shared with others through Redis."""

import multiprocessing
import os
import socket
import threading
import time
import uuid

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.gateway.auth import AuthMethod, Credentials
from django_smsbat.gateway.client import Client
from django_smsbat.gateway.errors import ErrorKind, GatewayError
from django_smsbat.gateway.pacing import PaceUnavailable, RateLimit, RateLimiter

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")


@pytest.fixture
def shared():
    """A rate limiter with a unique name in the machine's Redis."""
    storage = redis.Redis.from_url(REDIS_URL)
    try:
        storage.ping()
    except redis.RedisError:
        pytest.skip(f"no Redis answers at {REDIS_URL}")
    name = f"smsbat-test-{uuid.uuid4()}"
    yield lambda rate: RateLimit(rate, burst=1, storage=REDIS_URL, name=name)
    storage.delete(f"{name}:slots")
    storage.close()


class HandClock:
    """A clock that moves on sleep, or when the test moves it."""

    def __init__(self):
        self.now, self.slept = 1_000.0, []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def pass_for(seconds, pace, told):
    turnstile, until = RateLimiter(pace), time.monotonic() + seconds
    moments = []
    while time.monotonic() < until:
        turnstile.wait()
        moments.append(time.time())
    turnstile.close()
    told.put(moments)


def test_a_burst_passes_at_once_and_the_next_request_waits_for_its_window():
    turnstile = RateLimiter(RateLimit(10, burst=0.5))
    moments = []
    for _ in range(6):
        turnstile.wait()
        moments.append(time.monotonic())
    turnstile.close()
    # The sixth may be late, depending on the machine, but never early.
    assert moments[5] - moments[0] > 0.4


def test_a_burst_waits_for_nothing_and_the_next_one_for_the_end_of_the_window():
    clock = HandClock()
    turnstile = RateLimiter(RateLimit(100), clock)
    for _ in range(150):
        turnstile.wait()
    assert clock.slept == []
    turnstile.wait()
    assert clock.slept == [pytest.approx(1.5)]


@given(
    rate=st.sampled_from([0.5, 1, 7, 50, 100]),
    pauses=st.lists(st.floats(0, 3), min_size=1, max_size=200),
)
def test_no_window_holds_more_requests_than_it_may(rate, pauses):
    clock, pace = HandClock(), RateLimit(rate)
    turnstile, passed = RateLimiter(pace, clock), []
    for pause in pauses:
        clock.now += pause
        turnstile.wait()
        passed.append(clock.now)
    pairs = zip(passed, passed[pace.requests :], strict=False)
    assert all(later - first >= pace.window - 1e-6 for first, later in pairs)


@given(pauses=st.lists(st.floats(0.021, 1), min_size=1, max_size=100))
def test_who_stays_below_the_rate_never_waits(pauses):
    clock = HandClock()
    turnstile = RateLimiter(RateLimit(50), clock)
    for pause in pauses:
        clock.now += pause
        turnstile.wait()
    assert clock.slept == []


def test_another_thread_takes_its_slot_while_one_sleeps():
    clock = HandClock()
    turnstile = RateLimiter(RateLimit(1, burst=1), clock)
    others = []

    def sleep(seconds):
        clock.slept.append(seconds)
        if len(clock.slept) == 1:
            other = threading.Thread(target=turnstile.wait, daemon=True)
            other.start()
            other.join(10)
            others.append(other.is_alive())

    clock.sleep = sleep
    turnstile.wait()
    turnstile.wait()
    assert others == [False]
    assert clock.slept == [1, 2]


@pytest.mark.parametrize("storage", ["memory", "redis"])
def test_a_limit_starts_no_thread(storage, shared):
    before = threading.enumerate()
    pace = RateLimit(1_000) if storage == "memory" else shared(1_000)
    turnstile = RateLimiter(pace)
    for _ in range(3):
        turnstile.wait()
    assert threading.enumerate() == before
    turnstile.close()


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_of_nothing_is_refused(rate):
    with pytest.raises(ValueError, match="more than 0"):
        RateLimit(rate)


def test_a_rate_may_be_less_than_one_a_second():
    assert RateLimit(0.5).per_second == 0.5


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
    assert max(in_a_second) <= 20 * 1.25  # a process that wakes late shifts a little


def test_another_name_is_another_count(shared):
    first = shared(5)
    other = RateLimit(5, burst=1, storage=REDIS_URL, name=f"{first.name}-other")
    for pace in (first, other):
        turnstile = RateLimiter(pace)
        turnstile.wait()
        turnstile.close()
    storage = redis.Redis.from_url(REDIS_URL)
    assert [storage.llen(f"{pace.name}:slots") for pace in (first, other)] == [1, 1]
    storage.delete(f"{other.name}:slots")
    storage.close()


def test_a_redis_that_forgot_everything_is_asked_anew(shared):
    turnstile = RateLimiter(shared(100))
    turnstile.wait()
    redis.Redis.from_url(REDIS_URL).script_flush()
    turnstile.wait()
    turnstile.close()


def test_a_connection_that_redis_closed_is_opened_again(shared):
    turnstile = RateLimiter(shared(100))
    turnstile.wait()
    storage = redis.Redis.from_url(REDIS_URL)
    for client in storage.client_list():
        if client["cmd"] in ("evalsha", "script|load"):
            storage.client_kill_filter(_id=client["id"])
    turnstile.wait()
    turnstile.close()


def test_a_shared_window_makes_the_request_after_it_wait(shared):
    clock = HandClock()
    turnstile = RateLimiter(shared(5), clock)
    for _ in range(6):
        turnstile.wait()
    turnstile.close()
    assert len(clock.slept) == 1
    assert 0 < clock.slept[0] <= 1


def test_a_shared_count_is_forgotten_when_its_window_is_over(shared):
    pace = shared(5)
    turnstile = RateLimiter(pace)
    turnstile.wait()
    turnstile.close()
    assert 0 < redis.Redis.from_url(REDIS_URL).pttl(f"{pace.name}:slots") <= 1_000


def test_without_the_count_nothing_leaves_and_nothing_is_in_doubt():
    pace = RateLimit(5, storage="redis://127.0.0.1:9/0")
    credentials = Credentials(AuthMethod.HEADER, api_key="k")
    client = Client("http://127.0.0.1:9", credentials, send_pace=pace, status_pace=pace)
    with pytest.raises(GatewayError) as raised:
        client.status("x")
    assert raised.value.kind is ErrorKind.RATE_LIMITER_DOWN
    client.close()


@pytest.mark.slow
def test_a_count_that_never_answers_is_not_waited_for_for_ever():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        turnstile = RateLimiter(
            RateLimit(5, storage=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        )
        with pytest.raises(PaceUnavailable):
            turnstile.wait()


def test_the_address_of_the_storage_is_not_shown():
    assert "secret" not in repr(RateLimit(5, storage="redis://:secret@127.0.0.1/0"))
