"""A launch sends each recipient exactly the text that the preview shows."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.models import Campaign, Message, Recipient, RecipientList
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.composer.preview import preview
from django_smsbat.services.exceptions import ActionNotAllowed
from tests.conftest import NOON, phone

pytestmark = pytest.mark.django_db
RIGHT = (
    *("Hi ", "Знижка", "\r\n", "\r", "\n", " ", "\u200b", "\u00a0", "{name}", "x" * 500, "€"),
    *("\U0001f469\u200d\U0001f467", "{{ name }}", "{{ city }}", "{{ email }}", "{{ phone }}"),
    *("{{ city|default:'town' }}", "{{ name|default:'' }}", "{{ name|default:'a\u200bb' }}"),
    *("{{ city|default:'a' }}", "{{ name|default:'b' }}"),
)
WRONG = (
    *("{", "}", "{{", "}}", "%}", "{{ contact.name }}", "{{ name|upper }}", "{{ Name }}"),
    '{{ name|default:"{{ city }}" }}',
)
NAME_MAX = 200  # the column's size in characters
VALUES = (
    *("", " ", "\u200b", "\ufe0f", "Оля", " Оля\u2060", "a\r\nb", "{{ name }}", "{{ city", "}"),
    *("x" * 600, "a&b/../?x#", "❤\ufe0f", "\u3164"),
)
right = st.lists(st.sampled_from(RIGHT), min_size=1, max_size=4).map("".join)
wrong = st.lists(st.sampled_from(RIGHT + WRONG), max_size=4).map("".join)
texts = st.one_of(right, right, right, right, right, wrong)
values = st.sampled_from(VALUES)
people = st.fixed_dictionaries(
    {
        "name": values.map(lambda value: value[:NAME_MAX]),
        "email": st.sampled_from(["", "olya@example.com"]),
        "attributes": st.fixed_dictionaries(
            {}, optional={"city": values | st.sampled_from([7, 0.5, True, None, []])}
        ),
        "opted_out_at": st.sampled_from([None, None, NOON]),
        "phone": st.sampled_from([phone(1), phone(1), "+38o67"]),
    }
)


options = st.sampled_from(["Так", "Yes\r\n!", "{{ name }}", "{{ city|default:'x' }}", "{{ x"])
links = st.sampled_from(["", "?c={{ city }}", "{{ name|default:'all' }}"])
data = {
    "viber_survey": st.builds(
        lambda *texts: {"survey": {"options": list(texts)}}, options, options
    ),
    "viber_promo": st.builds(
        lambda text, link: {
            "buttonText": text,
            "buttonAction": f"https://shop.example.com/{link}",
        },
        options,
        links,
    ),
}


@st.composite
def campaigns_of_any_type(draw):
    kind = draw(st.sampled_from(["sms", "viber_promo", "viber_trans", "viber_survey", "rcs"]))
    fields = {"type": kind, "text": draw(texts), "sender": draw(st.sampled_from(["", "Other"]))}
    if kind != "sms":
        fields["fallback_text"] = draw(texts | st.just(""))
    if kind in data:
        fields["message_data"] = draw(data[kind])
    if kind in ("sms", "rcs"):
        fields["is_transactional"] = draw(st.booleans())
    return fields


def launched(campaign):
    """Return the message's texts and data, or the sentence that refuses it."""
    try:
        lifecycle.launch(campaign)
    except (InvalidMessage, ActionNotAllowed) as error:
        return None, str(error)
    [message] = Message.objects.filter(campaign=campaign)
    return (message.sender, message.text, message.fallback_text, message.message_data), ""


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(campaigns_of_any_type(), people)
def test_the_preview_shows_what_is_sent_or_why_nothing_is(fields, person):
    with transaction.atomic():
        made = RecipientList.objects.create(name="All")
        recipient = Recipient.objects.create(**{**person, "phone": phone(1)})
        Recipient.objects.filter(pk=recipient.pk).update(phone=person["phone"])  # unvalidated
        recipient.refresh_from_db()
        made.recipients.add(recipient)
        campaign = Campaign.objects.create(name="Sale", **fields)
        campaign.lists.set([made])
        shown = preview(campaign, recipient)
        sent, refusal = launched(campaign)
        transaction.set_rollback(True)
    content = shown.content
    if shown.problem:
        assert refusal == f"{shown.wrong_field}: {shown.problem}"
    elif shown.exclusion:
        assert refusal == f"No recipient would get it: 1 {shown.exclusion}."
    else:
        as_shown = (content.sender, content.text, content.fallback_text, content.message_data)
        assert sent == as_shown
