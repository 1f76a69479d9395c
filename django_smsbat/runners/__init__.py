"""How queued work finds a worker: one module a way, chosen by `RUNNER`.

A runner only decides where `services.submission.submit_queued` runs; it holds no rules.
"""

from importlib import import_module
from typing import Final

from django_smsbat import conf
from django_smsbat.conf import Runner

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
    module = _MODULES.get(conf.current().runner)
    if module:
        getattr(import_module(module), name)()
