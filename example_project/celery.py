"""Celery for this project: ``celery --app example_project.celery worker --beat``.

Only where several machines send, or the site runs Celery anyway: ``RUNNER`` is "celery" then.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")

app = Celery("example_project")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect  # type: ignore[untyped-decorator]
def send_tasks_by_the_clock(sender: Celery, **_: object) -> None:
    """Due campaigns, what a dead worker left, and statuses."""
    from django_smsbat.tasks import BEAT_SCHEDULE

    sender.conf.beat_schedule = BEAT_SCHEDULE
