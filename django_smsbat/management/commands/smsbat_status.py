"""``manage.py smsbat_status``: report the health of workers, callbacks and queues."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from django_smsbat.management.worker_command import errors_in_one_line
from django_smsbat.services.monitoring import health
from django_smsbat.services.monitoring.health import Health


class Command(BaseCommand):
    help = "Tells when workers and callbacks were last seen, what waits, and what needs a person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")
        parser.add_argument(
            "--strict", action="store_true", help="exit with 1 where something needs a person"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with errors_in_one_line():
            report = health.look(timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps(asdict(report), cls=DjangoJSONEncoder))
        else:
            self.stdout.write(_render(report))
        if options["strict"] and report.problems:
            raise CommandError(report.problems[0])


def _render(report: Health) -> str:
    rows = (
        ("last delivery callback", _format_time(report.last_status_callback)),
        ("last incoming message", _format_time(report.last_inbound)),
        ("last smsbat_send", _format_time(report.last_send)),
        ("last smsbat_sync", _format_time(report.last_sync)),
        ("ready to be sent", report.queued),
        ("overdue status requests", report.overdue),
        ("held by silent workers", report.silent),
        ("unconfirmed", report.unconfirmed),
        ("reports of unknown messages", report.orphans),
        ("refused reports of unknown messages", report.refused_reports),
        ("refused messages of unknown senders", report.refused_senders),
        ("confirmations not sent", report.withheld_confirmations),
        ("fallback e-mails waiting", report.emails_waiting),
        ("fallback e-mails in doubt", report.emails_in_doubt),
        ("fallback e-mails failed", report.emails_failed),
        *((f"held back ({name})", f"until {at:%H:%M:%S}") for name, at in _held_back(report)),
    )
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {value}" for name, value in rows]
    return "\n".join([*lines, *(f"! {sentence}" for sentence in report.problems)])


def _held_back(report: Health) -> list[tuple[str, datetime]]:
    return [(name, timezone.localtime(at)) for name, at in report.held_back_until.items()]


def _format_time(when: datetime | None) -> str:
    if when is None:
        return "never"
    return f"{timezone.localtime(when):%Y-%m-%d %H:%M:%S} {timezone.get_current_timezone_name()}"
