"""A file that a spreadsheet opens holds no formula of a stranger's."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.services.spreadsheets import harmless


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
    ],
)
def test_what_may_begin_a_formula_is_quoted(cell, shown):
    assert harmless(cell) == shown


@given(st.text(alphabet="=+-@\t\r\n; a1"))
def test_no_cell_and_no_part_of_one_begins_a_formula(cell):
    shown = harmless(cell)
    assert not re.search(r"(?:[;\t\r\n]\s*)[=@+-]", shown)
    assert re.fullmatch(r"\+\d+", shown) or shown[:1] not in tuple("=+-@\t\r")
    assert shown.replace("'", "") == cell
