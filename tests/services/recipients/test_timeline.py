"""One phone's page: each row shows the event, the person and the reason."""

from datetime import timedelta

import pytest

from django_smsbat.models import ConsentChange, InboundMessage, Message, Recipient, RecipientList
from django_smsbat.services.consent import changes
from django_smsbat.services.consent.changes import ConsentReason
from django_smsbat.services.inbound import receive
from django_smsbat.services.recipients.timeline import Happening, Kind, history_of
from tests.conftest import NOON, phone
from tests.services.inbound.test_receive import written

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(people):
    [known] = people(77, created_at=NOON - timedelta(days=30))
    Recipient.objects.update(created_at=NOON - timedelta(days=30))
    return Recipient.objects.get(pk=known.pk)


def left_out(person):
    return [one for one in history_of(person.phone, person) if one.kind is Kind.LEFT_OUT]


def test_what_we_sent_is_told_with_its_fate_and_its_campaign(queued, campaign):
    sale = campaign(status="sent", started_at=NOON)
    said = {"status": "failed", "error_code": "1003", "error_message": "no such phone"}
    message = queued(77, campaign=sale, text="Sale!", **said)
    made = message.created_at
    [told] = history_of(phone(77), None)
    assert told == Happening(
        made, Kind.SENT, "failed", "Sale!", sale, "1003: no such phone", message.pk
    )


def test_what_they_wrote_is_told_with_its_words():
    receive.receive(written(text="Hello"))
    key = InboundMessage.objects.get().pk
    assert history_of(phone(77), None) == [Happening(NOON, Kind.RECEIVED, words="Hello", key=key)]


def test_what_others_wrote_or_got_is_not_theirs(queued):
    queued(78)
    receive.receive(written(raw_phone="380670000078"))
    assert history_of(phone(77), None) == []


def test_each_change_of_consent_is_told_with_its_reason(person):
    changes.opt_out(person, ConsentReason(at=NOON, reason="asked"))
    changes.opt_in(person, ConsentReason(at=NOON + timedelta(hours=1), reason="came back"))
    told = [(one.kind, one.words) for one in history_of(person.phone, person)]
    assert told == [(Kind.OPTED_IN, "came back"), (Kind.OPTED_OUT, "asked")]


def test_a_campaign_to_other_lists_left_them_out_of_nothing(person, campaign):
    made = campaign(status="sent", started_at=NOON)
    made.lists.set([RecipientList.objects.create(name="Others")])
    assert left_out(person) == []


@pytest.mark.parametrize(
    "reached", [{"ending": 77}, {"ending": 99, "recipient": "them"}], ids=["phone", "person"]
)
def test_who_got_it_was_not_left_out_also_under_another_number(person, campaign, queued, reached):
    made = campaign(status="sent", started_at=NOON)
    if "recipient" in reached:
        reached = {**reached, "recipient": person}
    queued(**reached, campaign=made)
    assert Message.objects.filter(campaign=made).exists()
    assert left_out(person) == []


def test_who_opted_out_later_was_left_out_for_another_reason(person, campaign):
    campaign(status="sent", started_at=NOON)
    changes.opt_out(person, ConsentReason(at=NOON + timedelta(hours=1)), NOON + timedelta(hours=1))
    assert ConsentChange.objects.exists()
    [missed] = left_out(person)
    assert missed.why == ""


def test_who_had_come_back_by_then_was_left_out_for_another_reason(person, campaign):
    changes.opt_out(person, ConsentReason(at=NOON - timedelta(hours=2)))
    changes.opt_in(person, ConsentReason(at=NOON - timedelta(hours=1)))
    campaign(status="sent", started_at=NOON)
    [missed] = left_out(person)
    assert missed.why == ""
