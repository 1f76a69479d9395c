"""What the models promise by themselves."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from django_smsbat.models import Campaign, Message, Recipient, StatusEvent
from django_smsbat.models.set_based import update_rows
from tests.conftest import NOON, phone

pytestmark = pytest.mark.django_db

PROMISED = {
    Recipient: "phone name email attributes opted_out_at",
    Campaign: "name is_transactional status pause_reason type sender text message_data ttl "
    "fallback_text lists scheduled_at started_at finished_at",
    Message: "campaign recipient to type sender text message_data ttl fallback_text status "
    "smsbat_id messagelist_id parts cost currency attempts error_code error_message created_at "
    "submitted_at final_at",
    StatusEvent: "message smsbat_id status raw_status source occurred_at recorded_at payload",
}


@pytest.mark.parametrize("model", PROMISED)
def test_the_promised_fields_are_there(model):
    assert set(PROMISED[model].split()) <= {field.name for field in model._meta.get_fields()}


@pytest.mark.parametrize(
    "written", ["067 000 00 77", "80670000077", "+380670000077", "380670000077"]
)
def test_a_phone_is_kept_in_e164_however_it_was_written(written):
    assert Recipient.objects.create(phone=written).phone == phone(77)
    assert Recipient.objects.get().phone == phone(77)


def test_bulk_creation_keeps_phones_in_e164_too():
    Recipient.objects.bulk_create([Recipient(phone="067 000 00 77")])
    assert Recipient.objects.get().phone == phone(77)


def test_a_phone_that_is_none_is_not_stored():
    with pytest.raises(ValidationError):
        Recipient.objects.create(phone="12")


def test_looking_for_what_is_no_phone_finds_nothing():
    assert not Recipient.objects.filter(phone="12").exists()


def test_one_phone_is_one_recipient():
    Recipient.objects.create(phone=phone(1))
    with pytest.raises(IntegrityError), transaction.atomic():
        Recipient.objects.create(phone=phone(1)[1:])


def test_money_is_decimal():
    assert isinstance(Message._meta.get_field("cost"), models.DecimalField)


def test_no_models_own_name_shows_a_whole_phone(queued):
    message = queued(77)
    recipient = Recipient.objects.create(phone=phone(77))
    assert phone(77) not in f"{message} {message!r} {recipient} {recipient!r}"


def test_an_event_with_a_key_that_exists_does_not_overwrite():
    def event():
        return StatusEvent(
            pk=1,
            raw_status="x",
            source="local",
            occurred_at=NOON,
            recorded_at=NOON,
            fingerprint="0" * 32,
        )

    event().save()
    with pytest.raises(IntegrityError), transaction.atomic():
        event().save()


class TestUpdateRows:
    def test_each_row_gets_its_own_values(self, queued, django_assert_num_queries):
        rows = [queued(ending) for ending in range(5)]
        for number, row in enumerate(rows):
            row.status, row.parts, row.final_at = "delivered", number, NOON
            row.cost, row.error_message = f"0.{number}5", "it's \"quoted\" – 'n' %s\\"
        with django_assert_num_queries(1):
            update_rows(rows, ("status", "parts", "final_at", "cost", "error_message"))
        for number, row in enumerate(Message.objects.order_by("pk")):
            assert (row.status, row.parts, row.final_at) == ("delivered", number, NOON)
            assert str(row.cost).rstrip("0") == (f"0.{number}5")
            assert row.error_message == "it's \"quoted\" – 'n' %s\\"

    def test_none_is_null(self, queued):
        row = queued(1, parts=3, claim="1" * 32)
        row.parts = row.claim = None
        update_rows([row], ("parts", "claim"))
        row.refresh_from_db()
        assert (row.parts, row.claim) == (None, None)

    def test_other_rows_and_columns_stay(self, queued):
        row, other = queued(1), queued(2)
        row.status = row.text = "changed"
        update_rows([row], ("status",))
        assert set(Message.objects.values_list("status", "text")) == {
            ("changed", "Hi"),
            ("queued", "Hi"),
        }
        assert other.pk

    def test_nothing_to_write_is_no_query(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            update_rows([], ("status",))

    def test_a_database_without_a_dialect_is_left_to_the_orm(self, queued, monkeypatch):
        monkeypatch.setattr("django_smsbat.models.set_based._DIALECTS", {})
        row = queued(1)
        row.status = "read"
        update_rows([row], ("status",))
        assert Message.objects.get().status == "read"
