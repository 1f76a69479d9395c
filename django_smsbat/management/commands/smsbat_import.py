"""``manage.py smsbat_import FILE --list NAME``: import recipients from CSV or XLSX into a list."""

import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from django_smsbat.management import import_report
from django_smsbat.management.worker_command import errors_in_one_line, stopped_by_signals
from django_smsbat.services.clock import SystemClock
from django_smsbat.services.recipients import imports
from django_smsbat.services.recipients.imports import Reading, uploads
from django_smsbat.services.recipients.imports.columns import Assignment
from django_smsbat.services.recipients.imports.preview import UNUSABLE
from django_smsbat.services.recipients.imports.readers import ENCODINGS


def _column(value: str) -> str:
    try:
        return str(Assignment.parse(value))
    except imports.InvalidAssignment as error:
        raise ArgumentTypeError(str(error)) from None


class Command(BaseCommand):
    help = (
        "Imports recipients from a CSV or XLSX file with headings. The headings tell what each "
        "column is taken for; --dry-run shows it, --column changes it. Existing recipients are "
        "updated and keep their opt-out. Rows without a usable phone number go to a file of "
        "rejects, with the reason. An import that was killed continues when it is started again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", nargs="?")
        parser.add_argument("--list", metavar="NAME", default="", help="created if it is missing")
        parser.add_argument(
            "--opt-out",
            action="store_true",
            help="every person in the file opts out; a plain list of numbers is enough",
        )
        parser.add_argument(
            "--uploaded",
            action="store_true",
            help="import the files that were uploaded in the admin, instead of FILE",
        )
        parser.add_argument(
            "--column",
            action="append",
            type=_column,
            default=[],
            metavar="FIELD=HEADING",
            help=(
                "what a column is taken for: phone=Mobile, bonus:number=Points, ignore=Comment; "
                "#3 is the third column; can be repeated"
            ),
        )
        parser.add_argument(
            "--encoding", choices=ENCODINGS, default="", help="default: detected from the file"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="show how the file is read; write nothing"
        )
        parser.add_argument("--restart", action="store_true", help="do not continue, begin anew")
        parser.add_argument(
            "--rejects", type=Path, metavar="FILE", help="default: FILE.rejects.csv"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["uploaded"]:
            self._import_uploaded()
        elif not options["file"]:
            raise CommandError("give FILE and --list NAME, or --uploaded")
        elif bool(options["list"]) == options["opt_out"]:
            raise CommandError("give either --list NAME or --opt-out")
        elif options["dry_run"]:
            self._preview(options)
        else:
            self._import(options)

    def _import_uploaded(self) -> None:
        clock = SystemClock()
        with stopped_by_signals(clock), errors_in_one_line():
            done = uploads.import_waiting(clock)
        self.stdout.write(f"Files imported: {done}.")

    def _preview(self, options: dict[str, Any]) -> None:
        file: Path = options["file"]
        with errors_in_one_line():
            preview = imports.preview(
                file,
                _reading(options),
                rejects=options["rejects"] or file.with_name(f"{file.name}.rejects.csv"),
            )
        for line in import_report.interpretation(preview):
            self.stdout.write(line)
        if preview.failure:
            raise CommandError(preview.failure)
        self.stdout.write("No recipient was written. " + import_report.summary(preview.result))

    def _import(self, options: dict[str, Any]) -> None:
        clock = SystemClock()
        bar = tqdm(unit=" rows", disable=not sys.stderr.isatty(), leave=False)
        with bar, stopped_by_signals(clock), errors_in_one_line():
            try:
                result = imports.import_file(
                    options["file"],
                    options["list"],
                    _reading(options),
                    restart=options["restart"],
                    rejects=options["rejects"],
                    clock=clock,
                    on_progress=bar.update,
                )
            except UNUSABLE as error:
                raise CommandError(str(error)) from None
            except OSError as error:  # the rejects file
                raise CommandError(f"{error.filename}: {error.strerror}") from None
        self.stdout.write(import_report.summary(result))


def _reading(options: dict[str, Any]) -> Reading:
    return Reading(tuple(options["column"]), options["encoding"], options["opt_out"])
