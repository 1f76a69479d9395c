"""Celery tasks, discovered by `autodiscover_tasks`. They carry ids only, and contain no rules.

Tasks are acknowledged late: if a worker dies, its task is delivered again. Running a task twice at
once is harmless, because workers claim rows in the database.
"""

import logging
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

from celery import current_task, shared_task

from django_smsbat.runners.celery import EXPIRES, IMPORT_TASK, SUBMIT_TASK
from django_smsbat.services import database_connections
from django_smsbat.services.clock import SystemClock
from django_smsbat.services.polling import poller
from django_smsbat.services.recipients.imports import uploads
from django_smsbat.services.sending import worker

logger = logging.getLogger("django_smsbat")

SYNC_TASK: Final = "django_smsbat.sync"
_BUDGET: Final = (
    60.0  # seconds; then the next task takes over, before a broker's visibility timeout
)
_EVERY: Final = 30.0  # seconds
_HARMLESS_TWICE: Final = {"acks_late": True, "reject_on_worker_lost": True, "ignore_result": True}

# For `app.conf.beat_schedule`: due campaigns, batches of dead workers, statuses, files. These tasks
# end before the next ones start and start no others: otherwise a long campaign would occupy all
# workers.
BEAT_SCHEDULE: Final[dict[str, dict[str, Any]]] = {
    name: {
        "task": name,
        "schedule": _EVERY,
        "kwargs": {"seconds": _EVERY - 5, "again": False},
        "options": {"expires": _EVERY},
    }
    for name in (SUBMIT_TASK, SYNC_TASK, IMPORT_TASK)
}


class _BudgetClock(SystemClock):
    """Ends the work after a time limit, at the end of the current batch."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._until = time.monotonic() + seconds

    @property
    def stopping(self) -> bool:
        return super().stopping or time.monotonic() > self._until


def _own_thread() -> AbstractContextManager[None]:
    """Use the site's connection for an eager task, which runs in a thread of the site."""
    is_eager = bool(current_task and current_task.request.is_eager)
    return nullcontext() if is_eager else database_connections.own_thread()


@shared_task(name=SUBMIT_TASK, **_HARMLESS_TWICE)  # type: ignore[untyped-decorator]
def submit(campaign_id: int | None = None, seconds: float = _BUDGET, again: bool = True) -> None:
    """Start due campaigns and send queued messages.

    Args:
        seconds: time limit, after which no further batch is started.
        again: whether another task then continues the work.
    """
    clock = _BudgetClock(seconds)
    with _own_thread():
        summary = worker.submit_queued(campaign_id=campaign_id, clock=clock)
    for reason in filter(None, [summary.failure, *summary.paused]):
        logger.error("sending stopped: %s", reason)
    if again and clock.stopping and not summary.failure:
        submit.apply_async((campaign_id,), expires=EXPIRES)


@shared_task(name=SYNC_TASK, **_HARMLESS_TWICE)  # type: ignore[untyped-decorator]
def sync_statuses(
    campaign_id: int | None = None, seconds: float = _BUDGET, again: bool = True
) -> None:
    """Request the status of due messages from SMSBAT; `seconds` and `again` as in `submit`."""
    clock = _BudgetClock(seconds)
    with _own_thread():
        summary = poller.sync(campaign_id=campaign_id, clock=clock)
    if summary.failure:
        logger.error("asking for statuses stopped: %s", summary.failure)
    elif again and clock.stopping:
        sync_statuses.apply_async((campaign_id,), expires=EXPIRES)


@shared_task(name=IMPORT_TASK, **_HARMLESS_TWICE)  # type: ignore[untyped-decorator]
def import_uploads(seconds: float = _BUDGET, again: bool = True) -> None:
    """Import the files uploaded in the admin; `seconds` and `again` as in `submit`."""
    clock = _BudgetClock(seconds)
    uploads.import_waiting(clock)
    if again and clock.stopping:
        import_uploads.apply_async(expires=EXPIRES)
