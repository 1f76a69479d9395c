"""The number of threads follows from the waiting time."""

import threading

import pytest

from django_smsbat.services import database_connections
from django_smsbat.services.sending.threads import WorkerPool

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def called():
    """Return the number of threads that a pool starts, up to a maximum, for such batches."""

    def count(most, taken, busy, times=10):
        seen, done = set(), threading.Event()

        def job(crew):
            seen.add(threading.get_ident())
            if len(seen) == 1:
                for _ in range(times):
                    crew.start_another(job, taken, busy)
                done.set()
            done.wait(10)

        WorkerPool(most).work(job)
        return len(seen)

    return count


@pytest.mark.parametrize(
    ("taken", "busy", "threads"), [(1.0, 1.0, 1), (1.4, 1.0, 1), (2.2, 1.0, 2), (9.0, 1.0, 8)]
)
def test_more_are_called_the_more_a_batch_waits(called, taken, busy, threads):
    assert called(8, taken, busy) == threads


def test_never_more_than_are_allowed(called):
    assert called(3, 100.0, 1.0) == 3


def test_what_another_thread_raises_is_raised_here():
    def job(crew):
        if threading.current_thread() is threading.main_thread():
            crew.start_another(job, 10, 1)
        else:
            raise RuntimeError("the other one failed")

    with pytest.raises(RuntimeError, match="the other one failed"):
        WorkerPool(2).work(job)


@pytest.mark.django_db(transaction=False)
def test_inside_a_transaction_there_is_one(called):
    assert called(8, 100.0, 1.0) == 1


def test_a_thread_that_gets_no_connection_leaves_the_work_to_the_others(monkeypatch):
    threads = []

    def job(crew):
        threads.append(threading.get_ident())
        crew.start_another(job, 10, 1)

    monkeypatch.setattr(database_connections, "can_connect", lambda: False)
    WorkerPool(8).work(job)
    assert threads == [threading.get_ident()]


def test_jobs_are_done_side_by_side_as_far_as_there_are_threads():
    both_there = threading.Barrier(2, timeout=10)

    def job(crew):
        both_there.wait()

    WorkerPool(2).work(job, job)


def test_more_jobs_than_threads_are_all_done():
    done = []
    WorkerPool(2).work(*(lambda crew, place=place: done.append(place) for place in range(5)))
    assert sorted(done) == [0, 1, 2, 3, 4]


@pytest.mark.django_db(transaction=False)
def test_inside_a_transaction_jobs_are_done_one_after_the_other():
    threads = set()
    WorkerPool(8).work(*(lambda crew: threads.add(threading.get_ident()) for _ in range(3)))
    assert threads == {threading.get_ident()}


def test_a_job_that_fails_does_not_take_the_others_with_it():
    done = []

    def failing(crew):
        raise RuntimeError("one failed")

    with pytest.raises(RuntimeError, match="one failed"):
        WorkerPool(1).work(failing, lambda crew: done.append(1))
    assert done == [1]


def test_a_job_may_give_its_turn_away():
    order = []

    def patient(crew):
        order.append("patient")
        if crew.has_waiting_jobs:
            crew.later(patient)

    WorkerPool(1).work(patient, lambda crew: order.append("other"))
    assert order == ["patient", "other", "patient"]
