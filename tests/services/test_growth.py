"""The time to read external texts grows only with their length."""

import pytest

from django_smsbat.admin.sentences import translated
from django_smsbat.gateway import phones, sms_parts, text
from django_smsbat.gateway.messages import Content
from django_smsbat.services import csv_safety
from django_smsbat.services.campaigns.placeholder_syntax import compile_text
from django_smsbat.services.composer import foreign_placeholders, opt_out_advice
from django_smsbat.services.composer.lint import lint
from django_smsbat.services.consent import keywords
from django_smsbat.services.recipients.imports import headings, values
from django_smsbat.services.recipients.imports.readers import open_table, separators
from django_smsbat.services.recipients.imports.readers.encodings import encoding_of
from tests.support.growth import is_linear

pytestmark = pytest.mark.slow
UNITS = (
    *(
        "a",
        "0",
        " ",
        "\t",
        "\n",
        "\r\n",
        "/",
        "{{",
        "}}",
        "{",
        "'",
        "=",
        "+",
        ";",
        "\t=",
        "; =",
        "é",
    ),
    *(
        "{{ a }}",
        "{{ a|default:'",
        '{{ a|default:"b',
        "{{ a|",
        "a|a|",
        "stop ",
        "<a ",
        "+380 ",
        "1 (",
    ),
    *("a@a.", "http://", "repl", "%a%", "[a|", "тел. ", "\u2003", "\u200d", "\ufe0f", "ʼ", "\x00"),
)


def tried(function, unit):
    def call(size):
        content = unit * (size // len(unit) + 1)

        def run():
            try:
                function(content)
            except ValueError:
                return

        return run

    return call


def linted(content):
    lint(Content(type="sms", text=content, sender="x"), promotional=True)


FUNCTIONS = {
    "keywords": keywords.intent_of,
    "placeholders": compile_text.__wrapped__,
    "other placeholders": foreign_placeholders.find,
    "phone": lambda content: phones.normalise(content, "UA"),
    "phone of SMSBAT": phones.international,
    "redaction": phones.redact,
    "formula": csv_safety.harmless,
    "formula read again": csv_safety.original,
    "lint": linted,
    "opting out": lambda content: opt_out_advice.lacks(content, content),
    "SMS parts": sms_parts.count_parts,
    "visible text": text.visible,
    "invisible characters": text.without_invisible,
    "a sentence": translated,
    "a number": values.number,
    "a date": values.moment,
    "a heading": headings.recognise,
    "a separator": lambda content: separators.separator_of(content, None),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("unit", UNITS, ids=repr)
def test_twice_the_text_takes_at_most_three_times_the_time(function, unit):
    assert is_linear(tried(function, unit))


@pytest.mark.parametrize(
    "unit", [b"a,", b'"\n",', b"\xe0\n", b"\xd0\xb0,", b"\0", b'"a\nb",', b"\t\n"]
)
@pytest.mark.parametrize("read", ["encoding", "table"])
def test_twice_the_file_takes_at_most_three_times_the_time(tmp_path, unit, read):
    path = tmp_path / "people.csv"

    def call(size):
        path.write_bytes(b"phone,name\n" + unit * (size // len(unit) + 1))

        def run():
            try:
                if read == "encoding":
                    encoding_of(path)
                else:
                    with open_table(path) as table:
                        list(table.rows)
            except Exception:  # a refused file has been read
                return

        return run

    assert is_linear(call)
