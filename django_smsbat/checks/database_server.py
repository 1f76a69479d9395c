"""Checks of the database server: isolation level, character set, schemas of tenants.

Without these checks, a problem would first appear when a message is sent, or as a lost message.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from django.apps import apps
from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DEFAULT_DB_ALIAS, connections

from django_smsbat import conf
from django_smsbat.conf import Runner

_NEEDED: Final = "read committed"
# By vendor: the statement for the server's default isolation level.
_SERVERS_LEVEL: Final = {
    "postgresql": "SHOW default_transaction_isolation",
    "mysql": "SHOW VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')",
}
_NAMED_SHOWN: Final = 5
_OWN_THREADS: Final = (Runner.THREAD, Runner.CELERY)


@register(Tags.database)
def check_server(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Check the requirements for the default database's server."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    connection = connections[DEFAULT_DB_ALIAS]
    return [message for check in _CHECKS for message in check(connection)]


def _isolation(connection: Any) -> Iterator[CheckMessage]:
    """Above READ COMMITTED, a worker does not see rows that another worker committed meanwhile."""
    level = _level(connection)
    if level in ("", _NEEDED):
        return
    message = f"The default database has the isolation level {level}: READ COMMITTED is needed."
    hint = (
        'Remove "isolation_level" from DATABASES["default"]["OPTIONS"], or set it to READ '
        "COMMITTED. Workers and idempotency keys rely on seeing what was committed meanwhile."
    )
    yield Error(message, hint=hint, id="smsbat.E015")


def _level(connection: Any) -> str:
    """Return the level of new transactions in lower case; empty if the database has one only."""
    if connection.vendor not in _SERVERS_LEVEL:
        return ""
    connection.ensure_connection()
    is_given = "isolation_level" in connection.settings_dict["OPTIONS"]
    if connection.vendor == "postgresql" and is_given:
        return str(connection.isolation_level.name).replace("_", " ").lower()
    if connection.vendor == "mysql" and connection.isolation_level:  # Django's default unless None
        return str(connection.isolation_level)
    with connection.cursor() as cursor:
        cursor.execute(_SERVERS_LEVEL[connection.vendor])
        return str(cursor.fetchone()[-1]).replace("-", " ").lower()


def _character_set(connection: Any) -> Iterator[CheckMessage]:
    """An emoji does not fit into a utf8mb3 column: the message would be lost."""
    if connection.vendor != "mysql":
        return
    names = _narrow_tables(connection)
    if not names:
        return
    shown = ", ".join(names[:_NAMED_SHOWN]) + (" ..." if len(names) > _NAMED_SHOWN else "")
    message = f"The default database cannot store emoji; not in utf8mb4: {shown}."
    hint = (
        "Run ALTER DATABASE ... CHARACTER SET utf8mb4, and for each table that is named "
        "ALTER TABLE ... CONVERT TO CHARACTER SET utf8mb4."
    )
    yield Error(message, hint=hint, id="smsbat.E016")


def _narrow_tables(connection: Any) -> list[str]:
    """Return tables with a text column that is not utf8mb4; before `migrate`, the database."""
    models = apps.get_app_config("smsbat").get_models(include_auto_created=True)
    tables = [model._meta.db_table for model in models]
    marks = ", ".join(["%s"] * len(tables))
    columns = (
        "SELECT DISTINCT table_name FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND character_set_name <> 'utf8mb4'"
        f" AND table_name IN ({marks}) ORDER BY table_name"
    )
    with connection.cursor() as cursor:
        cursor.execute(columns, tables)
        narrow = [str(name) for (name,) in cursor.fetchall()]
        cursor.execute("SELECT @@character_set_database, DATABASE()")
        default, name = cursor.fetchone()
    is_empty = not set(tables) & set(connection.introspection.table_names())
    return [f"the database {name}"] if is_empty and default != "utf8mb4" else narrow


def _tenants(connection: Any) -> Iterator[CheckMessage]:
    """A thread or a task starts in the schema `public`, which has no tenant's tables."""
    if not hasattr(connection, "set_schema") or not conf.is_tenant_app() or conf.problems():
        return
    settings = conf.current()
    if settings.runner not in _OWN_THREADS and settings.concurrency == 1:
        return
    message = "django_smsbat is in TENANT_APPS, and its threads would use the schema public."
    hint = (
        'Set SMSBAT["RUNNER"] to "none" and SMSBAT["CONCURRENCY"] to 1, and run smsbat_send and '
        "smsbat_sync once for each tenant (tenant_command); or move django_smsbat to SHARED_APPS."
    )
    yield Error(message, hint=hint, id="smsbat.E017")


_CHECKS: Final[tuple[Callable[[Any], Iterator[CheckMessage]], ...]] = (
    _isolation,
    _character_set,
    _tenants,
)
