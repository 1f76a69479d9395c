"""System checks: importing this package registers them. The README lists their ids."""

from django_smsbat.checks import database, deployment, settings, verification

__all__ = ["database", "deployment", "settings", "verification"]
