"""The audience is known before the launch, with the reason for each exclusion."""

import pytest
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils import timezone

from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.models import Message, Recipient, RecipientList
from django_smsbat.services.campaigns import audience, lifecycle
from django_smsbat.services.campaigns.audience import tally
from django_smsbat.services.campaigns.rendering import Exclusion
from tests.conftest import phone

pytestmark = pytest.mark.django_db


def test_each_person_counts_once_whatever_the_lists_say(people, campaign):
    made = people(1, 2, 3)
    draft = campaign()
    other = RecipientList.objects.create(name="Other")
    other.recipients.set(made[:2])
    draft.lists.add(other)
    assert (tally(draft).recipients, tally(draft).repeated) == (3, 2)


def test_who_opted_out_is_left_out_of_what_is_promotional(people, campaign):
    people(1)
    people(2, opted_out_at=timezone.now())
    found = tally(campaign())
    assert (found.recipients, found.excluded[Exclusion.OPTED_OUT]) == (1, 1)
    assert found.examples == {Exclusion.OPTED_OUT: ""}


@pytest.mark.parametrize(
    "fields", [{"is_transactional": True}, {"type": "viber_trans", "is_transactional": False}]
)
def test_who_opted_out_still_gets_what_is_transactional(people, campaign, fields):
    people(2, opted_out_at=timezone.now())
    assert tally(campaign(**fields)).recipients == 1


def test_calling_viber_promotions_transactional_does_not_reach_who_opted_out(people, campaign):
    people(2, opted_out_at=timezone.now())
    assert tally(campaign(type="viber_promo", is_transactional=True)).recipients == 0


@pytest.mark.parametrize("text", ["Sale!", "Sale, {{ phone }}!"])
def test_an_invalid_number_leaves_a_person_out_unless_they_are_already(people, campaign, text):
    people(1)
    wrong = [*people(2, 4), *people(3, opted_out_at=timezone.now())]
    Recipient.objects.filter(pk__in=[one.pk for one in wrong]).update(
        phone=Concat(Value("0"), "phone")
    )
    draft = campaign(text=text)
    found = tally(draft)
    assert found.recipients == 1
    assert found.excluded == {Exclusion.INVALID_NUMBER: 2, Exclusion.OPTED_OUT: 1}
    lifecycle.launch(draft)
    assert [message.to for message in Message.objects.all()] == [phone(1)]


def test_a_missing_value_leaves_a_person_out_and_is_named(people, campaign):
    people(1, attributes={"city": "Kyiv"})
    people(2)
    found = tally(campaign(text="Hi from {{ city }}"))
    assert (found.recipients, found.excluded[Exclusion.MISSING_VALUE]) == (1, 1)
    assert found.examples[Exclusion.MISSING_VALUE] == "no value for {{ city }}"


def test_a_placeholder_takes_no_more_room_than_its_shortest_value(people, campaign):
    people(1, name="x")
    assert tally(campaign(type="viber_promo", text="y" * 999 + "{{ name }}")).recipients == 1


def test_a_text_that_is_too_long_once_filled_leaves_a_person_out(people, campaign):
    people(1, name="x" * 200)
    people(2, name="Ann")
    found = tally(campaign(type="viber_promo", text="y" * 900 + "{{ name }}"))
    assert (found.recipients, found.excluded[Exclusion.INVALID_CONTENT]) == (1, 1)


def test_parts_are_those_of_the_sms_or_of_the_fallback(people, campaign):
    people(1, 2)
    assert tally(campaign(text="x" * 161)).sms_parts == 4
    assert tally(campaign(type="viber_promo", text="x" * 500, fallback_text="ї")).sms_parts == 2
    assert tally(campaign(type="viber_promo", text="x" * 500)).sms_parts == 0


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "Hi {{ name"}, "text"),
        ({"type": "viber_promo", "text": "x", "fallback_text": "Hi {{ name"}, "fallback_text"),
        ({"type": "rcs", "text": "x", "message_data": {"buttons": ["{{ name"]}}, "message_data"),
        ({"type": "viber_promo", "text": "x", "message_data": {"img": "x"}}, "image_url"),
        ({"sender": "Занадто"}, "sender"),
        ({"ttl": 0}, "ttl"),
        ({"fallback_text": "x"}, "fallback_text"),
    ],
)
def test_content_that_could_be_sent_to_nobody_is_refused(people, campaign, fields, field):
    people(1)
    with pytest.raises(InvalidMessage) as refused:
        tally(campaign(**fields))
    assert refused.value.field == field


def test_a_sender_is_needed_somewhere(people, campaign, settings):
    settings.SMSBAT = {**settings.SMSBAT, "SENDER": ""}
    with pytest.raises(InvalidMessage, match="SENDER"):
        tally(campaign())


def test_who_joins_between_counting_and_writing_ends_the_launch(people, campaign, monkeypatch):
    people(1)
    made = campaign()
    original = audience._addresses

    def somebody_joins(*args):
        people(2)
        return original(*args)

    monkeypatch.setattr(audience, "_addresses", somebody_joins)
    with pytest.raises(lifecycle.ActionNotAllowed, match="in this very moment: try again"):
        lifecycle.launch(made)
    assert not made.messages.exists()


def test_own_fields_win_over_attributes_of_the_same_name(people, campaign):
    people(1, name="Olena", attributes={"name": "somebody else", "phone": "12"})
    made = campaign(text="{{ name }} {{ phone|default:'none' }}")
    lifecycle.launch(made)
    assert made.messages.get().text == f"Olena {phone(1)}"
