"""The raw floor: the same campaign in plain SQL, without Django and without any of our rules.

Same tables and indexes, same gateway, same batches; one thread. It claims as law 1 requires:
`sending` is committed before the request leaves, the answer before the next claim.
"""

import json
import random
import secrets
import sqlite3
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import requests

from benchmarks import stage

MESSAGE = "smsbat_message"
EVENT = "smsbat_statusevent"
NAMES = (
    'campaign_id, recipient_id, "to", type, sender, text, message_data, ttl, fallback_text,'
    " status, smsbat_id, messagelist_id, currency, delivered_by, attempts, error_code,"
    " error_message, created_at, nonce, resent_after, time_zone, polls, channels"
)


class Sqlite:
    """The statements in SQLite's dialect."""

    mark = "?"
    made = (
        f"INSERT INTO {MESSAGE} ({NAMES}) SELECT ?, r.id, r.phone, 'sms', ?, ?, '{{}}', NULL, '',"
        " 'queued', '', '', '', '', 0, '', '', ?, abs(random()) % 2147483648, 0, '', 0, '{}'"
        " FROM smsbat_recipient r WHERE r.id IN (SELECT recipient_id FROM"
        " smsbat_recipientlist_recipients) ORDER BY r.id"
    )
    one = (
        f"INSERT INTO {MESSAGE} ({NAMES}) VALUES (?, ?, ?, 'sms', ?, ?, '{{}}', NULL, '',"
        " 'queued', '', '', '', '', 0, '', '', ?, ?, 0, '', 0, '{}')"
    )
    claim = (
        f"UPDATE {MESSAGE} SET status = 'sending', attempts = attempts + 1, claim = ?,"
        f" lease_until = ? WHERE id IN (SELECT id FROM {MESSAGE} WHERE campaign_id = ? AND"
        " status = 'queued' ORDER BY id LIMIT ?) RETURNING id, \"to\", nonce, text, sender"
    )
    event = (
        f"INSERT INTO {EVENT} (message_id, smsbat_id, status, raw_status, source, occurred_at,"
        " recorded_at, payload, attempt, fingerprint) SELECT j.value->>0, j.value->>1, j.value->>2,"
        " j.value->>2, 'submit', ?, ?, j.value->>3, 1, j.value->>4 FROM json_each(?) j"
    )
    answer = (
        f"UPDATE {MESSAGE} SET status = r.s, smsbat_id = r.i, messagelist_id = ?, parts = 1,"
        " submitted_at = ?, next_poll_at = ?, claim = NULL, lease_until = NULL FROM"
        " (SELECT j.value->>0 AS k, j.value->>1 AS i, j.value->>2 AS s FROM json_each(?) j) r"
        f" WHERE {MESSAGE}.id = r.k"
    )

    def __init__(self, url: str) -> None:
        self.connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        self.connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")

    def run(self, sql: str, values: Sequence[Any]) -> Any:
        return self.connection.execute(sql, values)

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self.connection.executemany(sql, rows)

    def begin(self) -> None:
        self.connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self.connection.execute("COMMIT")


