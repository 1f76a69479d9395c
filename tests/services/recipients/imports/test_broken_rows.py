"""A broken row is rejected, or the file is refused with its number. No row is lost silently."""

import csv
import tracemalloc

import pytest

from django_smsbat.services.recipients.imports.readers import UnreadableTable, open_table
from tests.services.recipients.imports.conftest import has_phone, rate

HUGE = "x" * (csv.field_size_limit() + 1)
PEOPLE = [f"06711100{number:02},Name{number}" for number in range(30)]


def refusal(path, place=0):
    with (
        pytest.raises(UnreadableTable) as refused,
        open_table(path, rate=rate, looks_like_row=has_phone(place)) as table,
    ):
        list(table.rows)
    return str(refused.value)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("0671112233,Коваль, Олена,Київ", "4 cells under 3 headings"),
        ("0671112233,,,,Київ", "5 cells under 3 headings"),
        ("a\0b,c,d", "holds a NUL character"),
        (f"067,{HUGE},Київ", "holds a cell of more than 131,072 characters"),
        (f'067,"{HUGE}",Київ', "holds a cell of more than 131,072 characters"),
    ],
)
def test_a_broken_row_costs_only_itself(file, read, row, problem):
    content = f"phone,name,city\n1,a,b\n{row}\n2,c,d\n"
    _table, rows = read(file(content), looks_like_row=has_phone(0))
    assert [(one.number, one.problem) for one in rows] == [(2, ""), (3, problem), (4, "")]
    assert [rows[0].cells, rows[2].cells] == [["1", "a", "b"], ["2", "c", "d"]]


def test_the_cells_of_a_broken_row_are_kept(file, read):
    [row] = read(file("phone,name\n067,Коваль, Олена\n"))[1]
    assert row.cells == ["067", "Коваль", "Олена"]


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
def test_rows_before_and_behind_a_huge_cell_are_read(file, cells_of, count):
    before, behind = ["1"] * count, ["2"] * count
    content = "\n".join(["phone,name", *before, f"3,{HUGE}", *behind])
    read = cells_of(file(content))
    assert read == [["1"]] * count + [[]] + [["2"]] * count


@pytest.mark.parametrize("row", ["067", "067,", "067,,", "067,Олена,,,,", '067,Олена,"",""'])
def test_missing_cells_and_extra_empty_cells_are_no_problem(file, read, row):
    [row] = read(file(f"phone,name\n{row}\n"))[1]
    assert (row.problem, row.cells[0]) == ("", "067")


@pytest.mark.parametrize("quoted", ['067, "Коваль, Олена", Київ', '067,  "Коваль, Олена","Київ"'])
def test_a_quote_behind_a_space_opens_a_cell(file, cells_of, quoted):
    assert cells_of(file(f"phone,name,city\n{quoted}\n")) == [["067", "Коваль, Олена", "Київ"]]


@pytest.mark.parametrize("cell", ['Кафе "Затишок"', '5" труба', "a'b"])
def test_a_quote_inside_a_cell_is_part_of_it(file, cells_of, cell):
    assert cells_of(file(f"phone,name\n067,{cell}\n068,b\n")) == [["067", cell], ["068", "b"]]


class TestOpenQuote:
    def test_the_file_ends_inside_a_cell(self, file):
        content = "\n".join(["phone,name", *PEOPLE[:3], '0670000099,"Olena'])
        assert refusal(file(content)).startswith("row 5: a quote opens here and does not close")

    @pytest.mark.parametrize("end", ["", "\n", "\r\n"])
    def test_the_first_row_never_closes(self, file, end):
        assert refusal(file(f'"phone,name\n067,Olena{end}')).startswith("row 1: a quote opens here")

    @pytest.mark.parametrize("closing", ['"Name"', 'Na"me', '"Name', 'Name"'])
    @pytest.mark.parametrize("swallowed", [1, 2, 29])
    def test_a_later_quote_closes_it(self, file, closing, swallowed):
        rows = [*PEOPLE, "0670000098,Last"]
        rows[0] = '0671110000,"Name0'
        rows[swallowed] = f"0671110001,{closing}"
        refused = refusal(file("\n".join(["phone,name", *rows])))
        assert refused.startswith("row 2: a quote opens here and does not close")
        assert "Name" not in refused

    @pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_wherever_the_phone_and_the_quote_are(self, file, separator, place):
        def line(number, *, quoted=-1, mark='"{}'):
            cells = [f"Name{number}", "Київ"]
            cells.insert(place, f"06711122{number:02}")
            if quoted >= 0:
                cells[quoted] = mark.format(cells[quoted])
            return separator.join(cells)

        headings = ["name", "city"]
        headings.insert(place, "phone")
        for quoted in range(3):
            for closing in range(3):
                rows = [line(1, quoted=quoted), line(2), line(3, quoted=closing), line(4)]
                content = "\n".join([separator.join(headings), *rows])
                assert refusal(file(content), place).startswith("row 2: a quote opens here")

    def test_what_it_swallows_is_longer_than_a_cell_may_be(self, file):
        rows = ['0671110000,"Name'] + [PEOPLE[1]] * 10_000
        refused = refusal(file("\n".join(["phone,name", PEOPLE[2], *rows])))
        assert refused.startswith("row 3: a quote opens here and does not close, or a cell holds")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "note",
    [
        "вул. Садова, 5\nКиїв",
        "дзвонити після 18\n0671112233, Олена",
        "a\n\n\nb",
        "\nОлена",
        "1, 2, 3, 4\n5, 6, 7, 8",
    ],
)
def test_cells_of_several_lines_are_read_and_are_one_row(file, read, note, line_end):
    note = note.replace("\n", line_end)
    lines = ["name,note,phone", f'a,"{note}",0671112233', "b,c,0671112234", "d,e,f,g"]
    _table, rows = read(file(line_end.join(lines)), looks_like_row=has_phone(2))
    assert [(row.number, row.cells[1]) for row in rows] == [(2, note), (3, "c"), (4, "e")]
    assert [bool(row.problem) for row in rows] == [False, False, True]


