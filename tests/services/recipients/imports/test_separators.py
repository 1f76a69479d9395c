"""The separator is the one that makes the file a table."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from django_smsbat.services.recipients.imports.readers import SEPARATORS, open_table
from tests.services.recipients.imports.conftest import rate

ALL = [*SEPARATORS]


@pytest.mark.parametrize("separator", ALL)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_usual_separator_is_found(file, read, separator, encoding, line_end):
    lines = [("телефон", "ім'я"), ("0670000077", "Їжак"), ("0670000078", "Юлія")]
    content = line_end.join(map(separator.join, lines))
    table, rows = read(file(content, encoding=encoding))
    assert table.format.separator == separator
    assert [row.cells for row in rows] == [[*line] for line in lines[1:]]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize(
    "headings",
    [
        ['"Прізвище, ім\'я, по батькові"', "Телефон"],
        ["Прізвище, ім'я, по батькові", "Телефон"],
        ['"Місто, вулиця, дім, квартира"', "Телефон", '"a, b, c"'],
    ],
)
def test_commas_within_headings_do_not_mislead(file, read, separator, headings):
    row = ["x", "0670000077", "y"][: len(headings)]
    table, _rows = read(file(f"{separator.join(headings)}\n{separator.join(row)}\n"), rate=rate)
    assert table.format.separator == separator
    assert table.headings[1] == "Телефон"


@pytest.mark.parametrize("separator", ALL)
@pytest.mark.parametrize("before", ["\n", "\r\n\r\n", "{s}{s}\n", '""{s}""\n', " \n", "{s} {s}\n"])
def test_lines_without_content_do_not_mislead(file, read, separator, before):
    before = before.format(s=separator)
    table, rows = read(file(f'{before}phone{separator}"a, b; c"\n067{separator}x\n'), rate=rate)
    assert (table.format.separator, table.headings) == (separator, ["phone", "a, b; c"])
    assert table.heading_row == len(before.splitlines()) + 1
    assert [(row.number, row.cells) for row in rows] == [(table.heading_row + 1, ["067", "x"])]


def test_the_rows_decide_between_equal_headings(file, read):
    content = "a,b;c\n1,5;2\n1;2,5\n3;4\n5;6\n"
    assert read(file(content))[0].format.separator == ";"


def test_notes_full_of_commas_do_not_outvote_the_phone(file, read):
    content = "phone;note\n" + "067;a, b, c, d\n" * 50
    assert read(file(content), rate=rate)[0].format.separator == ";"


@pytest.mark.parametrize("separator", [*ALL, ":", "^"])
@pytest.mark.parametrize("mark", ["sep={}", "SEP={}", '"sep={}"'])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1251"])
def test_the_mark_of_excel_decides_and_is_no_row(file, read, separator, mark, encoding):
    lines = [mark.format(separator), f"телефон{separator}a, b; c\td|e", f"067{separator}x"]
    path = file("\r\n".join(lines).replace("a, b; c\td|e", "місто"), encoding=encoding)
    table, rows = read(path)
    assert (table.format.separator, table.heading_row) == (separator, 1)
    assert [(row.number, row.cells) for row in rows] == [(2, ["067", "x"])]


@pytest.mark.parametrize("first", ["sep", "sep=ab", "separator=;"])
def test_a_heading_that_resembles_the_mark_is_a_heading(file, read, first):
    assert read(file(f"{first},phone\n1,2\n"))[0].headings == [first, "phone"]


@pytest.mark.parametrize("name", ["numbers.txt", "numbers.csv"])
def test_a_plain_list_of_numbers_has_no_headings(file, read, name):
    table, rows = read(file("\n067 000 00 77\n0670000078\n", name), has_headings=False)
    assert (table.headings, table.heading_row) == ((), 0)
    assert [(row.number, row.cells) for row in rows] == [
        (2, ["067 000 00 77"]),
        (3, ["0670000078"]),
    ]


@pytest.mark.parametrize("separator", ALL)
def test_rows_without_headings_are_separated_too(file, read, separator):
    content = f"067{separator}Коваль\n050{separator}Бойко{separator}x\n"
    _table, rows = read(file(content), has_headings=False)
    assert [row.cells for row in rows] == [["067", "Коваль"], ["050", "Бойко", "x"]]
    assert not any(row.problem for row in rows)


def test_empty_headings_at_the_end_are_no_headings(file, read):
    table, rows = read(file("phone,name,,\n067,Коваль,,\n068, Бойко, Іван,\n"))
    assert table.headings == ["phone", "name"]
    assert [row.problem for row in rows] == ["", "3 cells under 2 headings"]


# Valid CSV content: no NUL; spaces before a cell are not content.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\ufeff\x1a", exclude_categories=["Cs"]),
    max_size=12,
).map(lambda text: text.lstrip(" "))
NAMES = st.text("абвгґдеєжзиіїйклмнопрстуфхцчшщьюяАБВГҐЄІЇabc,;|\t\r\n\"' -", max_size=12).map(
    lambda text: text.lstrip(" ")
)
CODECS = ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1251", "koi8-u", "cp1125"]


def is_written_as_it_is(cell):
    """Return whether a cell is literal, not escaped by an export."""
    return "'" not in cell


def holds_something(row):
    return "".join(row).strip(' \t\r\n\v\f\xa0,;|"') != ""


@given(
    rows=st.lists(st.tuples(NAMES, NAMES).filter(lambda row: all(map(is_written_as_it_is, row)))),
    codec=st.sampled_from(CODECS),
    separator=st.sampled_from(ALL),
    style=st.sampled_from(
        [(csv.QUOTE_MINIMAL, "\r\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_ALL, "\n")]
    ),
)
@example(rows=[("a\r", "\nb")], codec="utf-8", separator=",", style=(csv.QUOTE_ALL, "\n"))
def test_a_written_table_reads_back(tmp_path_factory, rows, codec, separator, style):
    text, (quoting, line_end) = io.StringIO(newline=""), style
    writer = csv.writer(text, delimiter=separator, quoting=quoting, lineterminator=line_end)
    writer.writerows([("телефон", "ім'я"), *rows, ("0670000077", "Їжак")])
    path = tmp_path_factory.mktemp("tables") / "people.csv"
    path.write_bytes(text.getvalue().encode(codec))
    with open_table(path, rate=rate, encoding="" if codec.startswith("utf") else codec) as table:
        read = [(row.number, tuple(row.cells), row.problem) for row in table.rows]
    numbered = enumerate([*rows, ("0670000077", "Їжак")], start=2)
    assert read == [(number, row, "") for number, row in numbered if holds_something(row)]


@given(st.lists(st.tuples(TEXTS, TEXTS).filter(lambda row: all(map(is_written_as_it_is, row)))))
def test_any_text_reads_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("tables") / "people.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([("phone", "name"), *rows])
    with open_table(path, rate=rate) as table:
        read = [tuple(row.cells) for row in table.rows]
    assert read == [row for row in rows if holds_something(row)]
