"""What somebody may have overlooked in a text."""

import pytest

from django_smsbat.gateway.messages import Content
from django_smsbat.services.lint import Concern, lint


def found(text, *, promotional=False, kind="sms", **more):
    content = Content(type=kind, text=text, **more)
    return {one.concern: one for one in lint(content, promotional=promotional)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Привіт, Oлено", ("Oлено",)),  # a Latin O
        ("Sаle", ("Sаle",)),  # a Cyrillic a
        ("Купуй в Shop-центрі", None),
        ("Wi-Fi у кав'ярні", None),
        ("Звичайний текст and plain words", None),
        ("У Shop'ом і Shop-ом", None),
    ],
)
def test_letters_of_two_alphabets_in_one_word(text, words):
    told = found(text).get(Concern.MIXED_ALPHABETS)
    assert (told.what if told else None) == words


def test_one_character_that_makes_an_sms_dearer():
    told = found("a" * 100 + "—")[Concern.DEARER]
    assert (told.what, told.parts) == (("—",), (2, 1))


@pytest.mark.parametrize("text", ["Коротко", "a" * 100, "Довгий текст українською " * 10])
def test_what_costs_no_more_by_it_is_not_told(text):
    assert Concern.DEARER not in found(text)


def test_what_counts_twice_in_gsm_does_so_in_the_comparison_too():
    told = found("a" * 140 + "€" * 15 + "—")[Concern.DEARER]
    assert told.parts == (3, 2)


def test_one_character_stands_for_each_that_is_dearer():
    assert found("a" * 158 + "—")[Concern.DEARER].parts == (3, 1)


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("text", {"kind": "sms"}),
        ("fallback_text", {"kind": "viber_promo", "fallback_text": "Sаle {name}"}),
    ],
)
def test_each_finding_names_its_field_and_what_it_is(field, more):
    told = found("Sаle {name}" if field == "text" else "Hi", promotional=True, **more)
    assert {(one.concern, one.field, one.what) for one in told.values()} == {
        (Concern.MIXED_ALPHABETS, field, ("Sаle",)),
        (Concern.RAW_PLACEHOLDER, field, ("{name}",)),
        (Concern.NO_WAY_OUT, field, ("STOP",)),
    }


def test_it_is_the_fallback_that_an_operator_bills():
    told = found("Viber—", kind="viber_promo", fallback_text="a" * 100 + "—")
    assert told[Concern.DEARER].field == "fallback_text"


@pytest.mark.parametrize(
    ("text", "promotional", "missing"),
    [
        ("Sale!", True, True),
        ("Sale! Reply STOP", True, False),
        ("Знижки! Відмова: стоп", True, False),
        ("Nonstop sale", True, True),
        ("Your code", False, False),
        ("Sale until the end of May! Cancel or quit at any time", True, True),
    ],
)
def test_a_promotional_sms_says_how_to_opt_out(text, promotional, missing):
    assert (Concern.NO_WAY_OUT in found(text, promotional=promotional)) is missing


@pytest.mark.parametrize("keyword", ["STOP1", "не хочу"])
def test_any_keyword_of_the_site_is_a_way_out(settings, keyword):
    settings.SMSBAT = {**settings.SMSBAT, "OPT_OUT_KEYWORDS": [keyword]}
    assert Concern.NO_WAY_OUT not in found(f"Sale! {keyword.upper()}.", promotional=True)
    assert Concern.NO_WAY_OUT in found("Sale!", promotional=True)


def test_a_keyword_that_is_an_ordinary_word_is_a_way_out_if_a_site_has_no_other(settings):
    settings.SMSBAT = {**settings.SMSBAT, "OPT_OUT_KEYWORDS": ["END"]}
    assert Concern.NO_WAY_OUT not in found("Sale! Reply END", promotional=True)


def test_without_keywords_there_is_no_way_out_to_tell_of(settings):
    settings.SMSBAT = {**settings.SMSBAT, "OPT_OUT_KEYWORDS": []}
    assert Concern.NO_WAY_OUT not in found("Sale!", promotional=True)


def test_viber_has_its_own_way_out():
    assert Concern.NO_WAY_OUT not in found("Sale!", promotional=True, kind="viber_promo")


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("Hi {name}", ("{name}",)),
        ("Hi %name%", ("%name%",)),
        ("Hi [Name]", ("[Name]",)),
        ("Hi ${name}", ("${name}",)),
        ("Hi #name#", ("#name#",)),
        ('Hi {{ name|default:"you" }}', None),
        ("Save 10% and 20%", None),
        ("a < b > c", None),
        ("Save $20, order #5, room [12], 5%off% ", None),
        ("Hi {{ name }", ("{{ name }",)),
        ("Hi { name }}", ("{ name }}",)),
        ('Hi {{ name|default:"[you]" }}', None),
    ],
)
def test_what_looks_like_a_placeholder_and_is_none(text, raw):
    told = found(text).get(Concern.RAW_PLACEHOLDER)
    assert (told.what if told else None) == raw
