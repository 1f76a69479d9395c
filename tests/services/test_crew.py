"""As many threads as the waiting leaves room for."""

import threading

import pytest

from django_smsbat.services.crew import Crew

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def called():
    """How many threads a crew calls, of so many at most, for batches like these."""

    def count(most, taken, busy, times=10):
        seen, done = set(), threading.Event()

        def job(crew):
            seen.add(threading.get_ident())
            if len(seen) == 1:
                for _ in range(times):
                    crew.call_another(taken, busy)
                done.set()
            done.wait(10)

        Crew(most).work(job)
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
            crew.call_another(10, 1)
        else:
            raise RuntimeError("the other one failed")

    with pytest.raises(RuntimeError, match="the other one failed"):
        Crew(2).work(job)


@pytest.mark.django_db(transaction=False)
def test_inside_a_transaction_there_is_one(called):
    assert called(8, 100.0, 1.0) == 1
