"""The guarantees of the models themselves."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from django_smsbat.models import Campaign, Message, Recipient, StatusEvent
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
