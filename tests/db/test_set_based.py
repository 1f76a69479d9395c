"""One statement for many different rows: the same on SQLite, PostgreSQL and MariaDB."""

from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import DataError, IntegrityError, connection, connections, transaction
from django.db.models import Value

from django_smsbat.db.prepared import Prepared
from django_smsbat.db.set_based import insert_from, insert_rows, keys_in, texts_in, update_rows
from django_smsbat.models import Message, Recipient, StatusEvent
from django_smsbat.models.status_event import insert_named
from tests.conftest import NOON, phone

pytestmark = pytest.mark.django_db
AWKWARD = "it's \"quoted\" – 'n' %s\\ ї 🙂 \n [1]"


class TestUpdateRows:
    def test_each_row_gets_its_own_values_in_one_statement(self, queued, django_assert_num_queries):
        keys = [queued(ending).pk for ending in range(5)]
        rows = [
            (key, "delivered", number, NOON, Decimal(f"0.{number}5"), f"{AWKWARD}{number}")
            for number, key in enumerate(keys)
        ]
        names = ("status", "parts", "final_at", "cost", "error_message")
        with django_assert_num_queries(1):
            update_rows(Message, names, rows)
        assert list(Message.objects.order_by("pk").values_list("pk", *names)) == rows

    def test_none_is_null_alone_and_among_others(self, queued):
        first, second = queued(1, parts=3, claim="1" * 32), queued(2, parts=4)
        update_rows(
            Message,
            ("parts", "claim", "final_at"),
            [(first.pk, None, None, None), (second.pk, 5, None, NOON)],
        )
        assert list(Message.objects.order_by("pk").values_list("parts", "claim", "final_at")) == [
            (None, None, None),
            (5, None, NOON),
        ]

    def test_other_rows_and_columns_stay(self, queued):
        row, _other = queued(1), queued(2)
        update_rows(Message, ("status",), [(row.pk, "changed")])
        assert set(Message.objects.values_list("status", "text")) == {
            ("changed", "Hi"),
            ("queued", "Hi"),
        }

    def test_nothing_to_write_is_no_query(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            update_rows(Message, ("status",), [])


class TestInsertRows:
    NAMES = (
        "smsbat_id",
        "raw_status",
        "source",
        "occurred_at",
        "recorded_at",
        "payload",
        "fingerprint",
    )

    def row(self, number, **changed):
        row = {
            "smsbat_id": f"s-{number}",
            "raw_status": "sent",
            "source": "local",
            "occurred_at": NOON,
            "recorded_at": NOON,
            "payload": {"text": AWKWARD, "n": [number, None, 0.5]},
            "fingerprint": UUID(int=number, version=5),
        }
        return tuple({**row, **changed}.values())

    def test_rows_come_in_as_they_were_given_and_the_rest_by_default(self):
        count = insert_rows(StatusEvent, self.NAMES, [self.row(1), self.row(2)])
        assert count == 2
        assert list(StatusEvent.objects.order_by("pk").values_list(*self.NAMES)) == [
            self.row(1),
            self.row(2),
        ]
        assert set(StatusEvent.objects.values_list("message", "attempt")) == {(None, 0)}

    def test_one_row_alone(self):
        insert_rows(StatusEvent, self.NAMES, [self.row(1)])
        assert StatusEvent.objects.values_list(*self.NAMES).get() == self.row(1)

    def test_known_rows_are_left_alone_on_demand(self):
        insert_rows(StatusEvent, self.NAMES, [self.row(1)])
        changed = [self.row(1, raw_status="other"), self.row(2)]
        with pytest.raises(IntegrityError), transaction.atomic():
            insert_rows(StatusEvent, self.NAMES, changed)
        insert_rows(StatusEvent, self.NAMES, changed, ignore_conflicts=True)
        assert sorted(StatusEvent.objects.values_list("smsbat_id", "raw_status")) == [
            ("s-1", "sent"),
            ("s-2", "sent"),
        ]

    def test_no_other_error_is_swallowed_with_them(self):
        if connection.vendor == "sqlite":
            pytest.skip("SQLite holds texts of any length")
        with pytest.raises(DataError), transaction.atomic():
            insert_rows(
                StatusEvent, self.NAMES, [self.row(1, raw_status="x" * 65)], ignore_conflicts=True
            )


def test_rows_are_made_of_a_query_in_its_order_with_constants(django_assert_num_queries):
    for ending in (3, 1, 2):
        Recipient.objects.create(phone=phone(ending), name=AWKWARD)
    source = Recipient.objects.values_list("pk", "phone", "name", Value(7))
    same = {"type": "sms", "message_data": {"a": AWKWARD}, "created_at": NOON, "ttl": None}
    with django_assert_num_queries(1):
        count = insert_from(Message, ("recipient", "to", "text", "nonce"), source, same)
    assert count == 3
    made = Message.objects.order_by("pk")
    assert [message.to for message in made] == [phone(3), phone(1), phone(2)]
    assert {(m.text, m.nonce, m.ttl, m.status) for m in made} == {(AWKWARD, 7, None, "queued")}
    assert made[0].message_data == {"a": AWKWARD}


def test_many_keys_and_texts_are_one_parameter(queued):
    keys = [queued(ending, text=f"{AWKWARD}{ending}").pk for ending in range(3)]
    assert Message.objects.filter(pk__in=keys_in(Message, keys[1:])).count() == 2
    wanted = [f"{AWKWARD}{ending}" for ending in (0, 2)]
    assert Message.objects.filter(text__in=texts_in(Message, wanted)).count() == 2
    assert Message.objects.filter(pk__in=keys_in(Message, [])).count() == 0


def test_a_database_without_a_dialect_is_named(monkeypatch):
    monkeypatch.setattr("django_smsbat.db.set_based.DIALECTS", {})
    with pytest.raises(NotImplementedError, match=connection.vendor):
        update_rows(Message, ("status",), [(1, "read")])


class TestNamedReports:
    """Events that name their message by SMSBAT's id: the database resolves the message itself."""

    NAMES = (
        "smsbat_id",
        "status",
        "raw_status",
        "source",
        "occurred_at",
        "recorded_at",
        "payload",
        "fingerprint",
    )

    def insert(self, *ids):
        rows = [
            (key, "sent", "sent", "callback", NOON, NOON, {"n": place}, f"{place:032x}")
            for place, key in enumerate(ids)
        ]
        return insert_named(self.NAMES, rows)

    def owned(self, message, smsbat_id, attempt=1):
        StatusEvent.objects.create(
            message=message,
            smsbat_id=smsbat_id,
            source="submit",
            occurred_at=NOON,
            recorded_at=NOON,
            attempt=attempt,
            fingerprint=uuid4(),
        )

    def test_each_finds_its_message_and_attempt_or_waits(self, queued):
        first, second = queued(1), queued(2)
        self.owned(first, "a")
        self.owned(second, "b", attempt=3)
        self.insert("b", "nobody", "a")
        found = StatusEvent.objects.filter(source="callback").order_by("fingerprint")
        told = list(found.values_list("smsbat_id", "message", "attempt"))
        assert told == [("b", second.pk, 3), ("nobody", None, 0), ("a", first.pk, 1)]

    def test_of_an_id_that_was_given_twice_the_later_attempt_counts(self, queued):
        message = queued()
        for attempt in (2, 1):
            self.owned(message, "a", attempt)
        self.insert("a")
        assert StatusEvent.objects.get(source="callback").attempt == 2

    def test_an_id_is_another_one_in_other_letters(self, queued):
        self.owned(queued(), "abc")
        self.insert("ABC")
        assert StatusEvent.objects.get(source="callback").message is None

    def test_a_known_one_is_left_out(self):
        self.insert("a", "b")
        if connection.vendor != "mysql":  # MariaDB does not report it
            assert self.insert("a", "b") == []
        assert StatusEvent.objects.count() == 2


class TestPrepared:
    def test_the_same_statement_serves_other_values(self, people, django_assert_num_queries):
        asked = Prepared(
            lambda phone: Recipient.objects.filter(phone=phone).values_list(
                "pk", "attributes", "created_at"
            ),
            phone=str,
        )
        one, other = people(1, 2, attributes={"city": AWKWARD})
        for person in (one, other, one):
            with django_assert_num_queries(1):
                [found] = asked(phone=person.phone)
            assert found == [person.pk, {"city": AWKWARD}, person.created_at]

    def test_it_lives_no_longer_than_its_connection(self):
        asked = Prepared(
            lambda phone: Recipient.objects.filter(phone=phone).values_list("pk"), phone=str
        )
        asked(phone="x")
        assert asked in connections["default"].__dict__["_smsbat_prepared"]

    def test_a_value_is_never_part_of_the_statement(self, people):
        asked = Prepared(
            lambda phone: Recipient.objects.filter(phone=phone).values_list("pk"), phone=str
        )
        people(1)
        assert asked(phone="' OR '1' = '1") == []
