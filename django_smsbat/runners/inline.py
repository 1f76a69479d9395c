"""Send in the thread that queued the messages: for scripts and tests, without a waiting page."""

import logging

from django.core.exceptions import ImproperlyConfigured

from django_smsbat.services.recipients.imports import uploads
from django_smsbat.services.sending import worker

logger = logging.getLogger("django_smsbat")


def wake() -> None:
    """Send queued messages. They are committed: a failure to send is no failure to queue."""
    try:
        summary = worker.submit_queued()
    except ImproperlyConfigured as error:
        logger.error("nothing was sent: %s", error)
        return
    for reason in filter(None, [summary.failure, *summary.paused]):
        logger.error("sending stopped: %s", reason)


def wake_import() -> None:
    """Import the uploaded files."""
    uploads.import_waiting()
