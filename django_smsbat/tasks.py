"""Celery's tasks, found by `autodiscover_tasks`. They carry ids only, and hold no rules.

Acknowledged late: a task whose worker died is delivered again, which is as harmless as running it
twice at once, for what is claimed is claimed in the database.
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
_BUDGET: Final = 60.0  # seconds; then the next task goes on, so that none outlives a broker's wait
_EVERY: Final = 30.0  # seconds
_HARMLESS_TWICE: Final = {"acks_late": True, "reject_on_worker_lost": True, "ignore_result": True}

# For `app.conf.beat_schedule`: due campaigns, what a dead worker left, statuses, files. These tasks
# end before the next ones come, and call no others: else a long campaign would fill all workers.
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
    """Ends the work after a time, at the end of the batch in hand."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._until = time.monotonic() + seconds

    @property
    def stopping(self) -> bool:
        return super().stopping or time.monotonic() > self._until


def _own_thread() -> AbstractContextManager[None]:
    """A task that runs eagerly is in a thread of the site, with the site's connection."""
    is_eager = bool(current_task and current_task.request.is_eager)
    return nullcontext() if is_eager else database_connections.own_thread()


@shared_task(name=SUBMIT_TASK, **_HARMLESS_TWICE)  # type: ignore[untyped-decorator]
def submit(campaign_id: int | None = None, seconds: float = _BUDGET, again: bool = True) -> None:
    """Start what is due and send what is queued.

    Args:
        seconds: after which the batch in hand is the last.
        again: whether another task then goes on.
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
    """Ask SMSBAT what became of the messages that are due; `seconds` and `again` as above."""
    clock = _BudgetClock(seconds)
    with _own_thread():
        summary = poller.sync(campaign_id=campaign_id, clock=clock)
    if summary.failure:
        logger.error("asking for statuses stopped: %s", summary.failure)
    elif again and clock.stopping:
        sync_statuses.apply_async((campaign_id,), expires=EXPIRES)


@shared_task(name=IMPORT_TASK, **_HARMLESS_TWICE)  # type: ignore[untyped-decorator]
def import_uploads(seconds: float = _BUDGET, again: bool = True) -> None:
    """Import the files that were handed to the admin; `seconds` and `again` as above."""
    clock = _BudgetClock(seconds)
    uploads.import_waiting(clock)
    if again and clock.stopping:
        import_uploads.apply_async(expires=EXPIRES)
