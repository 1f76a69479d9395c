"""Each word is defined once; what is derived from it is complete."""

import re
from pathlib import Path

import polib
import pytest
from django.template import engines
from django.utils.translation import override

from django_smsbat.admin.base import status_badge
from django_smsbat.admin.campaigns.actions import CAMPAIGN_ACTIONS
from django_smsbat.admin.campaigns.exclusions import EXCLUSION_LABELS
from django_smsbat.gateway.message_types import MessageType
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Message, StatusEvent
from django_smsbat.models.choices import STATUS_LABELS, TYPE_LABELS
from django_smsbat.services.campaigns import states
from django_smsbat.services.campaigns.rendering import Exclusion
from tests.support.paths import ROOT

LOCALE = ROOT / "django_smsbat" / "locale" / "uk" / "LC_MESSAGES"
CHECKS = (ROOT / "docs" / "reference" / "checks.rst").read_text()


def test_every_status_and_type_has_a_name_for_people():
    assert set(STATUS_LABELS) == set(Status)
    assert set(TYPE_LABELS) == set(MessageType)
    assert set(EXCLUSION_LABELS) == set(Exclusion)


@pytest.mark.parametrize("model", [Message, StatusEvent])
def test_the_choices_of_a_status_are_the_vocabulary(model):
    assert [value for value, _ in model._meta.get_field("status").flatchoices] == list(Status)


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_badge_with_a_style(status):
    style = re.search(r"smsbat-badge (smsbat-[\w-]+)", status_badge(status.value))[1]
    assert f".{style} " in (ROOT / "django_smsbat/static/django_smsbat/admin.css").read_text()


def test_every_button_has_its_row_in_the_state_table():
    assert {control.transition for control in CAMPAIGN_ACTIONS.values()} <= {*states.FROM, ""}


def test_the_reference_lists_every_check():
    source = "".join(path.read_text() for path in (ROOT / "django_smsbat/checks").glob("*.py"))
    for check in set(re.findall(r"smsbat\.[EW]\d{3}", source)):
        assert f"   * - ``{check}``" in CHECKS, check


def test_every_text_is_translated_and_nothing_is_left_fuzzy():
    catalogue = polib.pofile(str(LOCALE / "django.po"))
    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []
    assert [entry.msgid for entry in catalogue.obsolete_entries()] == []


def test_the_compiled_translations_are_those_of_the_source():
    source = {
        (e.msgid, e.msgstr) for e in polib.pofile(str(LOCALE / "django.po")) if not e.msgid_plural
    }
    compiled = {
        (e.msgid, e.msgstr) for e in polib.mofile(str(LOCALE / "django.mo")) if not e.msgid_plural
    }
    assert compiled == source


def test_no_text_for_people_is_missing_from_the_catalogue():
    known = {entry.msgid for entry in polib.pofile(str(LOCALE / "django.po"))}
    marked = re.compile(r"""(?<![\w.])_\(\s*((?:f?"(?:[^"\\]|\\.)*"\s*)+)\)""")
    for path in (ROOT / "django_smsbat").rglob("*.py"):
        for found in marked.finditer(path.read_text()):
            parts = re.findall(r'"((?:[^"\\]|\\.)*)"', found[1])
            text = "".join(parts).replace('\\"', '"')
            assert text in known, f"{path.name}: {text}"


def test_a_status_speaks_ukrainian():
    with override("uk"):
        assert str(STATUS_LABELS[Status.DELIVERED]) == "доставлено"


def test_no_template_has_an_inline_script_or_style():
    for path in (ROOT / "django_smsbat" / "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=|javascript:", text), path
        engines["django"].from_string(text)


def test_the_project_speaks_of_itself_alone():
    machine_paths = re.compile(r"/work/|/root/|/home/\w+/|/tmp/bash")
    written = (".py", ".rst", ".toml", ".ini", ".html", ".css", ".js", ".po", ".yaml")
    folders = ("django_smsbat", "example_project", "tests", "docs", "benchmarks")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    for path in [*paths, *ROOT.glob("*")]:
        if path.suffix in written and path != Path(__file__):
            assert not machine_paths.search(path.read_text()), path
