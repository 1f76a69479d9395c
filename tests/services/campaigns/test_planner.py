"""Analysing a table during a launch does not turn batches into scans."""

import statistics
import time
from itertools import pairwise

import pytest
from django.db import connection, transaction

from django_smsbat.db.set_based import insert_from, insert_rows
from django_smsbat.models import Message, Recipient, RecipientList
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.sending import worker
from tests.conftest import NOON, phone
from tests.support.scripted import ScriptedClient, answer_by_phone

BATCH, PEOPLE = 1_000, 20_000


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_no_batch_reads_the_whole_table(campaign, settings, clock):
    if connection.vendor != "postgresql":
        pytest.skip(f"it is PostgreSQL's planner that is misled, not {connection.vendor}'s")
    settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": BATCH}
    made = campaign()
    everybody = RecipientList.objects.get(name="All")
    rows = [(phone(number), NOON) for number in range(PEOPLE)]
    insert_rows(Recipient, ("phone", "created_at"), rows)
    keys = list(Recipient.objects.order_by("pk").values_list("pk", flat=True))
    enlist(everybody, keys[:20])
    with transaction.atomic():  # the statistics of a nearly empty table
        lifecycle.launch(made)
        run("ANALYZE smsbat_message")
    enlist(everybody, keys[20:])
    lifecycle.launch(campaign())
    scanned = rows_scanned()
    seconds = []

    def note(_messages):
        seconds.append(time.perf_counter())

    client = ScriptedClient([answer_by_phone()] * (PEOPLE // BATCH + 2), before_send=note)
    worker.submit_queued(client=client, clock=clock)
    assert Message.objects.filter(status="accepted").count() == PEOPLE + 20
    batches = [after - before for before, after in pairwise(seconds)]
    assert max(batches) <= 5 * statistics.median(batches)
    # Each batch may scan the table a few times, but never once per row.
    assert rows_scanned() - scanned < 20 * PEOPLE


def enlist(everybody, keys):
    from django.db.models import Value

    people = Recipient.objects.filter(pk__gte=keys[0], pk__lte=keys[-1])
    source = people.values_list("pk", Value(everybody.pk))
    insert_from(Recipient.lists.through, ("recipient", "recipientlist"), source, {})


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def rows_scanned():
    """Return the rows that sequential scans of the table have read so far."""
    run("SELECT pg_stat_force_next_flush()")
    run("SELECT pg_stat_clear_snapshot()")
    found = run("SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'smsbat_message'")
    return found[0][0]
