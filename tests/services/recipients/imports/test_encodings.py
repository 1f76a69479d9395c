"""A file is read in the encoding in which it was written."""

import codecs
import random

import pytest

from django_smsbat.services.recipients.imports.readers import (
    ENCODINGS,
    UnreadableTable,
    encodings,
    open_table,
)
from tests.services.recipients.imports.conftest import rate

UKRAINIAN = ("Наталія Гончар", "Їжакевич Юлія", "Ґалаґан Єва", "м. Київ, вул. Сонячна")
RUSSIAN = ("Алексей Фёдоров", "Подъёмная Эмма", "г. Москва, ул. Щорса", "Юрьевна")
POLISH = ("Małgorzata Wiśniewska", "Łódź", "Grażyna Dąbrowska", "Kraków")
CZECH = ("Jiří Dvořák", "Růžička", "Štěpán Žižka", "Plzeň", "Černý")
HUNGARIAN = ("László Kovács", "Győr", "Székesfehérvár", "Tóth Gábor")
GERMAN = ("Jürgen Müller", "Köln", "Weiß", "Schäfer")
FRENCH = ("Hélène François", "Besançon", "Élodie Lefèvre", "Noël")
SPANISH = ("José Muñoz", "Íñigo Peña", "Núñez", "Málaga")
NORDIC = ("Håkon Bjørnsen", "Åsa Sjöström", "Malmö")


def csv_of(names, encoding):
    lines = ["phone,note", *(f'06700000{i:02},"{name}"' for i, name in enumerate(names))]
    return "\r\n".join(lines).encode(encoding)


def names_in(path, **options):
    with open_table(path, **options) as table:
        return table.format.encoding, [row.cells[1] for row in table.rows]


@pytest.mark.parametrize(
    ("codec", "names"),
    [
        *((codec, UKRAINIAN) for codec in ("utf-8", "utf-8-sig", "utf-16", "utf-32")),
        *((codec, UKRAINIAN) for codec in ("utf-16-le", "utf-16-be")),
        *((codec, UKRAINIAN) for codec in ("cp1251", "koi8-u", "cp1125", "mac-cyrillic")),
        *((codec, RUSSIAN) for codec in ("utf-8", "cp1251", "koi8-u", "cp866", "mac-cyrillic")),
        *(("cp1250", names) for names in (POLISH, CZECH, HUNGARIAN)),
        *(("cp1252", names) for names in (GERMAN, FRENCH, SPANISH, NORDIC)),
    ],
)
@pytest.mark.parametrize("case", [str, str.upper, str.lower])
def test_names_are_read_as_they_were_written(file, codec, names, case):
    if case is str.upper:
        names = [name.replace("ß", "SS") for name in names]
    written = [case(name) for name in names]
    _encoding, read = names_in(file(csv_of(written, codec)))
    assert read == written


@pytest.mark.parametrize("name", [*" ".join(UKRAINIAN + RUSSIAN).replace(",", "").split()])
@pytest.mark.parametrize("case", [str, str.upper, str.lower])
def test_one_cyrillic_word_of_windows_is_enough(file, name, case):
    assert names_in(file(csv_of([case(name)], "cp1251"))) == ("Windows-1251", [case(name)])


def test_signs_of_a_text_do_not_mislead(file):
    names = ["Кафе «Затишок» № 5 — центр", "15 °C…", "50 €"]
    assert names_in(file(csv_of(names, "cp1251"))) == ("Windows-1251", names)


