"""Campaigns, for the code of a project: launch, schedule, pause, resume, cancel and others."""

from django_smsbat.services.campaigns import (
    ActionNotAllowed,
    cancel,
    duplicate,
    launch,
    pause,
    resume,
    retry_failed,
    schedule,
)

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
