"""``manage.py smsbat_sync``: request the status of due messages from SMSBAT."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from django_smsbat.management.worker_command import (
    WorkerCommand,
    campaign_or_error,
    errors_in_one_line,
)
from django_smsbat.services.clock import SystemClock
from django_smsbat.services.polling import poller
from django_smsbat.services.tracking import rebuild


class Command(WorkerCommand):
    help = (
        "Asks SMSBAT what became of messages that are not final yet, matches reports that came "
        "before their messages were known, and sends the e-mails that are due."
    )
    unit = "status requests"

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--rebuild",
            action="store_true",
            help="send no requests; derive all statuses again from the stored reports",
        )

    def _work(self, clock: SystemClock, bar: "tqdm[Any]", options: dict[str, Any]) -> None:
        if not options["rebuild"]:
            super()._work(clock, bar, options)
            return
        if options["watch"] or options["limit"]:
            raise CommandError("--rebuild goes with --campaign only")
        with errors_in_one_line():
            campaign = campaign_or_error(options["campaign"])
            changed = rebuild.rebuild(clock, campaign, bar.update)
        end = " It was stopped before the end." if clock.stopping else ""
        self.stdout.write(f"{changed} statuses changed.{end}")

    def run(self, **options: Any) -> poller.Summary:
        return poller.sync(**options)

    def did_something(self, summary: poller.Summary) -> bool:
        return bool(summary.requests or summary.matched or summary.emails)

    def summary_line(self, summary: poller.Summary) -> str:
        emails = f", {summary.emails} e-mails sent" if summary.emails else ""
        return (
            f"{summary.requests} asked, {summary.changed} changed, "
            f"{summary.matched} matched to earlier reports{emails}."
        )
