"""What customers write is stored once, with who wrote it and what it answers."""

import pytest

from django_smsbat.models import InboundMessage, Recipient
from django_smsbat.services import inbound
from django_smsbat.services.inbound import Incoming
from django_smsbat.signals import inbound_received
from tests.conftest import NOON, phone

pytestmark = pytest.mark.django_db


def written(id_uuid="u-1", raw_phone="380670000077", text="Is it open?"):
    return Incoming(
        id_uuid=id_uuid,
        alpha_name="AcmeShop",
        phone=raw_phone,
        text=text,
        received_at=NOON,
        payload={"idUuid": id_uuid},
    )


def test_it_is_linked_to_who_wrote_it_and_to_the_last_message_they_got(people, queued):
    recipient = people(77)[0]
    queued(77)
    last = queued(77)
    queued(78)
    assert inbound.receive(written())
    stored = InboundMessage.objects.get()
    assert (stored.phone, stored.recipient, stored.in_reply_to) == (phone(77), recipient, last)


def test_the_same_message_twice_is_stored_once_and_announced_once(
    django_capture_on_commit_callbacks,
):
    heard = []

    def listen(inbound, **_):
        heard.append(inbound.text)

    inbound_received.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert inbound.receive(written())
            assert not inbound.receive(written(text="again"))
    finally:
        inbound_received.disconnect(listen)
    assert (InboundMessage.objects.count(), heard) == (1, ["Is it open?"])


def test_a_stranger_becomes_a_recipient(db):
    inbound.receive(written())
    assert InboundMessage.objects.get().recipient == Recipient.objects.get(phone=phone(77))


@pytest.mark.parametrize("raw", ["+123", "4040", "Viber", "+"])
def test_what_is_no_phone_is_kept_as_it_came(db, raw):
    inbound.receive(written(raw_phone=raw))
    stored = InboundMessage.objects.get()
    assert (stored.phone, stored.recipient) == (raw, None)


def test_neither_text_nor_phone_is_shown_by_its_repr(db):
    inbound.receive(written())
    shown = repr(written()) + repr(InboundMessage.objects.get())
    assert "open" not in shown
    assert phone(77) not in shown
