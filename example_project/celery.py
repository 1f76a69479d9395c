"""Celery for this project: ``celery --app example_project.celery worker --beat``.

Needed only if several machines send, or if the site runs Celery anyway; then set ``RUNNER`` to
"celery".
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")

app = Celery("example_project")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect  # type: ignore[untyped-decorator]
def send_tasks_by_the_clock(sender: Celery, **_: object) -> None:
    """Schedule due campaigns, messages of dead workers, and status polls."""
    from django_smsbat.tasks import BEAT_SCHEDULE

    sender.conf.beat_schedule = BEAT_SCHEDULE
