"""Columns follow their assignment, or else their headings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.services.recipients.imports.columns import (
    Assignment,
    Columns,
    InvalidAssignment,
    UnknownColumns,
)
from django_smsbat.services.recipients.imports.fields import AttributeType, Field


def uses(headings, *assignments):
    return [
        (column.field.value, column.attribute)
        for column in Columns.of(headings, assignments).columns
    ]


def test_other_columns_become_attributes_with_names_for_placeholders():
    assert uses(["Phone", "(Town, city)", "", None]) == [
        ("phone", ""),
        ("attribute", "Town_city"),
        ("ignore", ""),
        ("ignore", ""),
    ]


def test_an_assigned_phone_replaces_the_recognised_ones():
    assert uses(["Phone", "Name", "Contact"], "phone=Contact") == [
        ("attribute", "Phone"),
        ("name", ""),
        ("phone", ""),
    ]


def test_a_column_can_be_ignored():
    assert uses(["Phone", "Comment"], "ignore=Comment")[1] == ("ignore", "")


def test_an_attribute_can_have_another_name_and_a_type():
    column = Columns.of(["Phone", "Бонус"], ["bonus:number=Бонус"]).columns[1]
    assert (column.attribute, column.type) == ("bonus", AttributeType.NUMBER)


def test_a_column_can_be_named_by_its_place():
    assert uses(["Телефон", "Телефон"], "phone=#2") == [("attribute", "Телефон"), ("phone", "")]


def test_all_columns_with_an_assigned_heading_are_meant():
    assert uses(["X", "X"], "phone=X") == [("phone", ""), ("phone", "")]


@pytest.mark.parametrize(
    ("assignment", "advice"),
    [
        ("phone", "write FIELD=HEADING"),
        ("=Phone", "write FIELD=HEADING"),
        ("phone=", "write FIELD=HEADING"),
        ("first name=Name", "cannot be a placeholder"),
        ("bonus:money=Points", "'money' is not a type"),
    ],
)
def test_an_assignment_that_cannot_be_read_is_refused(assignment, advice):
    with pytest.raises(InvalidAssignment, match=advice):
        Assignment.parse(assignment)


@pytest.mark.parametrize("heading", ["Mobile", "#9", "#0"])
def test_a_heading_that_is_not_there_is_refused_with_those_that_are(heading):
    with pytest.raises(UnknownColumns, match="there are Phone, City"):
        Columns.of(["Phone", "City"], [f"phone={heading}"])


@given(
    st.sampled_from(["phone", "city", "bonus:number", "born:date", "vip:boolean", "ignore"]),
    st.text(min_size=1).filter(lambda text: text.strip() == text),
)
def test_an_assignment_is_written_as_it_is_read(use, heading):
    written = f"{use}={heading}"
    assert str(Assignment.parse(written)) == written


@pytest.mark.parametrize(
    ("headings", "words"),
    [
        (["a", "", "b"], "there are a, b"),
        ([""], "there are no headings"),
        (["0671112233", "Olena"], "row 1 holds no headings"),
    ],
)
def test_without_phones_the_refusal_tells_why(headings, words):
    with pytest.raises(UnknownColumns, match=words) as refused:
        Columns.of(headings).require_phone()
    assert "0671112233" not in str(refused.value)


def test_the_columns_of_a_file_of_rejects_that_were_added_are_ignored():
    assert uses(["row", "reason", "phone", "city"])[:2] == [("ignore", ""), ("ignore", "")]


def test_the_time_of_creation_in_an_older_export_is_ignored():
    headings = ["phone", "name", "e-mail", "attributes", "opted out at", "created at"]
    assert [use for use, _ in uses(headings)][3:] == ["attributes", "opted_out", "ignore"]
    assert uses(["phone", "created at"])[1] == ("attribute", "created_at")


@pytest.mark.parametrize("name", ["mobile", "viber", "Телефон", "phone 2", "opted out", "name"])
def test_an_exported_attribute_is_never_taken_for_a_field(name):
    [column] = Columns.of([f"attribute:{name}:text"]).columns
    assert (column.field, column.attribute) == (Field.ATTRIBUTE, name)


def test_a_column_that_is_assigned_twice_is_refused():
    with pytest.raises(UnknownColumns, match="column 1 is assigned twice"):
        Columns.of(["X"], ["name=X", "email=X"])


def test_a_title_above_the_headings_is_named_as_such():
    with pytest.raises(UnknownColumns, match="row 1 holds no headings"):
        Columns.of(["Clients of November", "", ""]).require_phone()


def test_an_exported_attribute_keeps_its_exact_name_and_type():
    [column] = Columns.of(["attribute:my city:number"]).columns
    assert (column.field, column.attribute) == (Field.ATTRIBUTE, "my city")
    assert column.type is AttributeType.NUMBER