@pytest.mark.parametrize(
    ("mark", "codec", "label"),
    [
        (codecs.BOM_UTF8, "utf-8", "UTF-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
        (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    ],
)
def test_a_byte_order_mark_decides(file, mark, codec, label):
    path = file(mark + csv_of(["Київ"], codec))
    with open_table(path) as table:
        assert (table.headings, table.format.encoding) == (["phone", "note"], label)
        assert [row.cells[1] for row in table.rows] == ["Київ"]


def test_a_mark_decides_though_most_lines_disagree(file):
    path = file(codecs.BOM_UTF8 + csv_of(UKRAINIAN, "cp1251"))
    encoding, _names = names_in(path)
    assert encoding == "UTF-8"


@pytest.mark.parametrize("bad", [b"\xe9", b"\xd0", b"\xc3\x28", b"\xff\xfe", b"\xed\xa0\x80"])
def test_bytes_that_are_not_utf_8_cost_only_their_row(file, read, bad):
    content = csv_of(["Наталія", "Юлія"], "utf-8") + b"\r\n0670000088,Jos" + bad
    _table, rows = read(file(content))
    assert [row.problem for row in rows] == ["", "", "holds bytes that are not UTF-8 text"]
    assert [row.cells[1] for row in rows[:2]] == ["Наталія", "Юлія"]
    assert rows[2].cells[1].startswith("Jos\ufffd")
    assert rows[2].number == 4


@pytest.mark.parametrize("cut", [1, 2])
def test_a_file_that_ends_within_a_letter_loses_only_its_last_row(file, read, cut):
    content = "phone,note\n0670000077,Київ\n0670000078,Рівне €".encode()[:-cut]
    _table, rows = read(file(content))
    assert [bool(row.problem) for row in rows] == [False, True]
    assert rows[0].cells[1] == "Київ"


def test_most_lines_decide_wherever_they_are(file):
    names = ["Наталія"] * 3
    content = csv_of(["Олена"], "cp1251") + b"\r\n" + csv_of(names, "utf-8")
    encoding, read = names_in(file(content))
    assert (encoding, read[-3:]) == ("UTF-8", names)
    content = csv_of(["Олена"] * 4, "cp1251") + b"\r\n" + csv_of(["Юлія"], "utf-8")
    assert names_in(file(content))[0] == "Windows-1251"


def test_the_lines_of_a_long_file_are_counted_throughout(file):
    names = ["Іван"] * 9_000
    content = csv_of(["Олена"] * 3_000, "cp1251") + b"\r\n" + csv_of(names, "utf-8")
    assert names_in(file(content))[0] == "UTF-8"


@pytest.mark.parametrize("codec", ["utf-8", "cp1251"])
def test_letters_show_far_behind_a_plain_beginning(file, codec):
    content = csv_of(["Olena"] * 30_000 + ["Київ"], codec)
    assert names_in(file(content))[1][-1] == "Київ"


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
def test_letters_are_not_cut_at_the_end_of_a_block(file, monkeypatch, line_end):
    monkeypatch.setattr(encodings, "_BLOCK", 16)
    lines = ["phone,name", *[f"0670000077,{'Ї' * count}" for count in range(1, 20)], "1,\udcff"]
    content = line_end.join(lines).encode("utf-8", "surrogateescape")
    assert names_in(file(content))[0] == "UTF-8"


def test_windows_1251_leaves_one_byte_undefined(file, read):
    content = csv_of(UKRAINIAN, "cp1251") + b"\r\n0670000099,a\x98b"
    _table, rows = read(file(content))
    assert [row.problem for row in rows if row.problem] == [
        "holds bytes that are not Windows-1251 text"
    ]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-16"])
def test_half_a_letter_of_utf_16_costs_its_row(file, read, codec):
    content = "phone,name\r\n0670000077,Київ\r\n0670000078,Олена".encode(codec)[:-1]
    _table, rows = read(file(content))
    assert [row.problem for row in rows] == ["", "holds bytes that are not UTF-16 text"]
    assert rows[0].cells == ["0670000077", "Київ"]


def test_a_tab_separated_export_of_utf_16_without_a_mark_is_read(file, read):
    lines = "Телефон\tІм'я\tМісто\r\n0671112233\tНаталія Ґудзь\tКиїв\r\n"
    table, rows = read(file(lines.encode("utf-16-le")), rate=rate)
    assert table.headings == ["Телефон", "Ім'я", "Місто"]
    assert (table.format.encoding, table.format.separator) == ("UTF-16", "\t")
    assert rows[0].cells == ["0671112233", "Наталія Ґудзь", "Київ"]


@pytest.mark.parametrize("codec", ENCODINGS)
def test_a_chosen_encoding_overrides_the_detection(file, codec):
    name = "Олена" if codec not in {"cp1250", "cp1252"} else "Müller"
    path = file(csv_of([name], codec))
    assert names_in(path, encoding=codec) == (ENCODINGS[codec], [name])


@pytest.mark.parametrize(
    ("chosen", "codec", "label"),
    [
        ("windows-1251", "cp1251", "Windows-1251"),
        ("UTF8", "utf-8", "UTF-8"),
        ("utf-8", "utf-8-sig", "UTF-8"),
        ("utf-16", "utf-16-be", "UTF-16"),
        ("utf-16", "utf-16-le", "UTF-16"),
        ("cp1250", "cp1250", "Windows-1250"),
    ],
)
def test_an_encoding_may_have_another_name_or_no_mark(file, chosen, codec, label):
    name = "Paweł" if codec == "cp1250" else "Олена"
    assert names_in(file(csv_of([name], codec)), encoding=chosen) == (label, [name])


@pytest.mark.parametrize("chosen", ["klingon", "base64", "cp037", "utf-7"])
def test_an_encoding_that_is_not_supported_is_named(file, chosen):
    with pytest.raises(UnreadableTable, match=f"'{chosen}' is not supported; choose one of utf-8"):
        names_in(file("phone\n1"), encoding=chosen)


def test_what_is_no_text_is_refused_without_its_content(file):
    noise = random.Random(5).randbytes(4_000).replace(b"\n", b"")
    with pytest.raises(UnreadableTable) as refused:
        names_in(file(b"\x01\x02" + noise, "people.bin"))
    assert str(refused.value) == "people.bin is not a table; save it as XLSX or CSV"


def test_nuls_behind_the_text_are_no_other_encoding(file, read):
    _table, rows = read(file("phone,name\n0670000077,Олена\n".encode() + b"\0" * 3_000))
    assert [row.problem for row in rows] == ["", "holds a NUL character"]


def test_a_line_without_end_is_refused_with_its_number(file, monkeypatch):
    monkeypatch.setattr(encodings, "_LINE_MAX", 32)
    with pytest.raises(UnreadableTable, match=r"people\.csv is not a table: line 3 is longer"):
        names_in(file("phone,name\n0670000077,Olena\n" + "x" * 99))


def test_a_file_of_excel_for_mac_is_read(file, read):
    lines = "Телефон;Ім'я\r0671112233;Наталія Гончар\r0671112234;Марія «Їжак»\r"
    table, rows = read(file(lines.encode("mac-cyrillic")), rate=rate)
    assert (table.format.encoding, table.headings) == ("Mac Cyrillic", ["Телефон", "Ім'я"])
    assert [row.cells[1] for row in rows] == ["Наталія Гончар", "Марія «Їжак»"]


UNLIKE = "is in UTF-8, unlike the rest of the file"


@pytest.mark.parametrize(
    ("codec", "names", "other"),
    [
        *((codec, UKRAINIAN, "Юлія") for codec in ("cp1251", "koi8-u", "cp1125", "mac-cyrillic")),
        ("cp1251", UKRAINIAN, "ЄГОР"),
        ("cp1251", UKRAINIAN, "Ян, вул. Науки"),
        ("cp866", RUSSIAN, "Семён"),
        ("cp1250", POLISH, "Gdańsk"),
        ("cp1252", GERMAN, "Köln"),
    ],
)
def test_a_row_of_utf_8_in_another_encoding_is_no_nonsense(file, read, codec, names, other):
    content = csv_of(names, codec) + f'\r\n0670000088,"{other}"'.encode()
    _table, rows = read(file(content))
    assert [row.problem for row in rows] == [""] * len(names) + [UNLIKE]
    assert rows[-1].cells == ["0670000088", other]
    assert [row.cells[1] for row in rows[:-1]] == list(names)


def test_headings_of_utf_8_above_rows_of_windows_1251_are_refused(file):
    content = "Телефон,Назва\r\n".encode() + csv_of(UKRAINIAN, "cp1251")
    with pytest.raises(
        UnreadableTable, match=f"headings in row 1 cannot be read: the row {UNLIKE}"
    ):
        names_in(file(content))


@pytest.mark.parametrize("codec", ["cp1251", "koi8-u", "cp1125", "mac-cyrillic"])
@pytest.mark.parametrize(
    "name", ["Сі", "Рі", "Сірко Тіна", "Рівне", "СІРІ", "Уїї", "пірія", "Ті Сі"]
)
def test_usual_pairs_of_letters_are_not_taken_for_utf_8(file, read, codec, name):
    _table, rows = read(file(csv_of([*UKRAINIAN, name], codec)))
    assert (rows[-1].problem, rows[-1].cells[1]) == ("", name)
