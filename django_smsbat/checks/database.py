"""Checks of the database: what the package needs of it, and what waits in it."""

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
    """SQLite lets one writer in at a time; without these two options the others fail at once."""
    from django_smsbat.models import Message

    alias = router.db_for_write(Message)
    if alias != DEFAULT_DB_ALIAS:
        words = "django-smsbat's models have to live in the default database."
        hint = f"A router sends them to {alias!r}; transactions and locks would not be theirs."
        return [Error(words, hint=hint, id="smsbat.E009")]
    connection = connections[alias]
    if connection.vendor != "sqlite" or alias not in (databases or [alias]):
        return []
    options = connection.settings_dict.get("OPTIONS", {})
    found: list[CheckMessage] = []
    if str(options.get("transaction_mode", "")).upper() != "IMMEDIATE":
        hint = f'Set DATABASES["{alias}"]["OPTIONS"]["transaction_mode"] = "IMMEDIATE".'
        words = "SQLite without immediate transactions: workers fail with “database is locked”."
        found.append(CheckWarning(words, hint=hint, id="smsbat.W007"))
    if "wal" not in str(options.get("init_command", "")).lower() and not _is_wal(connection):
        hint = f'Set DATABASES["{alias}"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL;".'
        words = "SQLite without write-ahead log: the admin waits while messages are sent."
        found.append(CheckWarning(words, hint=hint, id="smsbat.W008"))
    return found


def _is_wal(connection: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        return str(cursor.fetchone()[0]) in ("wal", "memory")


@register(Tags.database, deploy=True)
def check_health(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """What waits longer than it should, and what a person should look at."""
    from django_smsbat.models import Heartbeat
    from django_smsbat.services.monitoring import health

    if DEFAULT_DB_ALIAS not in (databases or ()) or conf.problems():
        return []
    connection = connections[DEFAULT_DB_ALIAS]
    if Heartbeat._meta.db_table not in connection.introspection.table_names():
        return []  # before the first migrate
    found = health.look(timezone.now())
    return [CheckWarning(words, id="smsbat.W009") for words in found.problems]
