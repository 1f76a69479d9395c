"""A file for spreadsheets contains no formula from outside."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.services.csv_safety import harmless, original


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("", ""),
        ("Hi", "Hi"),
        ("1 - 1 = 0", "1 - 1 = 0"),
        ("+380671112233", "+380671112233"),
        ("+1+cmd()", "'+1+cmd()"),
        ("+", "'+"),
        ("+a1", "'+a1"),
        ("=cmd()", "'=cmd()"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("a;=cmd()", "a;'=cmd()"),
        ("a\n  +1", "a\n  '+1"),
        ("=a;@b", "'=a;'@b"),
        ("'=1", "''=1"),
        ("''-1", "'''-1"),
        ("a; '+b", "a; ''+b"),
        ("'+380671112233", "'+380671112233"),
        ("'Олена'", "'Олена'"),
        ("\t=1", "'\t'=1"),
        (" ;\u2003=1", " ;\u2003'=1"),
        ("＝cmd()", "'＝cmd()"),
        ("＋cmd()", "'＋cmd()"),
        ("－1", "'－1"),
        ("＠SUM(A1)", "'＠SUM(A1)"),
        ("a;＝cmd()", "a;'＝cmd()"),
    ],
)
def test_what_may_begin_a_formula_is_quoted(cell, shown):
    assert harmless(cell) == shown
    assert original(shown) == cell


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("'=1+1", "=1+1"),
        ("'-5", "-5"),
        ("=1", "=1"),
        ("'", "'"),
        ("Мар'яна", "Мар'яна"),
        ("'a", "'a"),
        ("a '=b", "a '=b"),
    ],
)
def test_only_an_apostrophe_before_a_formula_is_taken_off(cell, meant):
    assert original(cell) == meant


def test_every_form_of_a_character_that_begins_a_formula_is_quoted():
    forms = [
        one
        for one in map(chr, range(0x110000))
        if unicodedata.normalize("NFKC", one).startswith(("=", "+", "-", "@"))
    ]
    assert len(forms) > 4
    assert [one for one in forms if harmless(f"{one}cmd()") != f"'{one}cmd()"] == []
    assert [one for one in forms if original(f"'{one}cmd()") != f"{one}cmd()"] == []
    assert [one for one in forms if harmless(f"a;{one}cmd()") != f"a;'{one}cmd()"] == []


@given(st.one_of(st.text(alphabet="＝=+-@\t\r\n; 'a1\u2003"), st.text()))
def test_what_was_made_harmless_comes_back(cell):
    shown = harmless(cell)
    assert original(shown) == cell
    assert original(harmless(shown)) == shown


@pytest.mark.parametrize(
    "cell", ["\t \t" * 40_000, ";" * 100_000 + "a", "'" * 100_000, "\n'" * 50_000]
)
def test_a_long_cell_comes_back(cell):
    assert original(harmless(cell)) == cell


@given(st.text(alphabet="=+-@\t\r\n; a1"))
def test_no_cell_and_no_part_of_one_begins_a_formula(cell):
    shown = harmless(cell)
    assert not re.search(r"(?:[;\t\r\n]\s*)[=@+-]", shown)
    assert re.fullmatch(r"\+\d+", shown) or shown[:1] not in tuple("=+-@\t\r")
    assert shown.replace("'", "") == cell
