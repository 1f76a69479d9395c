"""A file's content decides its format. An unsupported format is named."""

import gzip
import io
import json
import sqlite3
import zipfile

import pytest

from django_smsbat.admin.sentences import is_known
from django_smsbat.services.recipients.imports.readers import UnreadableTable, formats, open_table

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
PHONE = "0671112233"


def archive(*names, mimetype=""):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as written:
        if mimetype:
            written.writestr("mimetype", mimetype)
        for name in names:
            written.writestr(name, PHONE)
    return content.getvalue()


def ole(stream):
    return OLE + b"\0" * 5_000 + stream.encode("utf-16-le") + PHONE.encode()


def database():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE people (phone TEXT)")
    content = connection.serialize()
    connection.close()
    return content


def refusal(path):
    with pytest.raises(UnreadableTable) as refused, open_table(path):
        pass
    return str(refused.value)


VCARD = f"BEGIN:VCARD\r\nVERSION:3.0\r\nTEL:{PHONE}\r\nEND:VCARD\r\n"
XML_2003 = (
    '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
    f'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">{PHONE}</Workbook>'
)
UNSUPPORTED = {
    "an Excel 97–2003 workbook": [OLE, ole("Workbook"), ole("Book"), b"\x09\x08\x10\0\0\x06\x05\0"],
    "a Word document": [ole("WordDocument"), archive("[Content_Types].xml", "word/document.xml")],
    "a PowerPoint presentation": [
        ole("PowerPoint Document"),
        archive("[Content_Types].xml", "ppt/presentation.xml"),
    ],
    "an XLSB workbook": [archive("[Content_Types].xml", "xl/workbook.bin", "xl/styles.bin")],
    "an ODS spreadsheet": [
        archive("content.xml", mimetype="application/vnd.oasis.opendocument.spreadsheet"),
        archive("content.xml", mimetype="application/vnd.oasis.opendocument.spreadsheet-template"),
    ],
    "an OpenDocument file": [
        archive("content.xml", mimetype="application/vnd.oasis.opendocument.text")
    ],
    "an Apple Numbers document": [
        archive("Index/Document.iwa", "preview.jpg"),
        archive("Index.zip"),
    ],
    "an archive": [
        archive("people.csv"),
        archive(),
        gzip.compress(PHONE.encode(), mtime=0),
        b"Rar!\x1a\x07\x01\0",
        b"7z\xbc\xaf\x27\x1c\0\x04",
    ],
    "a vCard file": [VCARD, "\ufeff" + VCARD, VCARD.lower(), VCARD.encode("utf-16")],
    "a calendar": ["BEGIN:VCALENDAR\r\n"],
    "a web page": [
        f"<html><table><tr><td>{PHONE}</td></tr></table></html>",
        f"\ufeff\n <!DOCTYPE html>\n{PHONE}",
        f"<table border=1><tr><td>{PHONE}",
        f'<?xml version="1.0"?>\n<html xmlns:x="urn:schemas-microsoft-com:office:excel">{PHONE}',
        f"MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\n{PHONE}",
        f"<HTML>{PHONE}".encode("utf-16"),
    ],
    "an XML Spreadsheet 2003 workbook": [XML_2003, "\ufeff" + XML_2003, XML_2003.encode("utf-16")],
    "an XML file": [f'<?xml version="1.0"?>\n<people><phone>{PHONE}</phone></people>'],
    "a PDF document": ["%PDF-1.7\n"],
    "an RTF document": ["{\\rtf1\\ansi " + PHONE],
    "a JSON file": [
        json.dumps([{"phone": PHONE}], indent=2),
        json.dumps({"phone": PHONE}),
        json.dumps([[PHONE]]),
    ],
    "an image": [
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"GIF89a",
        b"RIFF\x10\0\0\0WEBPVP8 ",
        b"\0\0\0\x18ftypheic",
    ],
    "a database": [database()],
    "protected with a password": [ole("EncryptedPackage")],
}
CASES = [(kind, content) for kind, contents in UNSUPPORTED.items() for content in contents]


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "xls", "unknown"])
@pytest.mark.parametrize(("kind", "content"), CASES, ids=[kind for kind, _content in CASES])
def test_a_format_that_cannot_be_read_is_named(file, kind, content, suffix):
    refused = refusal(file(content, f"people.{suffix}"))
    assert refused.startswith(f"people.{suffix} is {kind}; ")
    assert PHONE not in refused
    assert refused.count("people") == 1


def test_an_old_office_file_without_a_known_stream_is_named_by_its_suffix(file):
    assert refusal(file(OLE, "letter.doc")).startswith("letter.doc is a Word document")


@pytest.mark.parametrize("place", [1_048_570, 1_048_576, 3_000_000])
def test_the_kind_of_an_old_office_file_is_found_anywhere_in_it(file, place):
    content = OLE.ljust(place, b"\0") + "EncryptedPackage".encode("utf-16-le")
    assert refusal(file(content, "people.xlsx")) == (
        "people.xlsx is protected with a password; open it and save it without a password"
    )


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"PK\x03\x04" + b"x" * 500, b"PK\x05\x06"])
def test_a_torn_archive_is_a_damaged_workbook(file, content):
    assert refusal(file(content, "people.csv")).startswith("people.csv is damaged and cannot be")


@pytest.mark.parametrize("name", ["people.xlsx", "people.xls", "people", "people.XLSM"])
def test_a_csv_is_one_whatever_its_name_is(file, read, name):
    table, rows = read(file("phone;name\n067;Олена\n", name))
    assert (table.format.kind, rows[0].cells) == ("CSV", ["067", "Олена"])


@pytest.mark.parametrize(
    "heading", ["PK", "ID", "id", "BM", "{name}", "[phone]", "<phone>", "MM", "BZ", "GIF", "P"]
)
def test_a_heading_that_resembles_a_signature_is_a_heading(file, read, heading):
    assert read(file(f"{heading};Phone\n1;067\n"))[0].headings == [heading, "Phone"]


def test_what_a_file_is_and_what_to_do_is_translated():
    for kind, advice in formats.kinds():
        assert is_known(kind), kind
        assert is_known(advice), advice
    assert {kind for kind, _advice in formats.kinds()} == set(UNSUPPORTED)


@pytest.mark.parametrize(
    "problem",
    [
        "holds bytes that are not UTF-8 text",
        "holds a NUL character",
        "holds a cell of more than 131,072 characters",
        "4 cells under 3 headings",
    ],
)
def test_the_problem_of_a_row_is_translated(problem):
    assert is_known(problem)
