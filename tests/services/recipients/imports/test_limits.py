"""A small file that describes a large table is refused before the table is in memory."""

import re
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from django_smsbat.services.recipients import imports
from django_smsbat.services.recipients.imports import importer
from django_smsbat.services.recipients.imports.readers import (
    Deadline,
    LimitExceeded,
    UnreadableTable,
    csv_text,
    limits,
    open_table,
)
from tests.services.recipients.imports import attacks

MEMORY_MAX = 20 * limits.MEGABYTE  # peak of Python's own objects
ROW = '<row r="2"><c r="A2"><v>380671112233</v></c></row>'


def read_all(path, **options):
    with open_table(path, **options) as table:
        return list(table.rows)


def refusal(path, **options):
    with pytest.raises(UnreadableTable) as refused:
        read_all(path, **options)
    return str(refused.value)


@pytest.fixture
def attack(tmp_path):
    """Write a workbook with these rows and shared texts."""
    return lambda rows="", texts="", **options: attacks.write(
        tmp_path / "people.xlsx", rows, texts, **options
    )


def test_the_workbook_of_the_attacks_is_read_if_it_is_small(attack):
    shared = '<row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3" t="s"><v>1</v></c></row>'
    rich = "<si><r><t>Ол</t></r><r><t>ена</t></r></si>"
    rows = read_all(attack(ROW + shared, f"<si><t>0671112233</t></si>{rich}"))
    assert [list(row.cells) for row in rows] == [[380671112233], ["0671112233", "Олена"]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "texts", "named"),
    [
        (f'{ROW}<row r="40000000"><c r="A40000000"><v>1</v></c></row>', "", "beyond row 1,048,576"),
        (f'<row r="2">{"<c><v>1</v></c>" * 1_001}</row>', "", "row 2 has more than 1,000 columns"),
        ('<row r="2"><c r="BAA2"><v>1</v></c></row>', "", "row 2 has more than 1,000 columns"),
        (f'<row r="2">{"<c><v>1</v></c>" * 200_000}</row>', "", "a row or a cell"),
        (f'<row r="2"><c><v>{"1" * 2_000_000}</v></c></row>', "", "a row or a cell"),
        (f"{'<x/>' * 500_000}{ROW}", "", "a row or a cell"),
        (ROW, f"<si><t>{'a' * 2_000_000}</t></si>", "a row or a cell"),
        (ROW, "<x/>" * 500_000, "a row or a cell"),
    ],
    ids=["far row", "columns", "far column", "cells", "digits", "elements", "text", "no texts"],
)
def test_what_fills_the_memory_is_refused(attack, monkeypatch, rows, texts, named):
    monkeypatch.setattr(limits, "ROW_BYTES_MAX", 400_000)
    path = attack(rows, texts, method=zipfile.ZIP_STORED)
    tracemalloc.start()
    try:
        assert named in refusal(path)
        assert tracemalloc.get_traced_memory()[1] < MEMORY_MAX
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("parts", [{}, {"xl/styles.xml": "<x/>" * 2_000_000}])
def test_a_part_that_grows_too_much_is_refused(attack, parts):
    path = attack("" if parts else ROW + " " * 8_000_000, **parts)
    assert "more than 150 times its size" in refusal(path)


def test_too_many_settings_are_refused(attack):
    styles = f"<styleSheet>{'<xf/>' * 100_001}</styleSheet>"
    path = attack(ROW, **{"xl/styles.xml": styles})
    assert "more styles, names or other settings" in refusal(path)


def test_too_many_parts_are_refused(attack):
    path = attack(ROW, **{f"x/{n}": "" for n in range(2_000)})
    assert "more than 2,000 parts" in refusal(path)


def test_a_table_of_contents_that_fills_the_memory_is_refused(attack):
    path = attack(ROW, **{f"x/{n}-{'x' * 60_000}": "" for n in range(20)})
    assert "more than 2,000 parts" in refusal(path)


def test_the_unpacked_size_is_limited(attack, monkeypatch):
    monkeypatch.setattr(limits, "UNPACKED_MAX", 2_000_000)
    path = attack(ROW + " " * 2_000_000, method=zipfile.ZIP_STORED)
    assert "larger than 2 MB when it is unpacked" in refusal(path)


def test_a_size_that_lies_does_not_unpack_more(attack):
    path = attack(ROW + " " * 3_000_000)
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    path.write_bytes(content.replace(size.to_bytes(4, "little"), (900).to_bytes(4, "little")))
    assert "damaged" in refusal(path)


@pytest.mark.parametrize(
    ("number", "limit"), [("TEXTS_MAX", "different texts"), ("ROW_NUMBER_MAX", "beyond row 2")]
)
def test_the_number_of_texts_and_of_rows_is_limited(attack, monkeypatch, number, limit):
    monkeypatch.setattr(limits, number, 2)
    assert limit in refusal(attack('<row r="2"/>' * 3, "<si><t/></si>" * 3))


