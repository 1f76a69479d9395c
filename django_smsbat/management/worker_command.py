"""What the commands that work share: options, progress, a clean end on SIGTERM, exit codes."""

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
_WATCH_PAUSE: Final = 2.0  # seconds between two looks for work
_LONGEST_PAUSE: Final = 60.0  # seconds between two attempts to reach a database that is away
_EXPONENT_MAX: Final = 5


class DatabaseFailed(CommandError):
    """The database cannot be reached, or refuses a statement."""


@contextmanager
def stopped_by_signals(clock: SystemClock) -> Iterator[None]:
    """SIGTERM and SIGINT finish the batch in hand; afterwards they mean what they meant before."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may listen to signals
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: clock.stop()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Report what is misconfigured, or fails, in one line and with exit code 1.

    Its message may quote personal data, so an unexpected exception is named by its class and
    place. ``--traceback`` shows all of it.
    """
    try:
        yield
    except ImproperlyConfigured as error:
        raise CommandError(str(error)) from None
    except AnyDatabaseError as error:
        words = phones.redact(str(error)).partition("\n")[0]
        raise DatabaseFailed(f"the database failed: {words}") from error
    except CommandError:
        raise
    except Exception as error:
        raise CommandError(f"unexpected: {unexpected.describe(error)}") from error


def campaign_or_error(campaign_id: int | None) -> int | None:
    if campaign_id and not Campaign.objects.filter(pk=campaign_id).exists():
        raise CommandError(f"there is no campaign {campaign_id}")
    return campaign_id


def positive(written: str) -> int:
    if not written.isdigit() or not int(written):
        raise ArgumentTypeError("give a whole number above 0")
    return int(written)


class WorkerCommand(BaseCommand):
    """Runs one service until there is nothing left to do, or for ever with ``--watch``."""

    unit = "messages"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--campaign", type=positive, metavar="ID", help="only this campaign")
        parser.add_argument("--limit", type=positive, metavar="N", help=f"at most N {self.unit}")
        parser.add_argument(
            "--watch", action="store_true", help="go on for ever; stop with SIGTERM or Ctrl+C"
        )

    def run_from_argv(self, argv: list[str]) -> None:
        """A process of its own, unlike `call_command` within a site."""
        with database_connections.own_thread():
            super().run_from_argv(argv)

    def handle(self, *args: Any, **options: Any) -> None:
        # A batch makes tens of thousands of objects that live for a second and hold no cycles:
        # Python would look through them seventy times a batch, which takes a tenth of the time.
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
                self.stdout.write(self.told(summary))
            failure = self.failure(summary)
            if failure and not options["watch"]:
                raise CommandError(failure)
            if failure:
                self.stderr.write(failure)
            if not options["watch"] or clock.stopping:
                return
            clock.sleep(_WATCH_PAUSE)

    def _run(self, clock: SystemClock, bar: "tqdm[Any]", options: dict[str, Any]) -> Any:
        with told_in_one_line():
            return self.run(
                campaign_id=campaign_or_error(options["campaign"]),
                limit=options["limit"],
                clock=clock,
                on_progress=bar.update,
            )

    def _run_through_outages(
        self, clock: SystemClock, bar: "tqdm[Any]", options: dict[str, Any]
    ) -> Any:
        """One run, repeated with growing pauses while the database is away.

        A database restarts sooner or later. A process that ended each time would be given up by
        its process manager. None if the process was stopped meanwhile.
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
        """A bar on a terminal, nothing in a pipe."""
        return tqdm(unit=f" {self.unit}", disable=not sys.stderr.isatty(), leave=False)

    def failure(self, summary: Any) -> str:
        """One line for whatever makes this run a failure, empty for none."""
        return str(summary.failure)

    def did_something(self, summary: Any) -> bool:
        return bool(summary.requests)

    @abstractmethod
    def run(self, **options: Any) -> Any:
        """Call the service."""

    @abstractmethod
    def told(self, summary: Any) -> str:
        """One line that says what was done."""
