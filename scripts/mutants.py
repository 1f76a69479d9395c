"""``python -m scripts.mutants``: run mutmut with one test session for all mutants.

mutmut starts pytest for each mutant. Collecting the tests and creating the database takes longer
than the test that detects a mutant. Here both happen once, and each mutant's tests run in a fork of
that session. mutmut still decides which code is mutated, which tests cover it, and which results
count as detected.
"""

import gc
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import chdir

import mutmut.__main__ as mutmut
import pytest
from mutmut.runners.harness import PytestRunner
from mutmut.state import state
from mutmut.workers.isolation import ForkServerRunner

STDERR = sys.__stderr__  # mutmut captures output and loses what a fork prints


class InSession(PytestRunner):
    """Runs tests of an open session: collected, with its database."""

    def __init__(self, session: pytest.Session) -> None:
        super().__init__()
        self.session = session
        self.items = {item.nodeid: item for item in session.items}

    def warm_up(self) -> None:
        """Do nothing: the session is open."""

    def run_tests(self, *, mutant_name: str | None, tests: Iterable[str]) -> int:
        """Run the tests, or all if `tests` is empty. Call once, in a fork: it alters the session.

        Returns:
            1 if a test failed.
        """
        items = [self.items[name] for name in tests] or [*self.items.values()]
        hook = self.session.config.hook
        # pytest-django runs tests that empty the database after tests that rely on it.
        hook.pytest_collection_modifyitems(
            session=self.session, config=self.session.config, items=items
        )
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.session.testsfailed:
                if mutant_name is None:
                    print(f"\n{item.nodeid} fails before anything was broken", file=STDERR)
                return 1
        return 0


def in_session(work: Callable[[InSession], int]) -> int:
    """Open a session of all tests, call `work` in it and return its result."""
    done: list[int] = []

    class Work:
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtestloop(self, session: pytest.Session) -> bool:
            _make_database(session)
            done.append(work(InSession(session)))
            return True

    # Captured in memory: the forks would share a file.
    runner = PytestRunner()
    options = ["-x", "-q", "--capture=sys", *runner._pytest_add_cli_args_test_selection]
    with chdir("mutants"):
        ended = runner.execute_pytest(options, plugins=[Work()])
    return done[0] if done else ended


def _make_database(session: pytest.Session) -> None:
    """Run one test that uses the database; only the database outlives the change of folder."""
    needs_it = next(
        item
        for item in session.items
        if isinstance(item, pytest.Function) and "db" in item.fixturenames
    )
    elsewhere = next(item for item in session.items if item.path.parent != needs_it.path.parent)
    needs_it.config.hook.pytest_runtest_protocol(item=needs_it, nextitem=elsewhere)
    if session.testsfailed:
        raise RuntimeError(f"{needs_it.nodeid} fails by itself")


class OneSessionRunner(ForkServerRunner):
    """mutmut's fork server with an open session for its forks."""

    def startup(self) -> None:
        functions = state().tests_by_mangled_function_name.values()
        self.met = Counter(test for tests in functions for test in tests)
        super().startup()

    def submit(
        self, mutant_name: str, tests: list[str], cpu_time_limit: int, estimated_time: float
    ) -> None:
        """Order first the fast tests that cover few functions: likely those of the mutated one."""
        duration = state().duration_by_test
        tests = sorted(tests, key=lambda test: (duration[test] + 0.03) * self.met[test])
        super().submit(mutant_name, tests, cpu_time_limit, estimated_time)

    def run_clean_tests(self, tests: Iterable[str]) -> int:
        """Run the tests like those of mutants, so that no other difference can cause a failure."""
        names = list(tests)
        return self._exit_code_from_child(
            lambda _: in_session(lambda inside: inside.run_tests(mutant_name=None, tests=names))
        )

    def _forkserver_main(self, work_fd: int, result_fd: int) -> None:
        def serve(inside: InSession) -> int:
            self.test_runner_class = InSession
            self.test_runner_args = {"session": inside.session}
            super(OneSessionRunner, self)._forkserver_main(work_fd, result_fd)
            return 0

        in_session(serve)


def _runner(max_workers: int = 1) -> OneSessionRunner:
    return OneSessionRunner(max_workers, test_runner_class=PytestRunner, test_runner_args={})


if __name__ == "__main__":
    # Otherwise a fork's first garbage collection copies every page of the session.
    os.register_at_fork(before=gc.freeze)
    mutmut.get_mutant_runner = _runner
    sys.exit(mutmut.cli(["run", *sys.argv[1:]], prog_name="mutmut"))