class Postgres(Sqlite):
    """The statements in PostgreSQL's dialect, with types."""

    mark = "%s"
    made = Sqlite.made.replace("?", "%s").replace(
        "abs(random()) % 2147483648", "floor(random() * 2147483647)::int"
    )
    one = Sqlite.one.replace("?", "%s")
    claim = (
        f"UPDATE {MESSAGE} SET status = 'sending', attempts = attempts + 1, claim = %s,"
        f" lease_until = %s FROM (SELECT id FROM {MESSAGE} WHERE campaign_id = %s AND"
        " status = 'queued' ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED) w"
        f' WHERE {MESSAGE}.id = w.id RETURNING {MESSAGE}.id, "to", nonce, text, sender'
    )
    event = (
        f"INSERT INTO {EVENT} (message_id, smsbat_id, status, raw_status, source, occurred_at,"
        " recorded_at, payload, attempt, fingerprint) SELECT (j->>0)::bigint, j->>1, j->>2, j->>2,"
        " 'submit', %s, %s, (j->>3)::jsonb, 1, (j->>4)::uuid FROM json_array_elements(%s::json) j"
    )
    answer = (
        f"UPDATE {MESSAGE} SET status = r.s, smsbat_id = r.i, messagelist_id = %s, parts = 1,"
        " submitted_at = %s, next_poll_at = %s, claim = NULL, lease_until = NULL FROM (SELECT"
        " (j->>0)::bigint AS k, j->>1 AS i, j->>2 AS s FROM json_array_elements(%s::json) j) r"
        f" WHERE {MESSAGE}.id = r.k"
    )

    def __init__(self, url: str) -> None:
        import psycopg

        self.connection = psycopg.connect(url, autocommit=True)

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        with self.connection.cursor() as cursor:
            cursor.executemany(sql, rows)

    def begin(self) -> None:
        self.connection.execute("BEGIN")


def connect(url: str) -> Sqlite:
    return Sqlite(url) if url.startswith("sqlite") else Postgres(url)


def launch(database: Sqlite, campaign_id: int, *, personal: bool) -> None:
    """Create the messages: one statement, or one `executemany` if each has its own text."""
    now = datetime.now(UTC).isoformat(" ")
    database.begin()
    if not personal:
        database.run(database.made, (campaign_id, stage.SENDER, stage.TEXT, now))
    else:
        database.many(database.one, personal_rows(database, campaign_id, now))
    database.commit()


def personal_rows(database: Sqlite, campaign_id: int, now: str) -> list[tuple[Any, ...]]:
    text = stage.PERSONAL.replace("{{ ", "{").replace(" }}", "}")
    people = database.run(
        "SELECT r.id, r.phone, r.name, r.attributes FROM smsbat_recipient r WHERE r.id IN"
        " (SELECT recipient_id FROM smsbat_recipientlist_recipients) ORDER BY r.id",
        (),
    )
    rows = []
    for key, phone, name, attributes in people:
        known = json.loads(attributes) if isinstance(attributes, str) else attributes
        message = text.format_map({"name": name, **known})
        rows.append((campaign_id, key, phone, stage.SENDER, message, now, random.getrandbits(31)))
    return rows


def submit(database: Sqlite, campaign_id: int, gateway: str, size: int) -> int:
    """Claim, commit, post and record, batch by batch; return the number of messages."""
    session = requests.Session()
    session.headers.update(
        {"X-Authorization-Key": "sandbox-key", "Content-Type": "application/json"}
    )
    total = 0
    while claimed := _claim(database, campaign_id, size):
        messages = [
            {
                "from": sender,
                "to": to,
                "type": "sms",
                "text": text,
                "customerMessageId": f"{key}-{nonce:08x}",
            }
            for key, to, nonce, text, sender in claimed
        ]
        body = json.dumps({"messages": messages}, ensure_ascii=False, separators=(",", ":"))
        answer = session.post(f"{gateway}/bat/messagelist", data=body.encode(), timeout=60).json()
        _record(database, answer)
        total += len(claimed)
    return total


def _claim(database: Sqlite, campaign_id: int, size: int) -> list[Any]:
    lease = datetime.fromtimestamp(time.time() + 300, UTC).isoformat(" ")
    database.begin()
    values = (uuid.uuid4().hex, lease, campaign_id, size)
    rows = list(database.run(database.claim, values).fetchall())
    database.commit()
    return rows


def _record(database: Sqlite, answer: dict[str, Any]) -> None:
    now = datetime.now(UTC).isoformat(" ")
    rows = [
        (
            int(item["customerMessageId"].partition("-")[0]),
            item["messageId"],
            item["status"],
            json.dumps(item),
            secrets.token_hex(16),
        )
        for item in answer["messages"]
    ]
    text = json.dumps(rows)
    database.begin()
    database.run(database.event, (now, now, text))
    values = (str(answer["messagelistId"]), now, now, text)
    database.run(database.answer, values)
    database.commit()
