"""The sentences of the lower layers reach users in their own language."""

import ast

import polib
import pytest
from django.utils import translation

from django_smsbat.admin.sentences import COUNTED, FORMS, is_known, translated
from django_smsbat.gateway.errors import ErrorKind, GatewayError
from django_smsbat.services.recipients.imports import stored_preview
from tests.support.paths import PACKAGE

RAISED = {
    *(
        "require",
        "InvalidMessage",
        "ActionNotAllowed",
        "StillSending",
        "StillImporting",
        "UnreadableTable",
    ),
    *("UnknownColumns", "Rejected", "InvalidPhone", "LimitExceeded"),
}
# Addressed to programmers only, or composed of other sentences.
FOR_PROGRAMMERS = (
    "must be a ",
    "must be 7",
    "phone: 7",
    "there is no column",
    "no column holds phones: name",
    "give 1 to 7 printable",
    "was used for another message",
)


def literal(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "7" for part in node.values)
        return "".join(parts)
    return ""


def raised():
    """Return every sentence with which the services and the gateway refuse something."""
    for room in ("gateway", "services"):
        for path in sorted((PACKAGE / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                    words = [literal(each) for each in node.args] if name in RAISED else []
                    yield from (one for one in words if " " in one)


SENTENCES = sorted({one for one in raised() if not one.startswith(FOR_PROGRAMMERS)})


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_refusal_is_known_by_its_form(sentence):
    _field, colon, tail = sentence.partition(": ")
    assert is_known(sentence) or (colon and is_known(tail)), sentence


@pytest.mark.parametrize("kind", ErrorKind)
def test_every_kind_of_error_is_known_by_its_form(kind):
    assert is_known(kind.meaning)


def test_the_sentence_of_a_preview_that_is_missing_is_known():
    assert is_known(stored_preview.load({}).failure)


def test_there_are_many_of_them():
    assert len(SENTENCES) > 40


def test_every_form_is_translated():
    catalogue = polib.pofile(str(PACKAGE / "locale" / "uk" / "LC_MESSAGES" / "django.po"))
    known = {entry.msgid: entry for entry in catalogue if not entry.obsolete}
    for form in FORMS:
        assert known[form].msgstr, form
    for form in COUNTED:
        assert any(
            entry.msgid_plural == form and all(entry.msgstr_plural.values()) for entry in catalogue
        )


@pytest.mark.parametrize(
    ("sentence", "ukrainian"),
    [
        ("text: must not be empty", "text: не може бути порожнім"),
        (
            "1,001 characters; at most 1,000 are allowed",
            "1,001 символів; дозволено щонайбільше 1,000",
        ),
        ("Not launched: text: must not be empty", "Не розпочато: text: не може бути порожнім"),
        (str(GatewayError(ErrorKind.FORBIDDEN)), "немає дозволу або рахунок призупинено"),
        ("the account has no money left (HTTP 402)", "на рахунку не лишилося грошей (HTTP 402)"),
        ("SMSBAT's own words", "SMSBAT's own words"),
    ],
)
def test_a_sentence_is_told_with_its_values(sentence, ukrainian):
    with translation.override("uk"):
        assert translated(sentence) == ukrainian
    with translation.override("en"):
        assert translated(sentence) == sentence


@pytest.mark.parametrize(
    "endless", ["a: " * 2_000 + "x", "gave up after 3 failures in a row: " * 2_000, "x, " * 5_000]
)
def test_words_of_the_service_may_hold_anything(endless):
    assert translated(endless)


@pytest.mark.parametrize(
    ("count", "language", "words"),
    [
        (1, "en", "1 message is unconfirmed"),
        (2, "en", "2 messages are unconfirmed"),
        (1, "uk", "1 повідомлення не підтверджено"),
        (5, "uk", "5 повідомлень не підтверджено"),
    ],
)
def test_numbers_decide_on_the_form(count, language, words):
    sentence = f"{count} messages are unconfirmed: settle them in the admin or by smsbat_settle."
    with translation.override(language):
        assert translated(sentence).startswith(words)
