"""Runners: how queued work reaches a worker. One module for each value of `RUNNER`.

A runner only decides where `services.sending.worker.submit_queued` runs; it contains no rules.
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
    """Notify a worker of queued messages. With ``none``, the next `smsbat_send` sends them."""
    _call("wake")


def wake_import() -> None:
    """Notify a worker of an uploaded file. With ``none``, `smsbat_import --uploaded` imports it."""
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
