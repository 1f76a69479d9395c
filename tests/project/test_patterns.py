"""Every regular expression of the package takes at most linear time, for any input."""

import re

import pytest
from django.views.debug import SafeExceptionReporterFilter

from django_smsbat.admin import sentences
from django_smsbat.conf.opt_out_keywords import OPT_OUT_KEYWORDS
from django_smsbat.services.composer import opt_out_advice
from django_smsbat.services.recipients.imports import values
from django_smsbat.services.recipients.imports.readers import ENCODINGS, mixed_encodings
from django_smsbat.webhooks import masking
from tests.support.patterns import ROOT, Used, collect

_KEYWORDS = opt_out_advice._any_of(tuple(OPT_OUT_KEYWORDS))


def _sentences():
    return [pattern for _form, pattern in sentences._patterns()]


# Patterns that depend on a function's variables: the function, and the patterns it builds.
BUILT = {
    "django_smsbat.admin.sentences:_pattern": _sentences,
    "django_smsbat.conf.error_reports:hide_own_settings": lambda: [
        SafeExceptionReporterFilter.hidden_settings.pattern
    ],
    "django_smsbat.services.composer.opt_out_advice:_names_contact": lambda: [
        rf"{opt_out_advice._REPLY}{opt_out_advice._BEFORE_KEYWORD}(?:{_KEYWORDS})"
        rf"({opt_out_advice._DESTINATION})?"
    ],
    "django_smsbat.services.composer.opt_out_advice:_keyword_in": lambda: [_KEYWORDS],
    "django_smsbat.webhooks.masking:pattern_of": lambda: [
        masking.pattern_of(["a-secret", "2525%%25", "секрет"]).pattern
    ],
    "django_smsbat.services.recipients.imports.values:_number_from": lambda: [
        f"[{thousands}]" for _pattern, thousands in values._NUMBERS
    ],
    "django_smsbat.services.recipients.imports.readers.mixed_encodings:_sign": lambda: [
        sign for codec in ENCODINGS if (sign := mixed_encodings._sign(codec))
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("used", collect(BUILT), ids=str)
def test_the_time_of_a_pattern_grows_with_the_input_only(used):
    assert next(used.slow_inputs(), None) is None, used.pattern.pattern


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"(?:a+)+b", "fullmatch"),
        (r"[;\t]\s*=", "search"),
        (r"/+(.*?)/*$", "match"),
        (r"\{\{\s*(\w+)\s*(?:\|.*?)?\}\}", "finditer"),
    ],
)
def test_a_pattern_with_ambiguous_neighbours_is_found(pattern, method):
    assert next(Used("here", re.compile(pattern), (method,)).slow_inputs(), None)


def test_scripts_have_no_patterns_that_nothing_measures():
    for path in [*ROOT.rglob("*.js"), *ROOT.rglob("*.html")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"RegExp\(|[(=,:]\s*/(?![/*>\s]).+/[gimsuy]*[,;.)]", text), path
