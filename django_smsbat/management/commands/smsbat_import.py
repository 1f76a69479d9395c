"""``manage.py smsbat_import FILE --list NAME``: recipients from CSV or XLSX into a list."""

import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from django_smsbat.management.worker_command import stopped_by_signals, told_in_one_line
from django_smsbat.services.clock import SystemClock
from django_smsbat.services.recipients import imports
from django_smsbat.services.recipients.imports import Result, uploads


def _column(written: str) -> tuple[str, str]:
    field, equals, heading = written.partition("=")
    if not (field.isidentifier() and equals and heading):
        raise ArgumentTypeError("write FIELD=HEADING, such as phone=Mobile or city=Town")
    return field, heading


class Command(BaseCommand):
    help = (
        "Imports recipients from a CSV or XLSX file with headings. Columns of phones, names and "
        "e-mail addresses are found by their headings; every other column becomes an attribute. "
        "Who is known is merged. Rows that hold no phone go to a file of rejects, with the reason. "
        "An import that was killed goes on where it was when it is started again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", nargs="?")
        parser.add_argument("--list", metavar="NAME", help="made if there is none")
        parser.add_argument(
            "--uploaded",
            action="store_true",
            help="import what was handed to the admin and waits, instead of a file",
        )
        parser.add_argument(
            "--column",
            action="append",
            type=_column,
            default=[],
            metavar="FIELD=HEADING",
            help="what a column holds, where its heading does not say so; several times",
        )
        parser.add_argument("--dry-run", action="store_true", help="only read and count")
        parser.add_argument("--restart", action="store_true", help="do not go on, begin anew")
        parser.add_argument(
            "--rejects", type=Path, metavar="FILE", help="default: FILE.rejects.csv"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        clock = SystemClock()
        if options["uploaded"]:
            with stopped_by_signals(clock), told_in_one_line():
                done = uploads.import_waiting(clock)
            self.stdout.write(f"Files imported: {done}.")
            return
        if not (options["file"] and options["list"]):
            raise CommandError("give FILE and --list NAME, or --uploaded")
        bar = tqdm(unit=" rows", disable=not sys.stderr.isatty(), leave=False)
        with bar, stopped_by_signals(clock), told_in_one_line():
            try:
                result = imports.import_file(
                    options["file"],
                    options["list"],
                    columns=dict(options["column"]),
                    dry_run=options["dry_run"],
                    restart=options["restart"],
                    rejects=options["rejects"],
                    clock=clock,
                    on_progress=bar.update,
                )
            except (imports.UnreadableTable, imports.UnknownColumns) as error:
                raise CommandError(str(error)) from None
            except OSError as error:  # the file of rejects
                raise CommandError(f"{error.filename}: {error.strerror}") from None
        self.stdout.write(_told(result, dry_run=options["dry_run"]))


def _told(result: Result, *, dry_run: bool) -> str:
    begin = "No recipient was written. " if dry_run else ""
    end = "" if result.is_complete else " It was stopped; start it again to go on."
    resumed = f" (went on after row {result.resumed_after})" if result.resumed_after else ""
    rejects = f"; see {result.rejects}" if result.rejects else ""
    return (
        f"{begin}{result.rows} rows{resumed}: {result.created} new, {result.updated} updated, "
        f"{result.unchanged} known, {result.repeated} repeated, "
        f"{result.rejected} rejected{rejects}.{end}"
    )
