"""Send in Celery's workers: publish a task, by its name, when messages are queued.

An unreachable broker loses nothing: queued messages wait in the database for the next task, which
the beat schedule sends.
"""

import logging
from typing import Any, Final

from celery import current_app

from django_smsbat.runners.broker import Broker
from django_smsbat.services.process_state import ProcessState

logger = logging.getLogger("django_smsbat")

SUBMIT_TASK: Final = "django_smsbat.submit"
IMPORT_TASK: Final = "django_smsbat.import"
EXPIRES: Final = 60.0  # seconds; surplus tasks that no worker starts in time are not needed
_FALLBACK_APP: Final = "default"  # Celery's name of the app that it creates if there is none

_broker: Final = ProcessState(Broker)


def wake() -> None:
    """Publish the task that sends queued messages."""
    _notify(SUBMIT_TASK)


def wake_import() -> None:
    """Publish the task that imports uploaded files."""
    _notify(IMPORT_TASK)


def current_app_of_this_thread() -> Any:
    """Return the app itself: Celery's proxy may resolve differently in another thread."""
    return current_app._get_current_object()


def is_configured(app: Any) -> bool:
    """Whether the project created this app, or configured a broker for Celery's default app."""
    return app.main != _FALLBACK_APP or bool(app.conf.broker_write_url)


def _notify(task: str) -> None:
    app = current_app_of_this_thread()
    if app.conf.task_always_eager:
        _run_here(app, task)
        return
    if not is_configured(app):
        logger.warning(
            "no Celery app is configured in this process: tasks go to amqp://localhost. "
            "Import the project's app in its __init__.py."
        )
    _broker.current.publish(app, task, expires=EXPIRES)


def _run_here(app: Any, task: str) -> None:
    """Run the task in this thread, as `apply_async` does in eager mode."""
    app.loader.import_task_module("django_smsbat.tasks")
    app.tasks[task].apply()
