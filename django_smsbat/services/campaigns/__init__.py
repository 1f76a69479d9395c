"""Campaigns, from draft to report. The functions exported here are public."""

from django_smsbat.services.campaigns.lifecycle import (
    cancel,
    duplicate,
    launch,
    pause,
    resume,
    retry_failed,
    schedule,
)
from django_smsbat.services.exceptions import ActionNotAllowed

__all__ = [
    "ActionNotAllowed",
    "cancel",
    "duplicate",
    "launch",
    "pause",
    "resume",
    "retry_failed",
    "schedule",
]
