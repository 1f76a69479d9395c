"""Recipients from files: common notations are read, each row is accepted or rejected."""

import codecs
import csv
import io

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.models import Recipient, RecipientImport, RecipientList
from django_smsbat.services.recipients import imports
from django_smsbat.services.recipients.imports import Reading, importer, storing
from django_smsbat.services.recipients.imports.cells import Rejected
from django_smsbat.services.recipients.imports.columns import Columns
from django_smsbat.services.recipients.imports.rows import Person, RowReader
from tests.conftest import NOON, HeldClock, phone

pytestmark = pytest.mark.django_db


def rejects_of(result):
    # Without a leading byte order mark, Excel assumes another encoding than UTF-8.
    assert result.rejects.read_bytes().startswith(codecs.BOM_UTF8)
    with result.rejects.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))[1:]


@pytest.mark.parametrize(
    "written",
    [
        "0670000077",
        "80670000077",
        "380670000077",
        "+380670000077",
        "067 000 00 77",
        "(067) 000-00-77",
        "380670000077.0",
    ],
)
def test_a_number_is_understood_however_it_is_written(table, written):
    imports.import_file(table("phone", written), "All")
    assert Recipient.objects.get().phone == phone(77)


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("3.80671E+11", "format the column as text"),
        ('"3,8E+11"', "format the column as text"),
        ("12", "not a valid phone number"),
        ("hello", "not a valid phone number"),
        ('"0670000077, 0670000078"', "a row of its own"),
    ],
)
def test_what_is_no_number_is_refused_with_advice(table, written, advice):
    result = imports.import_file(table("phone,name", f"{written},Olena"), "All")
    assert (result.rejected, Recipient.objects.count()) == (1, 0)
    [[number, reason, *cells]] = rejects_of(result)
    assert (number, cells[1]) == ("2", "Olena")
    assert advice in reason


def test_columns_are_found_by_their_headings_and_the_rest_become_attributes(table):
    lines = ("Місто;Телефон;Ім'я;Пошта;Дата народження", "Київ;0670000077;Олена;o@example.com;1.5")
    imports.import_file(table(*lines), "All")
    made = Recipient.objects.get()
    assert (made.name, made.email) == ("Олена", "o@example.com")
    assert made.attributes == {"Місто": "Київ", "Дата_народження": "1.5"}
    assert list(RecipientList.objects.get(name="All").recipients.all()) == [made]


