"""What a draft looks like, and what is wrong with it, before anybody saves it."""

import pytest

from django_smsbat.models import Campaign
from django_smsbat.services.composing import preview

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
