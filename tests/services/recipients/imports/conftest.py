"""Files of recipients for the tests of imports."""

import csv

import pytest


@pytest.fixture
def table(tmp_path):
    """Writes a CSV of these lines."""

    def write(*lines, name="people.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes("\n".join(lines).encode(encoding))
        return path

    return write


@pytest.fixture
def workbook(tmp_path):
    """Writes an XLSX of these rows."""

    def write(*rows, name="people.xlsx"):
        from openpyxl import Workbook

        book = Workbook()
        for row in rows:
            book.active.append(row)
        path = tmp_path / name
        book.save(path)
        return path

    return write


@pytest.fixture
def reasons():
    """The reasons in the file of rejected rows."""

    def read(result):
        with result.rejects.open(encoding="utf-8-sig", newline="") as file:
            return [row[1] for row in list(csv.reader(file))[1:]]

    return read
