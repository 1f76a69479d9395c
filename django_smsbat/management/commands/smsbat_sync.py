"""``manage.py smsbat_sync``: ask SMSBAT what became of the messages that are due."""

from typing import Any

from django_smsbat.management.worker_command import WorkerCommand
from django_smsbat.services import sync


class Command(WorkerCommand):
    help = "Asks SMSBAT what became of messages that are not final yet."
    unit = "status requests"

    def run(self, **options: Any) -> sync.Summary:
        return sync.sync(**options)

    def told(self, summary: sync.Summary) -> str:
        return (
            f"{summary.requests} asked, {summary.changed} changed, "
            f"{summary.matched} matched to earlier reports."
        )
