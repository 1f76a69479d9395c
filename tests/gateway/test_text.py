"""Which characters are visible, and how line breaks are counted."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.gateway.messages import (
    Button,
    CarouselItem,
    Content,
    InvalidMessage,
    Rcs,
    RcsCard,
    Sms,
    ViberCarousel,
    ViberPromo,
    ViberSurvey,
)
from django_smsbat.gateway.text import (
    INVISIBLE,
    removable,
    visible,
    with_line_feeds,
    without_invisible,
)
from tests.conftest import phone

FILLERS = "\u034f\u115f\u1160\u17b4\u2800\u3164\uffa0"
FLAG = "\U0001f3f4\U000e0067\U000e0062\U000e007f"
FAMILY = "\U0001f469\u200d\U0001f467"
BREAKS = ["a\r\nb", "a\rb", "a\nb"]


def test_every_space_control_and_format_character_is_invisible():
    drawn = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2}  # signs before numbers
    for code in [*range(0x3000), 0x3000, 0xFEFF, 0xFFF9, *range(0xE0020, 0xE0080)]:
        if code not in drawn and unicodedata.category(chr(code)) in ("Cc", "Cf", "Zs", "Zl", "Zp"):
            assert chr(code) in INVISIBLE, f"U+{code:04X}"


@pytest.mark.parametrize("char", FILLERS)
def test_fillers_among_letters_and_symbols_are_invisible(char):
    assert visible(char * 2) == ""


@given(st.text(st.characters(categories=["L", "N", "P"], exclude_characters=FILLERS), min_size=1))
def test_letters_digits_and_punctuation_are_seen(text):
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", ""),
        ("\u200b", ""),
        (" \u00a0\ufeff\t", ""),
        ("\u200b Оля \u2060", "Оля"),
        ("\u202aОля\u202c", "Оля"),
        ("\ufe0f", ""),
        ("Оля\u200bна", "Оля\u200bна"),
        ("Марія-\u00adАнна", "Марія-\u00adАнна"),
    ],
)
def test_only_the_ends_are_trimmed(text, seen):
    assert visible(text) == seen


@pytest.mark.parametrize("emoji", ["❤\ufe0f", FLAG, FAMILY, "1\ufe0f\u20e3"])
def test_an_emoji_keeps_what_it_is_made_of(emoji):
    assert visible(f"\u200b{emoji} \u200b") == emoji
    assert without_invisible(f"a{emoji}b") == f"a{emoji}b"


@given(st.text())
def test_trimming_twice_changes_nothing_more(text):
    assert visible(visible(text)) == visible(text)


def test_what_cannot_be_seen_is_replaced_by_what_looks_the_same():
    text = "а\u00a0б\u200bв\u200dг\u00ad\tд\n"
    assert without_invisible(text) == "а бвг д\n"
    assert removable(text) == ("\u00a0", "\u200b", "\u200d", "\u00ad", "\t")


@pytest.mark.parametrize("text", BREAKS)
def test_every_line_break_is_one_character(text):
    assert with_line_feeds(text) == "a\nb"
    assert Sms(to=phone(1), text=text).text == "a\nb"
    assert Content(type="sms", text=text, fallback_text=text).fallback_text == "a\nb"


def test_an_empty_line_stays():
    assert with_line_feeds("a\r\n\r\nb\r\rc") == "a\n\nb\n\nc"


def test_texts_inside_a_message_have_line_feeds_too():
    button = Button(label="Buy\r\nnow", url="https://shop.example.com/")
    item = CarouselItem(
        title="Tea\r", image_url="https://shop.example.com/a.png", primary_button=button
    )
    carousel = ViberCarousel(to=phone(1), text="a\r\nb", fallback_text="c\r\nd", items=[item])
    survey = ViberSurvey(to=phone(1), text="?", options=("Yes\r\n!", "No"))
    card = Rcs(to=phone(1), cards=[RcsCard(title="T", description="a\rb")])
    assert "\r" not in str([m.content().message_data for m in (carousel, survey, card)])
    assert (carousel.text, carousel.fallback_text) == ("a\nb", "c\nd")
    assert survey.options == ("Yes\n!", "No")


def test_the_limit_counts_a_line_break_once():
    text = "x" * 499 + "\r\n" + "x" * 500
    assert len(ViberPromo(to=phone(1), text=text).text) == 1_000


def test_the_data_of_content_have_line_feeds():
    data = {"survey": {"options": ["a\r\nb"]}}
    assert Content(type="viber_survey", message_data=data).message_data["survey"]["options"] == [
        "a\nb"
    ]
    assert data["survey"]["options"] == ["a\r\nb"], "the caller's own data stay as they were"


@pytest.mark.parametrize("text", ["\u200b", "\u2800\u3164", "\ufeff \n"])
def test_a_text_of_which_nothing_is_seen_is_empty(text):
    with pytest.raises(InvalidMessage, match="must not be empty"):
        Sms(to=phone(1), text=text)
