"""How queued work finds a worker: one module a way, chosen by `RUNNER`.

A runner only decides where `services.sending.worker.submit_queued` runs; it holds no rules.
"""

import logging
from importlib import import_module
from typing import Final

from django_smsbat import conf
from django_smsbat.conf import Runner

logger = logging.getLogger("django_smsbat")

_MODULES: Final = {
    Runner.INLINE: "django_smsbat.runners.inline",
    Runner.THREAD: "django_smsbat.runners.thread",
    Runner.CELERY: "django_smsbat.runners.celery",
}


def wake() -> None:
    """Tell a worker that something is queued. With ``none`` the next `smsbat_send` finds it."""
    _call("wake")


def wake_import() -> None:
    """Tell a worker that a file waits. With ``none`` `smsbat_import --uploaded` finds it."""
    _call("wake_import")


def _call(name: str) -> None:
    """Notify the worker, and log what fails.

    The caller has committed its rows. An exception here would make it report a failure, and the
    user would queue the same messages again. The log gets the type of the exception only: its
    message may quote a row or the broker's password.
    """
    try:
        module = _MODULES.get(conf.current().runner)
        if module:
            getattr(import_module(module), name)()
    except Exception as error:
        logger.error("no worker was notified, the queue waits: %s", type(error).__name__)
