"""The environment of every measurement: a fresh database, recipients and a gateway.

Each measurement has its own process, so that none warms up another or adds to its memory.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
SENDER = "AcmeShop"
TEXT = "Весняний розпродаж: знижки до 40 % на все, лише до неділі!"
PERSONAL = "{{ name }}, весняний розпродаж у місті {{ city }}: знижки до 40 %!"
CITIES = ("Київ", "Львів", "Одеса", "Харків", "Дніпро")
POSTGRES_URL = os.environ.get("POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")


@contextmanager
def database(kind: str) -> Iterator[str]:
    """Yield the address of an empty database of that kind, removed afterwards."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/bench.sqlite3"
        return
    import psycopg

    name = f"smsbat_bench_{os.getpid()}"
    with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(POSTGRES_URL)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def gateway() -> Iterator[str]:
    """Run the minimal gateway in its own process and yield its address."""
    command = [sys.executable, "-u", "-m", "benchmarks.gateway"]
    with _process(command) as address:
        yield address


@contextmanager
def sandbox(*options: str) -> Iterator[str]:
    """Run the sandbox in its own process, without rate limits, and yield its address."""
    command = [sys.executable, "-u", str(ROOT / "manage.py"), "smsbat_sandbox", "--port", "0"]
    limits = ("--send-rate", "0", "--status-rate", "0")
    with _process([*command, *limits, *options]) as address:
        yield address


@contextmanager
def _process(command: Sequence[str]) -> Iterator[str]:
    """Run a program that prints its address at the end of its first line."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield line.split()[-1]
        finally:
            process.terminate()
            process.wait(10)


def django(database_url: str, gateway: str = "http://127.0.0.1:9", **settings: Any) -> None:
    """Set up Django on that database, with tables and without rate limits."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="benchmarks.settings",
        DATABASE_URL=database_url,
        SMSBAT_BASE_URL=gateway,
        SMSBAT_SENDER=SENDER,
        SMSBAT_RUNNER="none",
        SMSBAT_SEND_RATE="10000",
        SMSBAT_STATUS_RATE="10000",
        **{f"SMSBAT_{name}": str(value) for name, value in settings.items()},
    )
    import django as framework
    from django.core.management import call_command

    framework.setup()
    call_command("migrate", verbosity=0)


def phone(number: int) -> str:
    """Return a number that the sandbox delivers to."""
    return f"+38067{number:07}"


def numbers(count: int) -> Iterator[int]:
    """Yield number endings that the sandbox accepts immediately; it rejects none of them."""
    return (n for n in range(10_000_000) if n % 100 > 6 and n // 100 * 93 < count * 2)


def people(count: int) -> Any:
    """Create `count` recipients in one list and return the list."""
    from django.utils import timezone

    from django_smsbat.db.set_based import insert_rows
    from django_smsbat.models import Recipient, RecipientList

    everybody = RecipientList.objects.create(name="Everybody")
    now = timezone.now()
    chosen = iter(numbers(count * 2))
    for start in range(0, count, 10_000):
        rows = [
            (phone(next(chosen)), f"Ім'я {start + n}", {"city": CITIES[n % 5]}, now)
            for n in range(min(10_000, count - start))
        ]
        insert_rows(Recipient, ("phone", "name", "attributes", "created_at"), rows)
    from django.db.models import Value

    from django_smsbat.db.set_based import insert_from

    through = Recipient.lists.through
    source = Recipient.objects.values_list("pk", Value(everybody.pk))
    insert_from(through, ("recipient", "recipientlist"), source, {})
    analyse()
    return everybody


def analyse() -> None:
    """Update the planner's statistics, as a database eventually does by itself."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def campaign(everybody: Any, *, personal: bool) -> Any:
    from django_smsbat.models import Campaign

    instance = Campaign.objects.create(
        name="Bench", type="sms", text=PERSONAL if personal else TEXT, sender=SENDER
    )
    instance.lists.set([everybody])
    return instance


def timed(work: Callable[[], Any]) -> float:
    """Return the wall-clock time in seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
