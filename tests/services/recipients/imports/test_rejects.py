"""Rejected rows are returned unchanged: after correction, they can be imported."""

import csv

import pytest

from django_smsbat.models import Recipient
from django_smsbat.services.recipients import imports
from django_smsbat.services.recipients.imports import Reading
from tests.conftest import phone

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "value", ["@olena_shop", "-10%", "=Ivan", "'quoted'", "+text", "a;=b", "tab\tx", "Олена"]
)
def test_a_corrected_row_brings_the_original_values(table, value):
    path = table()
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["phone", "nick", "note"], ["x", value, value]])
    result = imports.import_file(path, "All")
    corrected = result.rejects.read_text(encoding="utf-8-sig").replace(",x,", ",0670000077,")
    imports.import_file(table(corrected, name="corrected.csv"), "All")
    person = Recipient.objects.get()
    assert person.attributes == {"nick": value, "note": value}


def test_headings_are_no_formulas_for_a_spreadsheet(table):
    result = imports.import_file(table("phone,=cmd()", "x,1"), "All")
    heading = result.rejects.read_text(encoding="utf-8-sig").splitlines()[0]
    assert heading == "row,reason,phone,'=cmd()"


def test_a_shifted_row_of_an_erased_person_is_not_written_down(table, people):
    from django_smsbat.services.retention import erase

    people(77)
    erase.erase(phone(77))
    result = imports.import_file(table("phone,name", "0670000077,Коваль, Олена"), "All")
    assert result.rejected == 1
    assert "Коваль" not in result.rejects.read_text(encoding="utf-8-sig")


def test_a_wrong_email_costs_only_the_email(table):
    result = imports.import_file(table("phone,name,email", "0670000077,Olena,-"), "All")
    person = Recipient.objects.get()
    assert (person.name, person.email) == ("Olena", "")
    assert (result.left_out, result.rejected) == (1, 0)


def test_a_wrong_email_does_not_overwrite_a_stored_one(table, people):
    people(77, email="olena@example.com")
    imports.import_file(table("phone,email", "0670000077,nowhere"), "All")
    assert Recipient.objects.get().email == "olena@example.com"


def test_a_value_of_another_type_costs_only_the_value(table):
    path = table("phone,Бонус", "0670000077,many")
    result = imports.import_file(path, "All", Reading(columns=["bonus:number=Бонус"]))
    assert Recipient.objects.get().attributes == {}
    assert result.left_out == 1


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("bonus:number=X", "1 234,5", 1234.5),
        ("born:date=X", "01.05.1990", "1990-05-01"),
        ("vip:boolean=X", "так", True),
        ("code=X", "007", "007"),
    ],
)
def test_an_attribute_is_converted_to_its_type(table, column, cell, value):
    path = table("phone;X", f"0670000077;{cell}")
    imports.import_file(path, "All", Reading(columns=[column]))
    assert list(Recipient.objects.get().attributes.values()) == [value]


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#Н/Д"])
def test_an_error_of_a_spreadsheet_is_an_empty_cell(table, reasons, error):
    imports.import_file(table("phone,name,city", f"0670000077,{error},{error}"), "All")
    person = Recipient.objects.get()
    assert (person.name, person.attributes) == ("", {})
    result = imports.import_file(table("phone", error), "All")
    assert reasons(result) == [f"phone: the spreadsheet shows the error {error} here"]


@pytest.mark.parametrize("number", [380670000000, 3.8067e11, 380671000000])
def test_a_number_cell_that_lost_its_digits_is_refused(workbook, reasons, number):
    result = imports.import_file(workbook(["phone"], [number]), "All")
    assert "cut the number short" in reasons(result)[0]


def test_a_number_cell_with_all_its_digits_is_taken(workbook):
    imports.import_file(workbook(["phone"], [380670000077], [670000078]), "All")
    assert Recipient.objects.count() == 2


@pytest.mark.parametrize(
    ("row", "chosen"),
    [
        ("0441234567,0670000077", 77),
        (",0670000077", 77),
        ("0670000078,0670000077", 77),
        ("0670000078,", 78),
    ],
)
def test_of_several_phones_the_first_mobile_one_is_taken(table, row, chosen):
    imports.import_file(table("phone,mobile", row), "All")
    assert Recipient.objects.get().phone == phone(chosen)


@pytest.mark.parametrize("junk", ["-", "немає", "0", "#N/A", "так", "06700", "067 111 XX XX"])
def test_what_is_no_mobile_number_leaves_it_to_the_next_column(table, junk):
    imports.import_file(table("Мобільний;Телефон", f"{junk};0670000077"), "All")
    assert Recipient.objects.get().phone == phone(77)


@pytest.mark.parametrize("number", ["#1001", "501234567", "12-34"])
def test_a_number_is_not_taken_for_a_name(table, number):
    result = imports.import_file(table("Name,Phone", f"{number},0670000077"), "All")
    assert (Recipient.objects.get().name, result.left_out) == ("", 1)


def test_a_landline_alone_is_refused(table, reasons):
    result = imports.import_file(table("phone", "044 123 45 67"), "All")
    assert "give a mobile number" in reasons(result)[0]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("067 111 XX XX", "letters among the digits"),
        ("067 000 00 77 ::: 067 000 00 78", "give each a row of its own"),
        ("3.80671E+11", "cut the number short"),
        ("12", "not a valid phone number"),
    ],
)
def test_the_reason_fits_what_is_wrong_with_the_phone(table, reasons, written, reason):
    result = imports.import_file(table("phone;name", f"{written};Olena"), "All")
    assert reason in reasons(result)[0]
