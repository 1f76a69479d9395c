"""The base of the worker commands: options, progress, clean exit on SIGTERM, exit codes."""

import gc
import signal
import sys
import threading
from abc import abstractmethod
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as AnyDatabaseError
from django.db import close_old_connections
from tqdm import tqdm

from django_smsbat.gateway import phones
from django_smsbat.models import Campaign
from django_smsbat.services import database_connections, unexpected
from django_smsbat.services.clock import SystemClock

_OBJECTS: Final = 50_000
_WATCH_PAUSE: Final = 2.0  # seconds between two checks for work
_LONGEST_PAUSE: Final = 60.0  # seconds between two attempts to reach an unavailable database
_EXPONENT_MAX: Final = 5


class DatabaseFailed(CommandError):
    """The database cannot be reached, or refuses a statement."""


@contextmanager
def stopped_by_signals(clock: SystemClock) -> Iterator[None]:
    """Finish the current batch on SIGTERM and SIGINT; restore the previous handlers afterwards."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may handle signals
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: clock.stop()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    """Report a misconfiguration or a failure in one line, with exit code 1.

    The message of an unexpected exception may quote personal data, so only its class and location
    are shown. ``--traceback`` shows all of it.
    """
    try:
        yield
    except ImproperlyConfigured as error:
        raise CommandError(str(error)) from None
    except AnyDatabaseError as error:
        message = phones.redact(str(error)).partition("\n")[0]
        raise DatabaseFailed(f"the database failed: {message}") from error
    except CommandError:
        raise
    except Exception as error:
        raise CommandError(f"unexpected: {unexpected.describe(error)}") from error


def campaign_or_error(campaign_id: int | None) -> int | None:
    if campaign_id and not Campaign.objects.filter(pk=campaign_id).exists():
        raise CommandError(f"there is no campaign {campaign_id}")
    return campaign_id


def positive(value: str) -> int:
    if not value.isdigit() or not int(value):
        raise ArgumentTypeError("give a whole number above 0")
    return int(value)


class WorkerCommand(BaseCommand):
    """Runs one service until no work is left, or indefinitely with ``--watch``."""

    unit = "messages"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--campaign", type=positive, metavar="ID", help="only this campaign")
        parser.add_argument("--limit", type=positive, metavar="N", help=f"at most N {self.unit}")
        parser.add_argument(
            "--watch", action="store_true", help="go on for ever; stop with SIGTERM or Ctrl+C"
        )

    def run_from_argv(self, argv: list[str]) -> None:
        """Use connections of this process's own, unlike `call_command` within a site."""
        with database_connections.own_thread():
            super().run_from_argv(argv)

    def handle(self, *args: Any, **options: Any) -> None:
        # A batch creates tens of thousands of objects that live for a second and have no cycles.
        # Python would scan them seventy times per batch, which takes a tenth of the time.
        gc.set_threshold(_OBJECTS, *gc.get_threshold()[1:])
        clock = SystemClock()
        with stopped_by_signals(clock), self._progress() as bar:
            self._work(clock, bar, options)

    def _work(self, clock: SystemClock, bar: "tqdm[Any]", options: dict[str, Any]) -> None:
        while True:
            run = self._run_through_outages if options["watch"] else self._run
            summary = run(clock, bar, options)
            if summary is None:
                return
            if not options["watch"] or self.did_something(summary):
                self.stdout.write(self.summary_line(summary))
            failure = self.failure(summary)
            if failure and not options["watch"]:
                raise CommandError(failure)
            if failure:
                self.stderr.write(failure)
            if not options["watch"] or clock.stopping:
                return
            clock.sleep(_WATCH_PAUSE)

    def _run(self, clock: SystemClock, bar: "tqdm[Any]", options: dict[str, Any]) -> Any:
        with errors_in_one_line():
            return self.run(
                campaign_id=campaign_or_error(options["campaign"]),
                limit=options["limit"],
                clock=clock,
                on_progress=bar.update,
            )

    def _run_through_outages(
        self, clock: SystemClock, bar: "tqdm[Any]", options: dict[str, Any]
    ) -> Any:
        """Run once; retry with growing pauses while the database is unavailable.

        A database restarts sooner or later. If the process exited each time, its process manager
        would stop restarting it. Returns None if the process was stopped meanwhile.
        """
        failures = 0
        while not (failures and clock.stopping):
            try:
                summary = self._run(clock, bar, options)
            except DatabaseFailed as error:
                if not failures:
                    self.stderr.write(f"{error}; waiting until it answers")
                clock.sleep(min(_WATCH_PAUSE * 2 ** min(failures, _EXPONENT_MAX), _LONGEST_PAUSE))
                failures += 1
                close_old_connections()
            else:
                if failures:
                    self.stderr.write("the database answers again")
                return summary
        return None

    def _progress(self) -> "tqdm[Any]":
        """Return a progress bar on a terminal, nothing in a pipe."""
        return tqdm(unit=f" {self.unit}", disable=not sys.stderr.isatty(), leave=False)

    def failure(self, summary: Any) -> str:
        """Return one line if this run failed, else an empty text."""
        return str(summary.failure)

    def did_something(self, summary: Any) -> bool:
        return bool(summary.requests)

    @abstractmethod
    def run(self, **options: Any) -> Any:
        """Call the service."""

    @abstractmethod
    def summary_line(self, summary: Any) -> str:
        """Return one line that summarises the run."""
