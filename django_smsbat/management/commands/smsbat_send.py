"""``manage.py smsbat_send``: start due campaigns and send queued messages."""

from typing import Any

from django_smsbat.management.worker_command import WorkerCommand
from django_smsbat.services.sending import worker


class Command(WorkerCommand):
    help = "Starts the campaigns that are due and sends what is queued."

    def run(self, **options: Any) -> worker.Summary:
        return worker.submit_queued(**options)

    def summary_line(self, summary: worker.Summary) -> str:
        return (
            f"{summary.taken} accepted, {summary.rejected} rejected, "
            f"{summary.unconfirmed} unconfirmed, in {summary.requests} requests."
        )

    def failure(self, summary: worker.Summary) -> str:
        return "; ".join(filter(None, [*summary.paused, summary.failure]))
