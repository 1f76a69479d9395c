"""Send signals after the commit. A receiver that fails does not stop the others."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.dispatch import Signal

logger = logging.getLogger("django_smsbat")


def after_commit(signal: Signal, occasions: Sequence[Mapping[str, Any]], sender: type) -> None:
    """Send the signal after the commit, once for each set of arguments in `occasions`."""
    if occasions and signal.has_listeners(sender):
        transaction.on_commit(lambda: _send(signal, occasions, sender))


def _send(signal: Signal, occasions: Sequence[Mapping[str, Any]], sender: type) -> None:
    for occasion in occasions:
        for receiver, outcome in signal.send_robust(sender=sender, **occasion):
            if isinstance(outcome, Exception):
                name = getattr(receiver, "__qualname__", type(receiver).__qualname__)
                logger.error("receiver %s failed", name, exc_info=outcome)
