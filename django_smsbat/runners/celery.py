"""Sends in Celery's workers: a task is sent for, by its name, when something is queued.

A broker that cannot be reached loses nothing: what is queued waits in the database for the next
task, which the beat schedule sends.
"""

import logging
from typing import Final

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger("django_smsbat")

SUBMIT_TASK: Final = "django_smsbat.submit"
IMPORT_TASK: Final = "django_smsbat.import"
EXPIRES: Final = 60.0  # seconds: of a thousand calls, those that find no worker need none


def wake() -> None:
    _send(SUBMIT_TASK, expires=EXPIRES)


def wake_import() -> None:
    _send(IMPORT_TASK, expires=EXPIRES)


def _send(task: str, **options: float) -> None:
    try:
        current_app.send_task(task, retry=False, ignore_result=True, **options)
    except OperationalError as error:
        logger.error("the broker does not answer, the queue waits: %s", type(error).__name__)