def test_columns_may_be_named(table):
    columns = ["phone=Contact", "city=Town"]
    imports.import_file(table("Contact,Town", "0670000077,Lviv"), "All", Reading(columns=columns))
    assert Recipient.objects.get().attributes == {"city": "Lviv"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_usual_csv_is_read(table, encoding, separator):
    lines = [separator.join(("телефон", "ім'я")), separator.join(("0670000077", "Їжак"))]
    imports.import_file(table(*lines, encoding=encoding), "All")
    assert Recipient.objects.get().name == "Їжак"


def test_a_spreadsheet_is_read_with_its_numbers_exact(tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    asked = NOON.replace(tzinfo=None)
    for row in (
        ["phone", None, "name", "visits", "since", "asked"],
        [380670000077, None, "Olena", 7, NOON.date(), asked],
        [],
        ["0670000078", None, "Taras", 1.5],
        [3.8067e11 + 0.5, None, "Nobody"],
    ):
        book.active.append(row)
    path = tmp_path / "people.xlsx"
    book.save(path)
    result = imports.import_file(path, "All")
    assert (result.created, result.rejected) == (2, 1)
    assert Recipient.objects.get(phone=phone(77)).attributes == {
        "visits": 7,
        "since": "2026-03-02",
        "asked": "2026-03-02 12:00:00",
    }
    assert Recipient.objects.get(phone=phone(78)).attributes == {"visits": 1.5}
    [[number, _reason, _phone, *cells]] = rejects_of(result)
    assert number == "5"  # as the spreadsheet counts, empty rows too
    assert cells == ["", "Nobody"]
    assert result.rejects.read_text(encoding="utf-8-sig").startswith("row,reason,phone,,name,")


def test_a_spreadsheet_that_says_less_of_its_size_loses_no_row(tmp_path):
    import zipfile

    from openpyxl import Workbook

    book = Workbook()
    for row in (["phone"], ["0670000077"], ["0670000078"]):
        book.active.append(row)
    whole, path = tmp_path / "whole.xlsx", tmp_path / "people.xlsx"
    book.save(whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(b'ref="A1:A3"', b'ref="A1"'))
    assert imports.import_file(path, "All").created == 2


def test_people_who_are_known_are_merged_and_stay_opted_out(table):
    Recipient.objects.create(
        phone=phone(77), name="Olena", attributes={"city": "Kyiv", "vip": 1}, opted_out_at=NOON
    )
    Recipient.objects.create(phone=phone(78), name="Taras")
    lines = ("phone,name,city", "0670000077,,Lviv", "0670000078,Taras,", "0670000079,New,Odesa")
    result = imports.import_file(table(*lines), "All")
    assert (result.created, result.updated, result.unchanged) == (1, 1, 1)
    known = Recipient.objects.get(phone=phone(77))
    assert (known.name, known.attributes) == ("Olena", {"city": "Lviv", "vip": 1})
    assert known.opted_out_at == NOON
    assert RecipientList.objects.get().recipients.count() == 3


def test_rows_of_one_phone_are_merged(table):
    lines = (
        *("phone,name,city,email", "0670000077,Olena,,olena@example.com"),
        *("+380670000077,,Lviv,", "80670000077"),
    )
    result = imports.import_file(table(*lines), "All")
    assert (result.rows, result.created, result.repeated) == (3, 1, 2)
    assert result.resumed_after == 0
    made = Recipient.objects.get()
    assert made.email == "olena@example.com"
    assert (made.name, made.attributes) == ("Olena", {"city": "Lviv"})


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (f"0670000077,{'x' * 201},", "name: 201 characters"),
        (f"0670000077,,,{'x' * 1_001}", "city: 1,001 characters"),
        ("0670000077,a\x00b,", "holds a NUL character"),
        ("0670000077,,a\x00@b.c", "holds a NUL character"),
        (",Olena,", "phone: empty"),
    ],
)
def test_a_row_that_cannot_be_kept_is_refused_and_the_others_are_taken(table, row, words):
    table = table("phone,name,email,city", row, "0670000078,Taras,")
    result = imports.import_file(table, "All")
    assert (result.created, result.rejected) == (1, 1)
    assert words in rejects_of(result)[0][1]


@pytest.mark.parametrize(
    ("cell", "kept"), [(float("inf"), "inf"), (1.5, 1.5), (7, 7), (True, "True")]
)
def test_a_cell_s_number_stays_one_where_a_database_keeps_it(cell, kept):
    read = RowReader(Columns.of(["phone", "n"]), "UA")
    assert read(["0670000077", cell]).attributes == {"n": kept}


def test_attributes_that_are_no_names_are_replaced(table, people):
    people(77, attributes=["vip"])
    imports.import_file(table("phone,city", "0670000077,Lviv"), "All")
    assert Recipient.objects.get().attributes == {"city": "Lviv"}


def test_no_spreadsheet_takes_a_rejected_cell_for_a_formula(table):
    result = imports.import_file(table("phone,name", "x,=1+1", "y,+380670000077"), "All")
    assert [row[3] for row in rejects_of(result)] == ["'=1+1", "+380670000077"]


def test_told_to_stop_it_ends_after_the_chunk_and_goes_on_later(table, monkeypatch, clock):
    monkeypatch.setattr(importer, "_CHUNK", 1)
    path = table("phone", "0670000070", "0670000071")
    clock.stopping = True
    stopped = imports.import_file(path, "All", clock=clock)
    assert (stopped.is_complete, Recipient.objects.count()) == (False, 1)
    assert imports.import_file(path, "All").resumed_after == 2
    assert Recipient.objects.count() == 2


def test_a_file_without_headings_shows_nobodys_phone(table):
    with pytest.raises(imports.UnknownColumns) as raised:
        imports.import_file(table("0670000077,Olena", "0670000078,Taras"), "All")
    assert "0670000077" not in str(raised.value)


def test_a_dry_run_counts_and_writes_nothing(table):
    Recipient.objects.create(phone=phone(77))
    path = table("phone", "0670000077", "0670000078", "x")
    result = imports.import_file(path, "All", dry_run=True)
    assert result.resumed_after == 0
    assert (result.created, result.unchanged, result.rejected) == (1, 1, 1)
    assert Recipient.objects.count() == 1
    assert not RecipientList.objects.exists()
    assert not RecipientImport.objects.exists()


