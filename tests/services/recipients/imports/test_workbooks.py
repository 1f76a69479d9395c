"""A workbook is read as people see it."""

import re
import zipfile
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.chart import BarChart
from openpyxl.workbook.defined_name import DefinedName

from django_smsbat.services.recipients.imports.readers import (
    CellError,
    TableFormat,
    UnreadableTable,
    open_table,
)
from django_smsbat.services.recipients.imports.readers.number_formats import displayed


def rewritten(path, changes):
    """Return the archive with some members replaced."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, changes.get(name, lambda old: old)(content))
    return path


def refusal(path):
    with pytest.raises(UnreadableTable) as refused, open_table(path) as table:
        list(table.rows)
    return str(refused.value)


def test_rows_are_read_with_their_numbers(workbook, read):
    table, rows = read(
        workbook([], ["phone", None, "name", None], [], ["067", None, "Олена"], ["068"])
    )
    assert (table.headings, table.heading_row) == (["phone", "", "name"], 2)
    assert [(row.number, list(row.cells)[:1]) for row in rows] == [(4, ["067"]), (5, ["068"])]
    assert table.format == TableFormat("XLSX", sheet="Sheet")


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_not_read(workbook, read, state):
    def fill(book):
        book.active.title, book.active.sheet_state = "Old", state
        for title, phone in (("Актуальні", "0671112233"), ("Notes", "x")):
            sheet = book.create_sheet(title)
            sheet.append(["phone"])
            sheet.append([phone])
        book.active = 1

    table, rows = read(workbook(["phone"], ["0670000000"], fill=fill))
    assert [row.cells for row in rows] == [["0671112233"]]
    assert table.format == TableFormat(
        "XLSX", sheet="Актуальні", other_sheets=("Notes",), hidden_sheets=1
    )


def test_an_empty_sheet_is_passed_over(workbook, read):
    def fill(book):
        book.active.title = "Empty"
        book.active["A1"] = "  "
        sheet = book.create_sheet("People")
        sheet.append(["phone"])

    table, _rows = read(workbook(fill=fill))
    assert (table.format.sheet, table.format.other_sheets) == ("People", ("Empty",))


@pytest.mark.parametrize("rows", [[], [[None, ""]], [["  "], ["\n"]]])
def test_a_workbook_without_content_is_empty(workbook, rows):
    assert refusal(workbook(*rows)) == "the table is empty"


def test_a_workbook_of_hidden_sheets_is_refused(workbook):
    path = workbook(["phone"], ["067"])
    hide = {"xl/workbook.xml": lambda old: old.replace(b'"visible"', b'"hidden"')}
    assert refusal(rewritten(path, hide)).startswith("all sheets of the workbook are hidden")


def test_a_table_without_headings_begins_with_its_first_row(workbook, read):
    table, rows = read(workbook([380671112233], ["0671112234"]), has_headings=False)
    assert (table.headings, table.heading_row) == ((), 0)
    assert [(row.number, row.cells) for row in rows] == [(1, [380671112233]), (2, ["0671112234"])]


def test_headings_are_text(workbook, read):
    table, _rows = read(workbook([" phone\n", 2024, date(2024, 5, 1), True, "#N/A", "x"]))
    assert table.headings == ["phone", "2024", "2024-05-01", "True", "", "x"]


def test_a_cell_beside_the_headings_is_no_problem(workbook, read):
    [row] = read(workbook(["phone"], ["067", None, "a note"]))[1]
    assert (row.problem, row.cells) == ("", ["067", None, "a note"])


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?"])
def test_an_error_is_no_text(workbook, cells_of, error):
    def fill(book):
        book.active["A2"], book.active["B2"] = error, error
        book.active["B2"].data_type = "s"  # typed as text

    [[cell, text]] = cells_of(workbook(["phone", "name"], fill=fill))
    assert (cell, str(cell), text) == (CellError(error), error, error)


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (3.3000000000000003, "General", 3.3),
        (0.1 + 0.2, "General", 0.3),
        (7.0, "General", 7),
        (380671112233, "General", 380671112233),
        (3.80671112233e11, "0", 380671112233),
        (1234.5, "0.00", "1234.50"),
        (1234.5, "#,##0.00", "1234.50"),
        (-1234.5, '#,##0.00\\ "₴";[Red]\\-#,##0.00\\ "₴"', "-1234.50"),
        (1234.5, "_-* #,##0.00\\ [$₴-422]_-", "1234.50"),
        (0.1, "0%", "10%"),
        (0.125, "0.0%", "12.5%"),
        (4321, "000000", "004321"),
        (671112233, "0000000000", "0671112233"),
        (671112233, "(000)\\ 000\\-00\\-00", "(067) 111-22-33"),
        (671112233, '"+380"000000000', "+380671112233"),
        (True, "0.00", True),
        (datetime.fromisoformat("2026-03-02"), "yyyy-mm-dd", "2026-03-02"),
        (datetime.fromisoformat("2026-03-02 12:30"), "dd.mm.yyyy hh:mm", "2026-03-02 12:30:00"),
        (time(9, 30), "hh:mm", "09:30:00"),
        (timedelta(hours=26), "[h]:mm", "26:00:00"),
    ],
)
def test_values_are_those_that_are_displayed(workbook, cells_of, value, code, shown):
    def fill(book):
        book.active["A2"] = value
        book.active["A2"].number_format = code

    [[cell]] = cells_of(workbook(["value"], fill=fill))
    assert (cell, type(cell)) == (shown, type(shown))


@pytest.mark.parametrize(
    ("number", "code", "shown"),
    [
        (2.5, "0", 3),
        (-2.5, "0", -3),
        (1.5, "#,##0", 2),
        (1234.5, "#,##0 ", 1235),
        (1.005, "0.00", "1.01"),
        (-0.004, "0.00", "-0.00"),
        (0.5, ".00", "0.50"),
        (5, "00.0", "05.0"),
        (-5, "00.0", "-05.0"),
        (1.5, "0.##", "1.5"),
        (1, "0.##", "1"),
        (1.5, "0.0#", "1.5"),
        (1234567, "0.0000000000000000", "1234567.000000000000"),
        (0.5, "0.00%", "50.00%"),
        (-0.5, "0%", "-50%"),
        (0.005, "0%", "1%"),
        (-7, "000", "-007"),
        (0, "000", "000"),
        (1234, "00-00", "12-34"),
        (51234, "00-00", "512-34"),
        (-1234, "00-00", "-12-34"),
        (5, "##-##", "-5"),
        (380671112233, "+00 000 000 00 00", "+38 067 111 22 33"),
        (5, '0" шт."', 5),
        (5, '00" шт."', "05"),
        (12, "[Red]00", "12"),
        (12, "00;(00)", "12"),
        (1.5, "0.00E+00", 1.5),
        (1.5, "# ?/?", 1.5),
        (671112233, "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", 671112233),
        (5000, "0,", 5000),
        (1.5, "@", 1.5),
        (7.0, "", 7),
        (7.0, '"0"', 7),
        (12.0, 'General" грн"', 12),
        (1e300, "0.00", 1e300),
        (10**15, "000", 10**15),
        (float("inf"), "General", float("inf")),
        (1, "00000000000000000000", "00000000000000000001"),
    ],
)
def test_a_number_has_the_digits_of_its_format(number, code, shown):
    assert displayed(number, code) == shown


@given(
    st.one_of(st.integers(), st.floats(allow_nan=False)),
    st.one_of(st.text('0#?,.%-+ ()"\\[]_*;@E/$aд', max_size=12), st.text(max_size=6)),
)
def test_any_number_in_any_format_is_displayed(number, code):
    assert isinstance(displayed(number, code), str | int | float)


@given(st.integers(-(10**12), 10**12), st.integers(0, 6))
def test_fixed_decimals_say_the_same_number(number, digits):
    code = "0" + "." * bool(digits) + "0" * digits
    assert float(displayed(number / 10**digits, code)) == pytest.approx(number / 10**digits)


@pytest.mark.parametrize("suffix", ["xlsx", "xlsm", "csv", "txt", "XLSX"])
def test_a_workbook_is_one_whatever_its_name_is(workbook, read, suffix):
    table, rows = read(workbook(["phone"], ["067"], name=f"people.{suffix}"))
    assert (table.format.kind, rows[0].cells) == ("XLSX", ["067"])


def test_a_size_that_is_stated_too_small_hides_no_row(workbook, cells_of):
    path = workbook(["phone"], ["067"], ["068"])
    less = {"xl/worksheets/sheet1.xml": lambda old: old.replace(b'ref="A1:A3"', b'ref="A1"')}
    assert cells_of(rewritten(path, less)) == [["067"], ["068"]]


def test_a_damaged_archive_is_named(workbook, tmp_path):
    path = workbook(["phone"], ["067"])
    path.write_bytes(path.read_bytes()[:-200])
    assert refusal(path) == "people.xlsx is damaged and cannot be read as XLSX"


def test_a_damaged_row_is_named_after_those_before_it(workbook):
    path = workbook(["phone"], ["0671112233"], ["0671112234"])
    tear = {"xl/worksheets/sheet1.xml": lambda old: old[: old.index(b"0671112234")]}
    numbers = []
    with (
        pytest.raises(UnreadableTable, match=r"^row 3 is damaged and cannot be read as XLSX$"),
        open_table(rewritten(path, tear)) as table,
    ):
        for row in table.rows:
            numbers.append(row.number)  # noqa: PERF401
    assert numbers == [2]


@pytest.mark.parametrize("number", [380671112233, 1e300])
def test_a_number_that_is_no_date_stays_a_number(workbook, cells_of, number, recwarn):
    def fill(book):
        book.active["A2"] = number
        book.active["A2"].number_format = "yyyy-mm-dd"

    assert cells_of(workbook(["phone"], fill=fill)) == [[number]]
    assert not recwarn.list


@pytest.mark.filterwarnings("ignore")
def test_a_strict_workbook_is_named(workbook):
    path = workbook(["phone"], ["067"])

    def strict(old):
        return old.replace(
            b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        ).replace(
            b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
            b"http://purl.oclc.org/ooxml/spreadsheetml/main",
        )

    names = ("_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml")
    assert refusal(rewritten(path, dict.fromkeys(names, strict))).startswith(
        "people.xlsx is a Strict Open XML workbook"
    )


def chart_sheet(book, place):
    sheet = book.create_chartsheet("Графік", place)
    sheet.add_chart(BarChart())


@pytest.mark.parametrize("place", [0, 1])
def test_a_chart_sheet_is_passed_over(workbook, read, place):
    table, rows = read(
        workbook(["phone"], ["0671112233"], fill=lambda book: chart_sheet(book, place))
    )
    assert (table.format, rows[0].cells) == (TableFormat("XLSX", sheet="Sheet"), ["0671112233"])


def test_a_chart_sheet_without_a_chart_is_passed_over(workbook, read):
    path = workbook(["phone"], ["067"], fill=lambda book: book.create_chartsheet("Empty", 0))
    assert read(path)[0].headings == ["phone"]


@pytest.mark.parametrize("kind", [b"dialogsheet", b"xlMacrosheet"])
def test_a_sheet_of_another_kind_is_passed_over(workbook, read, kind):
    def fill(book):
        book.create_sheet("Other", 0).append(["phone"])
        book.defined_names["people"] = DefinedName("people", attr_text="Sheet!$A$1")
        book["Sheet"].print_title_rows = "1:1"

    path = workbook(["phone"], ["0671112233"], fill=fill)
    relate = {
        "xl/_rels/workbook.xml.rels": lambda old: old.replace(
            b'/worksheet" Target="/xl/worksheets/sheet1.xml',
            b'/%s" Target="/xl/worksheets/sheet1.xml' % kind,
        )
    }
    table, _rows = read(rewritten(path, relate))
    assert table.format == TableFormat("XLSX", sheet="Sheet")


UNCALCULATED = (
    "holds a formula without a value; open the workbook in a spreadsheet program and save it there"
)


def formula(inner):
    """Replace the second cell of the second row."""
    cell = re.compile(rb'<c r="B2"[^>]*?(/>|>.*?</c>)')
    return {"xl/worksheets/sheet1.xml": lambda old: cell.sub(inner, old)}


@pytest.mark.parametrize(
    "cell",
    [
        b'<c r="B2"><f>A2</f><v></v></c>',
        b'<c r="B2"><f>A2</f><v/></c>',
        b'<c r="B2"><f>A2</f></c>',
        b'<c r="B2" t="str"><f>A2</f></c>',
        b'<c r="B2"><f t="shared" si="0"/></c>',
    ],
)
def test_a_formula_without_a_value_costs_its_row(workbook, read, cell):
    path = workbook(["phone", "name"], ["0671112233", "x"], ["0671112234", "Олена"])
    _table, rows = read(rewritten(path, formula(cell)))
    assert [(row.number, row.problem) for row in rows] == [(2, UNCALCULATED), (3, "")]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (b'<c r="B2" t="str"><f>A2</f><v>x</v></c>', "x"),
        (b'<c r="B2" t="str"><f>A2</f><v></v></c>', None),  # the formula returns an empty text
        (b'<c r="B2"><f>A2</f><v>0</v></c>', 0),
        (b'<c r="B2" t="b"><f>A2</f><v>0</v></c>', False),
        (b'<c r="B2"/>', None),
    ],
)
def test_the_value_of_a_formula_is_read(workbook, read, cell, value):
    path = workbook(["phone", "name"], ["0671112233", "x"])
    _table, rows = read(rewritten(path, formula(cell)))
    assert [(list(row.cells), row.problem) for row in rows] == [(["0671112233", value], "")]


def test_a_row_of_formulas_without_values_is_not_empty(workbook, read):
    path = workbook(["phone", "name"], [], ["=A1", "=B1"])
    assert [(row.number, row.problem) for row in read(path)[1]] == [(3, UNCALCULATED)]


def test_headings_of_formulas_without_values_are_refused(workbook):
    assert refusal(workbook(["phone", "=A1"], ["067"])) == (
        f"the headings in row 1 cannot be read: the row {UNCALCULATED}"
    )
