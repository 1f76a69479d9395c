"""A draft's appearance, and its errors, before it is saved."""

import pytest

from django_smsbat.gateway.message_types import TYPES, MessageType
from django_smsbat.models import Campaign
from django_smsbat.services.composer.preview import preview

pytestmark = pytest.mark.django_db


def draft(**fields):
    return Campaign(**{"type": "viber_trans", "text": "Hi", **fields})


@pytest.mark.parametrize("text", ["Hi", "braces {{ are.braces }}"])
def test_what_is_sent_singly_is_literal(text):
    shown = preview(draft(text=text), is_literal=True)
    assert (shown.content.text, shown.problem, shown.missing) == (text, "", "")


def test_in_a_campaign_braces_are_placeholders():
    assert preview(draft(text="braces {{ are.braces }}")).wrong_field == "text"


@pytest.mark.parametrize("is_literal", [True, False])
def test_what_is_wrong_is_told_with_its_field(is_literal):
    shown = preview(draft(text=""), is_literal=is_literal)
    assert (shown.wrong_field, bool(shown.problem)) == ("text", True)


def test_it_is_counted_as_it_will_be_billed(people):
    [person] = people(77, name="Олена")
    shown = preview(draft(type="sms", text="Hi {{ name }}"), person)
    assert (shown.content.text, shown.recipient, shown.missing) == ("Hi Олена", person, "")
    assert (shown.characters, shown.most) == (8, None)
    assert (shown.sms.parts, shown.sms.encoding) == (1, "UCS-2")
    assert (shown.problem, shown.wrong_field) == ("", "")


def test_its_characters_are_counted_against_what_its_type_takes():
    shown = preview(draft(type="viber_promo", text="Sale!"))
    assert (shown.characters, shown.most) == (5, TYPES[MessageType.VIBER_PROMO].text_max)
    assert shown.most is not None


def test_what_no_operator_bills_has_no_parts():
    shown = preview(draft(text="Hi"))
    assert (shown.sms, shown.most, shown.missing) == (None, None, "")


def test_whose_value_is_missing_is_told(people):
    [person] = people(77)
    assert preview(draft(text="Hi {{ city }}"), person).missing == "city"


@pytest.mark.parametrize("transactional", [True, False])
def test_only_what_needs_consent_needs_a_way_out(transactional):
    shown = preview(draft(type="sms", text="Sale!", is_transactional=transactional))
    assert bool(shown.findings) is not transactional


def test_the_sender_of_an_account_that_is_no_more_is_nobody():
    shown = preview(draft(account="gone"), is_literal=True)
    assert (shown.content.sender, shown.problem) == ("", "")
