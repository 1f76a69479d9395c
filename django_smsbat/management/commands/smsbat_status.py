"""``manage.py smsbat_status``: whether everything that should happen does."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from django_smsbat.management.worker_command import told_in_one_line
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
        with told_in_one_line():
            found = health.look(timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps(asdict(found), cls=DjangoJSONEncoder))
        else:
            self.stdout.write(_told(found))
        if options["strict"] and found.problems:
            raise CommandError(found.problems[0])


def _told(found: Health) -> str:
    rows = (
        ("last delivery callback", _moment(found.last_status_callback)),
        ("last incoming message", _moment(found.last_inbound)),
        ("last smsbat_send", _moment(found.last_send)),
        ("last smsbat_sync", _moment(found.last_sync)),
        ("ready to be sent", found.queued),
        ("overdue status requests", found.overdue),
        ("held by silent workers", found.silent),
        ("unconfirmed", found.unconfirmed),
        ("reports of unknown messages", found.orphans),
        ("refused reports of unknown messages", found.refused_reports),
        ("refused messages of unknown senders", found.refused_senders),
        ("confirmations not sent", found.withheld_confirmations),
        ("fallback e-mails waiting", found.emails_waiting),
        ("fallback e-mails in doubt", found.emails_in_doubt),
        ("fallback e-mails failed", found.emails_failed),
        *((f"held back ({name})", f"until {at:%H:%M:%S}") for name, at in _held_back(found)),
    )
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {value}" for name, value in rows]
    return "\n".join([*lines, *(f"! {sentence}" for sentence in found.problems)])


def _held_back(found: Health) -> list[tuple[str, datetime]]:
    return [(name, timezone.localtime(at)) for name, at in found.held_back_until.items()]


def _moment(moment: datetime | None) -> str:
    if moment is None:
        return "never"
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S} {timezone.get_current_timezone_name()}"
