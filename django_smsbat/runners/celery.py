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
EXPIRES: Final = 60.0  # seconds: of a thousand calls, those that find no worker need none


def wake() -> None:
    try:
        current_app.send_task(SUBMIT_TASK, retry=False, ignore_result=True, expires=EXPIRES)
    except OperationalError as error:
        logger.error("the broker does not answer, the queue waits: %s", type(error).__name__)
