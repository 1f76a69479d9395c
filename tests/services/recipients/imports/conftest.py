"""Files of recipients, written for one test."""

import csv

import pytest
from openpyxl import Workbook

from django_smsbat.services.recipients.imports.readers import open_table


@pytest.fixture
def file(tmp_path):
    """Write a file with this content; text is encoded."""

    def write(content, name="people.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def table(file):
    """Write a CSV of these lines."""
    return lambda *lines, **options: file("\n".join(lines), **options)


@pytest.fixture
def reasons():
    """Return the reasons in the file of rejected rows."""

    def read(result):
        with result.rejects.open(encoding="utf-8-sig", newline="") as file:
            return [row[1] for row in list(csv.reader(file))[1:]]

    return read


@pytest.fixture
def workbook(tmp_path):
    """Save a workbook with these rows; `fill` prepares its sheets."""

    def save(*rows, fill=lambda book: None, name="people.xlsx"):
        book = Workbook()
        for row in rows:
            book.active.append(row)
        fill(book)
        path = tmp_path / name
        book.save(path)
        return path

    return save


@pytest.fixture
def read():
    """Read a file completely: the table and its rows."""

    def all_of(path, **options):
        with open_table(path, **options) as table:
            return table, list(table.rows)

    return all_of


@pytest.fixture
def cells_of(read):
    """Return the cells of a file's rows."""
    return lambda path, **options: [list(row.cells) for row in read(path, **options)[1]]


def rate(headings):
    """Rate headings as the importer does: phones first."""
    known = {heading.strip().lower() for heading in headings}
    return 2 if known & {"phone", "телефон"} else bool(known & {"name", "ім'я", "city"})


def has_phone(place):
    """Return whether a cell contains a number, as data rows do."""

    def looks_like_row(cells):
        return len(cells) > place and sum(map(str.isdigit, cells[place])) >= 9

    return looks_like_row