class TestResuming:
    @pytest.fixture
    def path(self, table, monkeypatch):
        monkeypatch.setattr(importer, "_CHUNK", 2)
        return table("phone", "0670000070", "x", "0670000071", "y", "0670000072", "0670000073")

    @pytest.fixture
    def broken_off(self, path, monkeypatch):
        """An import that died in its second chunk."""
        original, calls = storing._enlist, []

        def die_later(*args):
            calls.append(args)
            if len(calls) == 2:
                raise KeyboardInterrupt
            original(*args)

        monkeypatch.setattr(storing, "_enlist", die_later)
        with pytest.raises(KeyboardInterrupt):
            imports.import_file(path, "All")
        monkeypatch.setattr(storing, "_enlist", original)
        assert Recipient.objects.count() == 1

    def test_an_import_goes_on_where_it_died(self, path, broken_off):
        result = imports.import_file(path, "All")
        assert result.resumed_after == 3
        assert (result.rows, result.created, result.rejected) == (6, 4, 2)
        assert RecipientList.objects.get().recipients.count() == 4
        assert [row[0] for row in rejects_of(result)] == ["3", "5"]

    def test_what_was_not_taken_before_stands_there_as_it_was(self, table, monkeypatch):
        monkeypatch.setattr(importer, "_CHUNK", 1)
        path = table("phone,note", 'x,"two\r\nlines"', "0670000071,", "0670000072,")
        stopped = HeldClock()

        def stop(_rows):
            stopped.stopping = Recipient.objects.exists()

        assert not imports.import_file(path, "All", clock=stopped, on_progress=stop).is_complete
        whole = imports.import_file(path, "All")
        assert whole.resumed_after == 3
        assert [row[3] for row in rejects_of(whole)] == ["two\r\nlines"]

    def test_on_demand_it_begins_anew(self, path, broken_off):
        result = imports.import_file(path, "All", restart=True)
        assert (result.resumed_after, result.rows, result.unchanged) == (0, 6, 1)

    def test_another_file_or_another_mapping_is_another_import(self, path, broken_off, table):
        other = table("phone", "0670000099", name="other.csv")
        assert imports.import_file(other, "All").resumed_after == 0
        named = imports.import_file(path, "All", Reading(columns=["phone=phone"]))
        assert named.resumed_after == 0

    def test_a_finished_import_is_done_again(self, path):
        imports.import_file(path, "All")
        again = imports.import_file(path, "All")
        assert (again.resumed_after, again.unchanged) == (0, 4)


class TestCommand:
    def test_it_says_what_it_did(self, table, capsys):
        call_command("smsbat_import", str(table("phone", "0670000077", "x")), "--list", "All")
        out = capsys.readouterr().out
        assert "2 rows: 1 new, 0 updated, 0 unchanged, 0 repeated, 1 rejected; see" in out

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["missing.csv", "--list", "All"], "cannot be read"),
            (["{empty}", "--list", "All"], "the table is empty"),
            (["{fake}", "--list", "All"], "cannot be read as XLSX"),
            (["{empty}", "--list", "All", "--column", "phone"], "FIELD=HEADING"),
            (["{bad}", "--list", "All", "--rejects", "/nowhere/x.csv"], "/nowhere/x.csv: No such"),
        ],
    )
    def test_what_is_wrong_is_one_sentence(self, table, arguments, words):
        paths = {
            "empty": table(name="empty.csv"),
            "fake": table("PK\x03\x04", name="fake.xlsx"),
            "bad": table("phone", "x", name="bad.csv"),
        }
        filled = [argument.format(**paths) for argument in arguments]
        with pytest.raises(CommandError, match=words):
            call_command("smsbat_import", *filled, stdout=io.StringIO())

    def test_no_phone_is_shown(self, table, capsys):
        call_command("smsbat_import", str(table("phone", "0670000077")), "--list", "All")
        out, err = capsys.readouterr()
        assert "0670000077" not in out + err


@given(st.lists(st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.booleans())))
def test_any_cells_are_a_person_or_are_refused(cells):
    read = RowReader(Columns.of(["phone", "name", "email", "city"]), "UA")
    try:
        person = read(cells)
    except Rejected:
        return
    assert person.phone.startswith("+")


def test_who_was_added_by_another_import_in_this_moment_is_left_as_they_are(people):
    [there] = people(77, name="Olena")
    fresh = [Person(phone(77), "Other", "", {}), Person(phone(78), "Ivan", "", {})]
    storing._create(fresh, NOON)
    told = dict(Recipient.objects.values_list("phone", "name"))
    assert told == {phone(77): "Olena", phone(78): "Ivan"}
    assert Recipient.objects.get(phone=phone(77)) == there
