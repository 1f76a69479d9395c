"""An import shows its interpretation before it stores anything."""

import pytest
from django.core.management import CommandError, call_command

from django_smsbat.models import ColumnMapping, Recipient
from django_smsbat.services.recipients import imports
from django_smsbat.services.recipients.imports import mappings
from tests.conftest import NOON, phone

pytestmark = pytest.mark.django_db


def uses(preview):
    return {one.column.heading: one.column.field.value for one in preview.columns}


def test_it_shows_what_each_column_is_taken_for(table):
    preview = imports.preview(
        table("Number,Customer,Phone,Місто", "501234567,Olena,0670000077,Київ")
    )
    assert uses(preview) == {
        "Number": "attribute",
        "Customer": "name",
        "Phone": "phone",
        "Місто": "attribute",
    }
    assert preview.columns[3].samples == ("Київ",)
    assert not Recipient.objects.exists()


def test_it_shows_the_first_recipients_as_they_will_be(table, people):
    people(77, name="Olena", attributes={"vip": 1})
    lines = ("phone,name,city,opted_out", "0670000077,,Kyiv,", "x,,,", "0670000078,Taras,,yes")
    known, new = imports.preview(table(*lines)).people
    assert (known.is_new, known.person.name) == (False, "Olena")
    assert known.person.attributes == {"vip": 1, "city": "Kyiv"}
    assert (new.is_new, new.opts_out) == (True, True)


def test_it_counts_as_the_import_will(table, people):
    people(77)
    lines = ("phone,name,opted_out", "0670000077,Olena,yes", "0670000078,,yes", "x,,", "0670000079")
    path = table(*lines)
    expected = imports.preview(path).result.counts()
    assert imports.import_file(path, "All").counts() == expected
    assert expected["opted_out"] == 2


def test_it_shows_the_rejected_rows_with_their_reasons(table):
    preview = imports.preview(table("phone,name", "x,Olena"))
    [[number, reason, *cells]] = preview.rejects
    assert (number, cells) == ("2", ["x", "Olena"])
    assert "not a valid phone number" in reason


def test_a_file_without_a_phone_column_still_shows_its_columns(table):
    preview = imports.preview(table("Contact person,Town", "0670000077,Lviv"))
    assert "no column holds phones" in preview.failure
    assert list(uses(preview)) == ["Contact person", "Town"]


def test_it_shows_how_the_file_is_read(table, workbook):
    csv = imports.preview(table("телефон;ім'я", "0670000077;Їжак", encoding="cp1251")).format
    assert (csv.kind, csv.encoding, csv.separator) == ("CSV", "Windows-1251", ";")
    assert imports.preview(workbook(["phone"], ["0670000077"])).format.sheet == "Sheet"


class TestCommand:
    def test_a_dry_run_prints_the_interpretation(self, table, capsys):
        lines = ("Телефон;Місто;Бонус;Примітка", "0670000077;Київ;5;x")
        columns = ["--column", "bonus:number=Бонус", "--column", "ignore=Примітка"]
        call_command("smsbat_import", str(table(*lines)), "--list", "All", "--dry-run", *columns)
        out = capsys.readouterr().out
        assert "CSV, UTF-8, separator: semicolon" in out
        assert "column 1 'Телефон': phone" in out
        assert "column 2 'Місто': attribute {{ Місто }}" in out
        assert "column 3 'Бонус': attribute {{ bonus }} (number)" in out
        assert "column 4 'Примітка': not imported" in out
        assert "1 rows: 1 new" in out
        assert not Recipient.objects.exists()

    def test_it_shows_no_whole_phone(self, table, capsys):
        call_command("smsbat_import", str(table("phone", "0670000077")), "--list", "A", "--dry-run")
        assert phone(77)[-7:] not in capsys.readouterr().out

    def test_a_phone_in_another_column_or_heading_is_not_shown(self, table, capsys):
        path = table("phone,owner,0671112299", "0670000077,0501112299,x")
        call_command("smsbat_import", str(path), "--list", "A", "--dry-run")
        out = capsys.readouterr().out
        assert "1112299" not in out.replace(" ", "")

    def test_without_phones_the_columns_are_printed_before_the_refusal(self, table, capsys):
        with pytest.raises(CommandError, match="no column holds phones"):
            call_command("smsbat_import", str(table("a,b", "1,2")), "--list", "A", "--dry-run")
        assert "column 2 'b': attribute {{ b }}" in capsys.readouterr().out

    def test_an_encoding_can_be_chosen(self, table):
        path = table("phone,name", "0670000077,Ü", encoding="cp1252")
        call_command("smsbat_import", str(path), "--list", "All", "--encoding", "cp1252")
        assert Recipient.objects.get().name == "Ü"


class TestMappings:
    def test_the_last_choice_for_the_same_headings_is_proposed(self):
        mappings.remember(["Phone", "X"], ["ignore=#2"], "olena", NOON)
        mappings.remember(["Phone", "X"], ["city=#2"], "olena", NOON)
        assert mappings.remembered(["Phone", "X "]) == ["city=#2"]
        assert ColumnMapping.objects.count() == 1

    @pytest.mark.parametrize("headings", [["X", "Phone"], ["Phone"], ["Phone", "Y"]])
    def test_other_headings_are_another_kind_of_file(self, headings):
        mappings.remember(["Phone", "X"], ["city=#2"], "olena", NOON)
        assert mappings.remembered(headings) == []

    def test_no_heading_is_stored(self):
        mappings.remember(["0670000077"], ["phone=#1"], "olena", NOON)
        [stored] = ColumnMapping.objects.values_list("headings_digest", "columns")
        assert "0670000077" not in str(stored)