def test_several_numbers_in_the_only_column_are_one_cell(file, cells_of):
    content = 'phone\n"0671112233\n0671112234"\n0671112235\n'
    read = cells_of(file(content), looks_like_row=has_phone(0))
    assert read == [["0671112233\n0671112234"], ["0671112235"]]


def test_a_huge_cell_behind_cells_of_several_lines_costs_its_row(file, read):
    content = f'phone,note\n1,"a\nb\nc"\n2,{HUGE}\n3,d\n'
    _table, rows = read(file(content))
    assert [(row.number, bool(row.problem)) for row in rows] == [(2, False), (3, True), (4, False)]


def test_headings_may_have_several_lines(file, read):
    table, rows = read(file('"Номер\nтелефону",Ім\'я\n067,Олена\n'))
    assert table.headings == ["Номер\nтелефону", "Ім'я"]
    assert [row.number for row in rows] == [2]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"phone,na\xffme\n\xd0\x87,\xd0\x87\n", "holds bytes that are not UTF-8 text"),
        (b"phone,na\0me\n1,2\n", "holds a NUL character"),
        (b"phone," + HUGE.encode() + b"\n1,2\n", "holds a cell of more than 131,072 characters"),
    ],
)
def test_headings_that_cannot_be_read_refuse_the_file(file, content, problem):
    refused = refusal(file(content))
    assert refused == f"the headings in row 1 cannot be read: the row {problem}"


@pytest.mark.parametrize(
    "content", ["", "\n", " \n\t\n", ",,\n;;\n", "\ufeff", '""\n', '" "," "\n']
)
@pytest.mark.parametrize("has_headings", [True, False])
def test_a_file_without_content_is_empty(file, content, has_headings):
    with (
        pytest.raises(UnreadableTable, match=r"^the table is empty$"),
        open_table(file(content), has_headings=has_headings),
    ):
        pass


def test_a_file_of_headings_has_no_rows(file, read):
    table, rows = read(file("phone,name\n"))
    assert (table.headings, rows) == (["phone", "name"], [])


def test_rows_without_content_are_left_out_and_counted(file, read):
    content = 'phone,name\n\n,,\n" ","\t"\n1,a\n\n\xa0,\n2,b\n\x1a'
    _table, rows = read(file(content))
    assert [(row.number, row.cells) for row in rows] == [(5, ["1", "a"]), (8, ["2", "b"])]


@pytest.mark.parametrize(
    ("cell", "read_as"),
    [
        ("'=1+1", "=1+1"),
        ("'@olena_shop", "@olena_shop"),
        ("'-10%", "-10%"),
        ("'+text", "+text"),
        ("''=1", "'=1"),
        ("Мар'яна", "Мар'яна"),
        ("'Олена'", "'Олена'"),
        ("'+380671112233", "'+380671112233"),
        ("a;'=b", "a;=b"),
    ],
)
def test_an_apostrophe_against_formulas_is_taken_off(file, cells_of, cell, read_as):
    assert cells_of(file(f'phone,name\n067,"{cell}"\n')) == [["067", read_as]]


def test_the_file_is_closed_when_reading_ends_early(file):
    with open_table(file("phone\n" + "1\n" * 1_000)) as table:
        next(table.rows)
    with pytest.raises(ValueError, match="closed"):
        list(table.rows)


def test_memory_does_not_grow_with_the_file(tmp_path):
    def peak(count):
        path = tmp_path / f"{count}.csv"
        with path.open("w", encoding="cp1251") as file:
            file.write("телефон,ім'я\n")
            file.writelines(f"067{number:07},Наталія{number}\n" for number in range(count))
        tracemalloc.start()
        with open_table(path) as table:
            assert sum(1 for _row in table.rows) == count
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(24_000) < peak(8_000) + 500_000


def test_a_missing_file_is_one_sentence(tmp_path):
    with (
        pytest.raises(UnreadableTable, match=r"^people\.csv cannot be read: No such file"),
        open_table(tmp_path / "people.csv"),
    ):
        pass
