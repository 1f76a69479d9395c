"""``manage.py smsbat_purge --older-than DAYS``: delete old messages, store their totals."""

import sys
from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser
from tqdm import tqdm

from django_smsbat.management.worker_command import (
    errors_in_one_line,
    positive,
    stopped_by_signals,
)
from django_smsbat.services.clock import SystemClock
from django_smsbat.services.retention import purge

_DAYS_MAX: Final = 36_500


def _days(value: str) -> int:
    days = positive(value)
    if days > _DAYS_MAX:
        raise ArgumentTypeError(f"give {_DAYS_MAX:,} days at most")
    return days


class Command(BaseCommand):
    help = (
        "Removes older messages with their reports, and incoming messages: first their texts, then "
        "their rows. The campaigns keep the numbers of messages, their outcomes and their cost. "
        "Messages with an unknown outcome stay. Recipients that exist only because they wrote are "
        "removed with their messages."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--older-than", type=_days, required=True, metavar="DAYS")
        parser.add_argument(
            "--keep-rows",
            action="store_true",
            help="only remove texts: recipient, type, time and cost of each message stay",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        clock = SystemClock()
        before = clock.now() - timedelta(days=options["older_than"])
        bar = tqdm(unit=" messages", disable=not sys.stderr.isatty(), leave=False)
        with bar, stopped_by_signals(clock), errors_in_one_line():
            result = purge.purge(
                before, clock, keep_rows=options["keep_rows"], on_progress=bar.update
            )
        self.stdout.write(_summary(result))


def _summary(result: purge.Result) -> str:
    left = f" {result.left} are left, because their outcome is unknown." if result.left else ""
    senders = (
        f" {result.recipients} recipients who had only written, too." if result.recipients else ""
    )
    end = "" if result.is_complete else " It was stopped; start it again to go on."
    return (
        f"{result.emptied} messages emptied, {result.removed} removed; {result.inbound} incoming "
        f"messages and {result.orphans} reports of unknown messages removed.{senders}{left}{end}"
    )
