"""``python -m benchmarks.changelists``: the admin's lists, a million rows against ten thousand.

``--write`` updates the table in RESULTS.rst. Pages include session, permissions and template.
"""

import sys
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from statistics import median
from typing import Any, Final
from uuid import UUID

from benchmarks import stage
from benchmarks.table import DATABASES, add, measure, write

FEW: Final = 10_000
MANY: Final = 1_000_000
TURNS: Final = 25
_CHUNK: Final = 10_000
_CAMPAIGN: Final = 5_000  # messages in each campaign except the first, which has half of all
_MESSAGE: Final = ("campaign", "to", "type", "status", "created_at", "submitted_at")
_EVENT: Final = (
    *("message", "smsbat_id", "fingerprint", "status", "source", "occurred_at", "recorded_at"),
    "attempt",
)
_STATUSES: Final = ("delivered",) * 16 + ("read", "read", "undeliverable", "expired")


def fill(rows: int) -> dict[str, str]:
    """Create messages of many campaigns over a year, one event each; return the page URLs."""
    from django.contrib.auth.models import User
    from django.utils import timezone

    from django_smsbat.db.set_based import insert_rows
    from django_smsbat.models import Campaign, Message, StatusEvent

    count = 1 + rows // 2 // _CAMPAIGN
    campaigns = [Campaign.objects.create(name=f"Campaign {n}", type="sms") for n in range(count)]
    keys = [one.pk for one in campaigns]
    now = timezone.now()
    for start in range(0, rows, _CHUNK):
        messages, events = [], []
        for n in range(start, min(rows, start + _CHUNK)):
            own = 0 if n < rows // 2 else 1 + (n - rows // 2) // _CAMPAIGN
            at = now - timedelta(days=365) * (1 - n / rows)
            status = "unconfirmed" if n < 3 else _STATUSES[n * 7 % len(_STATUSES)]
            to = f"+38067{n:07}"
            messages.append((keys[own], to, "sms", status, at, at))
            events.append((n + 1, f"s-{n}", UUID(int=n), status, "poll", at, at, 1))
        insert_rows(Message, _MESSAGE, messages)
        insert_rows(StatusEvent, _EVENT, events)
    stage.analyse()
    User.objects.create_superuser("boss")
    deep = Message.objects.order_by("-pk").values_list("pk", flat=True)
    place = min(100_000, rows - 100)  # the row before page 1,000 or before the last page
    message, event = deep[place], rows - place
    return {
        "messages": "message/",
        "messages, filtered by status": "message/?status__exact=undeliverable",
        "messages, filtered by a status of three rows": "message/?status__exact=unconfirmed",
        "messages, filtered by a campaign": f"message/?campaign__id__exact={keys[-1]}",
        "messages, filtered by the campaign of half of them": (
            f"message/?campaign__id__exact={keys[0]}"
        ),
        "messages, of a campaign and status": (
            f"message/?campaign__id__exact={keys[0]}&status__exact=expired"
        ),
        "messages, searched by phone": "message/?q=%2B380670000077",
        "messages, of the past 30 days": "message/?day=month",
        "messages, page 1,000 (or the last)": f"message/?p=b{message}",
        "events": "statusevent/",
        "events, filtered by status": "statusevent/?status__exact=undeliverable",
        "events, searched by SMSBAT's id": "statusevent/?q=s-77",
        "events, page 1,000 (or the last)": f"statusevent/?p=b{event}",
    }


def _note(statements: list[str], execute: Any, sql: str, *rest: Any) -> Any:
    statements.append(sql)
    return execute(sql, *rest)


def pages(url: str, rows: int) -> dict[str, Any]:
    """Return the median time in milliseconds and the query count of each page."""
    stage.django(url)
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import setup_test_environment

    setup_test_environment()
    asked = fill(rows)
    client = Client()
    client.force_login(User.objects.get())
    report: dict[str, Any] = {}
    for what, path in asked.items():
        address = f"/admin/smsbat/{path}"
        statements: list[str] = []
        with connection.execute_wrapper(partial(_note, statements)):
            answer = client.get(address)
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code}")
        seconds = [stage.timed(partial(client.get, address)) for _ in range(TURNS)]
        report[what] = {"ms": median(seconds) * 1_000, "statements": len(statements)}
    return report


def compared() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for kind, name in DATABASES.items():
        few: Any = measure("pages", kind, None, rows=FEW)
        many: Any = measure("pages", kind, None, rows=MANY)
        for what in many:
            yield f"{name}: {what}", few[what], many[what]


def main() -> None:
    for what, few, many in compared():
        value = f"{many['ms']:.0f} ms, {many['statements']} statements"
        add(what, value, many["ms"] / few["ms"], "≤ 1.3")
    if "--write" in sys.argv:
        write("changelists")


if __name__ == "__main__":
    main()
