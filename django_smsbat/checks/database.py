"""Checks of the database: its requirements, and the health of its queues."""

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.db import DEFAULT_DB_ALIAS, connections, router
from django.utils import timezone

from django_smsbat import conf


@register(Tags.database)
def check_database(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """SQLite allows one writer at a time; without these two options, other writers fail at once."""
    from django_smsbat.models import Message

    alias = router.db_for_write(Message)
    if alias != DEFAULT_DB_ALIAS:
        message = "django-smsbat's models have to live in the default database."
        hint = f"A router sends them to {alias!r}; transactions and locks would not be theirs."
        return [Error(message, hint=hint, id="smsbat.E009")]
    connection = connections[alias]
    if connection.vendor != "sqlite" or alias not in (databases or [alias]):
        return []
    options = connection.settings_dict.get("OPTIONS", {})
    problems: list[CheckMessage] = []
    if str(options.get("transaction_mode", "")).upper() != "IMMEDIATE":
        hint = f'Set DATABASES["{alias}"]["OPTIONS"]["transaction_mode"] = "IMMEDIATE".'
        message = "SQLite without immediate transactions: workers fail with “database is locked”."
        problems.append(CheckWarning(message, hint=hint, id="smsbat.W007"))
    if "wal" not in str(options.get("init_command", "")).lower() and not _is_wal(connection):
        hint = f'Set DATABASES["{alias}"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL;".'
        message = "SQLite without write-ahead log: the admin waits while messages are sent."
        problems.append(CheckWarning(message, hint=hint, id="smsbat.W008"))
    return problems


def _is_wal(connection: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        return str(cursor.fetchone()[0]) in ("wal", "memory")


@register(Tags.database, deploy=True)
def check_health(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Report overdue queues and problems that an operator should check."""
    from django_smsbat.models import Heartbeat
    from django_smsbat.services.monitoring import health

    if DEFAULT_DB_ALIAS not in (databases or ()) or conf.problems():
        return []
    connection = connections[DEFAULT_DB_ALIAS]
    if Heartbeat._meta.db_table not in connection.introspection.table_names():
        return []  # before the first migrate
    report = health.look(timezone.now())
    return [CheckWarning(message, id="smsbat.W009") for message in report.problems]
