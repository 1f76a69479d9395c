"""Monitoring, for the code of a project: what `smsbat_status` reports."""

from django_smsbat.services.clock import moment
from django_smsbat.services.monitoring.health import Health, look

__all__ = ["Health", "health"]


def health() -> Health:
    """The state of workers, callbacks and queues, with the problems that a person should solve."""
    return look(moment())
