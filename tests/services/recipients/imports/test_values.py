"""Numbers, dates, yes and no are read as people and spreadsheets write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.services.recipients.imports import values


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("5", 5),
        ("1 234,50", 1234.5),
        ("1,234.50", 1234.5),
        ("1.234,50", 1234.5),
        ("12\u00a0345", 12345),
        ("-7,5", -7.5),
        ("0.1", 0.1),
        (7, 7),
        (7.0, 7),
    ],
)
def test_a_number_is_read(cell, number):
    assert values.number(cell) == number


@pytest.mark.parametrize("cell", ["", "five", "1,2,3.4.5", "1-2", True, "inf", float("nan"), "12%"])
def test_what_is_no_number_is_refused(cell):
    with pytest.raises(ValueError, match="number"):
        values.number(cell)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-02-28", "2026-02-28"),
        ("2026-02-28 10:30:00", "2026-02-28"),
        ("28.02.2026", "2026-02-28"),
        ("28/02/2026", "2026-02-28"),
        ("02/28/2026", "2026-02-28"),
        ("1.5.1990", "1990-05-01"),
        ("28.02.2026 23:59", "2026-02-28"),
    ],
)
def test_a_date_is_read(cell, day):
    assert values.day(cell) == day


@pytest.mark.parametrize("cell", ["", "soon", "31.02.2026", "2026-13-01", "28.02.26", 7, None])
def test_what_is_no_date_is_refused(cell):
    with pytest.raises(ValueError, match=r"\w"):
        values.moment(cell)


def test_a_time_without_a_zone_is_that_of_the_site(settings):
    settings.TIME_ZONE = "Europe/Kyiv"
    assert values.moment("2026-07-01 12:00").isoformat() == "2026-07-01T12:00:00+03:00"


@pytest.mark.parametrize(
    ("cell", "is_yes"),
    [
        *((word, True) for word in ("yes", "Так", " ДА ", "1", 1, "TRUE", True, "+", "x")),
        *((word, False) for word in ("no", "Ні", "нет", "0", 0, "FALSE", False, "-", "—")),
    ],
)
def test_yes_and_no_are_read(cell, is_yes):
    assert values.boolean(cell) is is_yes


@pytest.mark.parametrize("cell", ["maybe", "2", ""])
def test_what_is_neither_yes_nor_no_is_refused(cell):
    with pytest.raises(ValueError, match="neither"):
        values.boolean(cell)


@pytest.mark.parametrize("cell", ["#N/A", "#Н/Д", "#REF!", " #ДІЛ/0! ".strip(), "#ЗНАЧ!"])
def test_what_a_spreadsheet_shows_for_an_error_is_known(cell):
    assert values.is_error(cell)
    assert not values.is_error(cell.strip("#"))


@given(st.one_of(st.text(), st.integers(), st.floats()))
def test_any_cell_is_converted_or_refused(cell):
    for convert in values.CONVERTERS.values():
        try:
            convert(cell)
        except ValueError:
            continue
