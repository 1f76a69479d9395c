"""System checks: importing this package registers them. The README lists their ids."""

from django_smsbat.checks import database, database_server, deployment, settings, verification

__all__ = ["database", "database_server", "deployment", "settings", "verification"]
