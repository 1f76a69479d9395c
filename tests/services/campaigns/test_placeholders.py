"""Placeholders reach only the recipient's own fields, and missing values are detected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.gateway.messages import Content, InvalidMessage
from django_smsbat.gateway.text import visible, with_line_feeds
from django_smsbat.models import Recipient
from django_smsbat.services.campaigns.placeholders import ContentTemplate, MissingValue, values_from
from django_smsbat.services.campaigns.rendering import values_of


def fill(text, **attributes):
    template = ContentTemplate(Content(type="sms", text=text))
    known = {**attributes, "phone": "+380671112233", "name": "Оля", "email": ""}
    return template.fill(values_from(known, template.fields)).text


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hi {{ name }}!", "Hi Оля!"),
        ("Hi {{name}}!", "Hi Оля!"),
        ("{{ phone }}", "+380671112233"),
        ("{{ city }}", "Київ"),
        ("{{ місто }}", "Львів"),
        ("{{ points }} / {{ ratio }}", "7 / 0.5"),
        ('{{ email|default:"no mail" }}', "no mail"),
        ("{{ nothing|default:'a \"b\"' }}", 'a "b"'),
        ('{{ nothing|default:"" }}!', "!"),
        ("no placeholder", "no placeholder"),
        ("{ name }", "{ name }"),
    ],
)
def test_placeholders_are_filled(text, filled):
    values = {"city": "Київ", "місто": "Львів", "points": 7, "ratio": 0.5}
    assert fill(text, **values) == filled


@pytest.mark.parametrize("value", ["", "  ", None, [], {}, ["x"], True])
def test_a_value_that_cannot_be_shown_is_missing(value):
    with pytest.raises(MissingValue) as missing:
        fill("{{ city }}", city=value)
    assert missing.value.field == "city"


@pytest.mark.parametrize(
    "text",
    [
        "{{ name.__class__ }}",
        "{{ attributes.city }}",
        "{% load x %}",
        "{{ name|upper }}",
        "{{ name }",
        "{{ first name }}",
        "}}",
        "{{ }}",
        "{{ name|default:x }}",
    ],
)
def test_anything_else_in_braces_is_refused_and_never_sent_raw(text):
    with pytest.raises(InvalidMessage) as refused:
        fill(text)
    assert refused.value.field == "text"


def test_a_value_that_looks_like_a_placeholder_stays_text():
    assert fill("{{ city }}", city="{{ name }}") == "{{ name }}"


def test_own_fields_win_over_attributes():
    assert fill("{{ name }}", name="Mallory") == "Оля"


def test_texts_inside_the_message_data_are_filled_too():
    data = {"carousel": {"items": [{"title": "{{ name }}"}]}, "n": 1}
    template = ContentTemplate(Content(type="viber_carousel", message_data=data))
    filled = template.fill({"name": "Оля"})
    assert filled.message_data == {"carousel": {"items": [{"title": "Оля"}]}, "n": 1}


def test_a_value_cannot_change_where_an_address_leads():
    data = {"buttonAction": "https://shop.example.com/?c={{ city }}"}
    filled = ContentTemplate(Content(type="viber_promo", message_data=data)).fill(
        {"city": "a&b/../?x#"}
    )
    assert filled.message_data["buttonAction"] == "https://shop.example.com/?c=a%26b%2F..%2F%3Fx%23"


def test_content_without_placeholders_is_not_personal():
    assert not ContentTemplate(Content(type="sms", text="Hi")).is_personal
    assert ContentTemplate(Content(type="sms", text="Hi", fallback_text="{{ name }}")).is_personal


def test_a_placeholder_filled_like_its_sample_is_still_personal():
    assert ContentTemplate(Content(type="sms", text="{{ name }}")).is_personal


@given(st.text(), st.text(min_size=1).filter(visible))
def test_filling_keeps_everything_around_the_placeholder(around, value):
    if any(mark in around for mark in ("{", "}")):
        return
    filled = ContentTemplate(Content(type="sms", text=f"{around}{{{{ city }}}}{around}"))
    expected = f"{around}{visible(with_line_feeds(value))}{around}"
    assert filled.fill({"city": value}).text == with_line_feeds(expected)


@pytest.mark.parametrize(
    ("attributes", "city"),
    [({"city": "Київ", "email": "not theirs"}, "Київ"), (["no names"], ""), (None, "")],
)
def test_a_persons_own_fields_stand_before_their_attributes(attributes, city):
    own = {"phone": "+380671112233", "name": "Оля", "email": "olya@example.com"}
    person = Recipient(**own, attributes=attributes)
    assert values_of(person, [*own, "city"]) == {**own, "city": city}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('Hi {{ name|default:"{{ city }}" }}!', "has braces in its default"),
        ('Hi {{ name|default:"{ city }" }}!', "has braces in its default"),
        ("Hi {{ name|default:'a}b' }}!", "has braces in its default"),
        ("Hi {{ contact.firstname }}", r"dots are not supported, write \{\{ firstname \}\}"),
        ("Hi {{ subscriber.name|default:'x' }}", r"dots are not supported, write \{\{ name \}\}"),
        ("Hi {{name | upper}}", "uses the filter upper"),
        ("Hi {{ name|default:'x'|title }}", "uses the filter title"),
        ("Hi {{ name|default:друже }}", "needs a default in straight quotes"),
        ("Hi {{ name|default:“друже” }}", "needs a default in straight quotes"),
        ("Hi {{ first name }}", "names no field"),
        ("Hi {{ Ім'я }}", "names no field"),
        ("Hi {{ name", "does not belong to a placeholder"),
        ("Hi {{{ name }}}", "has no partner"),
        ("Hi { name", "has no partner"),
        ("Hi name }", "has no partner"),
        ("Hi }{", "has no partner"),
        ("Hi {{ name }}}", "has no partner"),
    ],
)
@pytest.mark.parametrize("field", ["text", "fallback_text", "message_data"])
def test_braces_that_would_reach_a_phone_are_refused_with_advice(text, reason, field):
    value = {"survey": {"options": [text]}} if field == "message_data" else text
    with pytest.raises(InvalidMessage, match=reason) as refused:
        ContentTemplate(Content(type="viber_survey", **{field: value}))
    assert refused.value.field == field


@given(st.text("{}%ab |\"':.", max_size=30))
def test_no_double_brace_is_left_over_whatever_is_written(text):
    try:
        template = ContentTemplate(Content(type="sms", text=text))
        filled = template.fill({"a": "x", "b": "y", "ab": "z"}).text
    except (InvalidMessage, MissingValue):
        return
    assert "{{" not in filled
    assert "}}" not in filled


@pytest.mark.parametrize("value", ["\u200b", "\ufeff ", "\u2800", "\u3164", "\u00ad\u034f"])
def test_a_value_of_which_nothing_is_seen_is_missing(value):
    assert fill('Hi {{ city|default:"you" }}!', city=value) == "Hi you!"
    with pytest.raises(MissingValue):
        fill("{{ city }}", city=value)


def test_a_value_is_trimmed_of_what_cannot_be_seen():
    assert fill("{{ city }}!", city="\u200bЛьвів\u00a0") == "Львів!"


@pytest.mark.parametrize("value", ["a\r\nb", "a\rb"])
def test_a_line_break_in_a_value_is_one_character(value):
    assert fill("{{ city }}", city=value) == "a\nb"


def test_the_defaults_of_each_field_are_known():
    text = "{{ name|default:'you' }} {{ name|default:'du' }} {{ city }}"
    template = ContentTemplate(Content(type="sms", text=text, fallback_text=text))
    assert template.defaults == {"name": ("you", "du")}