@pytest.mark.parametrize(
    "declared", ["<!ENTITY a 'aaaa'>", "<!ENTITY a SYSTEM 'file:///etc/passwd'>"]
)
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
def test_entities_are_refused(attack, declared, part):
    names = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    contents = {
        "xl/worksheets/sheet1.xml": (
            f"<worksheet {names}><sheetData>{attacks.HEADINGS}<row r='2'><c t='inlineStr'><is><t>"
            "{}</t></is></c></row></sheetData></worksheet>"
        ),
        "xl/sharedStrings.xml": f"<sst {names}><si><t>{{}}</t></si></sst>",
    }
    laughs = "".join(f"<!ENTITY a{n} '{'&a;' * 10}'>" for n in range(3))
    evil = f"<!DOCTYPE x [{declared}{laughs}]>" + contents[part].format("&a;&a0;")
    path = attack(ROW, **{part: evil})
    try:
        rows = read_all(path)
    except UnreadableTable:
        return
    assert "root:" not in str(rows)  # Python's own reading stays small
    assert len(str(rows)) < 1_000


class TestText:
    def test_a_row_of_very_many_cells_is_rejected(self, table):
        rows = read_all(table("phone,name", "," * 5_000, "0671112233,x"))
        assert [row.number for row in rows] == [3]
        rows = read_all(table("phone,name", "a" + "," * 5_000, "0671112233,x"))
        assert [row.problem for row in rows] == ["has more than 1,000 cells", ""]

    def test_very_many_headings_are_refused(self, table):
        headings = ",".join(f"a{n}" for n in range(1_001))
        assert "row 1 has more than 1,000 columns" in refusal(table(headings, "1"))

    def test_a_row_of_very_many_lines_is_refused(self, file, monkeypatch):
        monkeypatch.setattr(limits, "BATCH_MAX", 400_000)
        path = file('phone,name\n"' + '\n","' * 1_000_000)
        tracemalloc.start()
        try:
            assert "look for a quote that does not close" in refusal(path)
            assert tracemalloc.get_traced_memory()[1] < MEMORY_MAX
        finally:
            tracemalloc.stop()

    def test_rows_of_many_lines_below_the_limit_are_read(self, table):
        long = '"' + "\n" * 10_000 + 'x"'
        rows = read_all(table("phone,name", *[f"0671112233,{long}"] * 20))
        assert len(rows) == 20

    @pytest.mark.parametrize("cell", ["\0" * 100_000, '"' + "\t" * 60_000 + '"', "=" * 60_000])
    def test_floods_cost_a_row_and_not_the_file(self, table, cell):
        path = table("phone,name", f"x,{cell}", "0671112233,x")
        found = read_all(path)
        assert [row.number for row in found] == [2, 3]


class TestDeadline:
    @pytest.fixture
    def passed(self):
        return Deadline(20, until=0)

    def test_a_csv_is_not_read_beyond_it(self, table, passed):
        assert "longer than 20 seconds" in refusal(table("phone", "067"), deadline=passed)

    def test_neither_is_a_workbook(self, attack, passed):
        assert "longer than 20 seconds" in refusal(attack(ROW), deadline=passed)

    def test_an_import_has_none(self, table):
        assert len(read_all(table("phone", "0671112233"), deadline=None)) == 1

    @pytest.mark.django_db
    @pytest.mark.parametrize("rejected", [True, False])
    def test_it_also_ends_a_preview_that_takes_its_time_with_the_rows(
        self, table, monkeypatch, rejected
    ):
        path = table("phone", *["x" if rejected else "0671112233"] * 3)
        deadline = Deadline.in_seconds(1_000)
        read = importer._person

        def slow(*args):
            object.__setattr__(deadline, "until", 0)
            return read(*args)

        monkeypatch.setattr(importer, "_person", slow)
        found = imports.preview(path, imports.Reading(deadline=deadline))
        assert "takes longer than 1000 seconds" in found.failure


@pytest.mark.django_db
def test_long_rows_are_imported_fewer_at_a_time(table, monkeypatch):
    monkeypatch.setattr(limits, "CHUNK_MAX", 1_000)
    monkeypatch.setattr(importer, "_PIECE", 2)
    path = table("phone,note", *[f"06711122{n:02},{'x' * 400}" for n in range(99)] * 3)
    chunks = []
    imports.import_file(path, "All", on_progress=chunks.append)
    assert sum(chunks) == 3 * 99
    assert max(chunks) < 99


def test_every_limit_names_what_to_do(attack):
    with pytest.raises(LimitExceeded, match="; "):
        read_all(attack('<row r="2000000"><c><v>1</v></c></row>'))


def test_the_documentation_has_the_values():
    docs = Path(__file__).parents[4] / "docs" / "howto" / "import.rst"
    rows = dict(
        re.split(r"  +", line, maxsplit=1) for line in docs.read_text().splitlines() if "  " in line
    )
    mb = limits.megabytes
    ratio = f"{limits.RATIO_MAX} times, counted above {mb(limits.RATIO_COUNTED)}"
    expected = {
        "size of a file that is uploaded in the admin": mb(limits.UPLOAD_MAX),
        "time for the preview of an uploaded file": f"{limits.PREVIEW_SECONDS} seconds",
        "columns": f"{limits.COLUMNS_MAX:,}",
        "characters of a cell": f"{limits.CELL_MAX:,}",
        "size of one row of a workbook, as XML": mb(limits.ROW_BYTES_MAX),
        f"size of {csv_text._BATCH} rows of a CSV": mb(limits.BATCH_MAX),
        "number of the last row of a workbook": f"{limits.ROW_NUMBER_MAX:,}",
        "different texts of a workbook": f"{limits.TEXTS_MAX:,}",
        "size of a workbook when it is unpacked": mb(limits.UNPACKED_MAX),
        "growth of a part of a workbook when it is unpacked": ratio,
        "parts of a workbook": f"{limits.PARTS_MAX:,}",
    }
    assert expected.items() <= rows.items()
