"""SMS parts are counted as operators bill them."""

import pytest
from gsm0338 import Codec
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.gateway.sms_parts import BASIC, EXTENSION, Encoding, count_parts

GSM = sorted(BASIC | EXTENSION)


@pytest.mark.parametrize(
    ("text", "units", "parts"),
    [
        ("", 0, 0),
        ("a", 1, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("€" * 80, 160, 1),
        ("€" * 81, 162, 2),
        ("a" * 152 + "€" + "a" * 7, 161, 2),
    ],
)
def test_gsm_7bit(text, units, parts):
    counted = count_parts(text)
    assert (counted.encoding, counted.units, counted.parts) == (Encoding.GSM_7BIT, units, parts)


def test_an_escaped_character_is_never_split_between_parts():
    # 152 letters and a "€" of two septets: it does not fit into the first part's 153.
    assert count_parts("a" * 152 + "€" + "a" * 151).parts == 2
    assert count_parts("a" * 152 + "€" + "a" * 152).parts == 3


@pytest.mark.parametrize(
    ("text", "units", "parts"),
    [
        ("ї" * 70, 70, 1),
        ("ї" * 71, 71, 2),
        ("ї" * 134, 134, 2),
        ("ї" * 135, 135, 3),
        ("😀" * 35, 70, 1),
        ("😀" * 36, 72, 2),
        ("😀" * 66, 132, 2),
        ("😀" * 67, 134, 3),
    ],
)
def test_ucs_2_without_splitting_surrogate_pairs(text, units, parts):
    counted = count_parts(text)
    assert (counted.encoding, counted.units, counted.parts) == (Encoding.UCS_2, units, parts)


@pytest.mark.parametrize("character", "|^€{}[]~\\\f")
def test_the_extension_table_counts_two(character):
    assert count_parts(character).units == 2


def test_the_characters_that_forced_ucs_2_are_named_once_each():
    assert count_parts("Hello — мир — 😀").forced_by == ("—", "м", "и", "р", "😀")


def test_in_a_long_text_they_are_named_as_well():
    assert count_parts("😀" * 40).forced_by == ("😀",)
    assert count_parts("ї" * 80).forced_by == ("ї",)


def test_nothing_is_named_where_gsm_suffices():
    assert count_parts("Plain £5, é ü ñ Ω").forced_by == ()


@given(st.text(alphabet=st.sampled_from(GSM)))
def test_septets_are_those_of_the_codec(text):
    assert count_parts(text).units == len(Codec().encode(text)[0])


@given(st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])))
def test_parts_are_enough_and_not_more_than_one_too_many_for_pairs(text):
    counted = count_parts(text)
    room = {Encoding.GSM_7BIT: (160, 153), Encoding.UCS_2: (70, 67)}[counted.encoding]
    if counted.parts == 1:
        assert counted.units <= room[0]
    else:
        assert counted.units <= counted.parts * room[1]
        assert counted.units > (counted.parts - 1) * (room[1] - 1)
