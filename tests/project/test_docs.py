"""The documentation: it builds without warnings, its examples run, and its names exist."""

import doctest
import re
import subprocess
import sys

import pytest
from docutils.core import publish_string

from tests.project.test_layers import SERVICES
from tests.support.paths import DOCS, ROOT

WITH_EXAMPLES = sorted(
    path
    for path in DOCS.rglob("*.rst")
    if ">>> " in path.read_text() and path.name != "tutorial.rst"  # has its own test
)
PAGES = ["README", "CHANGELOG", "CONTRIBUTING", "SECURITY", "CODE_OF_CONDUCT"]
NAMED_TESTS = sorted(
    set(
        re.findall(
            r"``(tests/[\w/]+\.py)::(\w+)``", (DOCS / "explanation/threat-model.rst").read_text()
        )
    )
)

WHAT_TO_EDIT = (ROOT / "CONTRIBUTING.rst").read_text().split("\nWhat to edit\n", 1)[1]
WHAT_TO_EDIT = WHAT_TO_EDIT.split("\nRules that are easy to break\n", 1)[0]
NAMED_PATHS = sorted(set(re.findall(r"``([\w/]+(?:/|\.\w+))``", WHAT_TO_EDIT)))


@pytest.mark.slow
@pytest.mark.packaging
def test_it_builds_and_a_warning_is_an_error(tmp_path):
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--nitpicky", "--keep-going"]
    built = subprocess.run(
        [*command, "--quiet", "-b", "html", "docs", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    settings = (tmp_path / "reference" / "settings.html").read_text()
    assert "VERIFY_BREAKER_AFTER" in settings


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.stem)
def test_its_examples_run(path, smsbat):
    tried = doctest.testfile(
        str(path),
        module_relative=False,
        globs={"smsbat": smsbat},
        optionflags=doctest.ELLIPSIS,
    )
    assert tried.attempted
    assert tried.failed == 0


def test_there_are_examples():
    assert {path.stem for path in WITH_EXAMPLES} >= {"sending", "verification", "gdpr", "import"}


@pytest.mark.parametrize(("path", "name"), NAMED_TESTS)
def test_each_test_that_the_threat_model_names_is_there(path, name):
    assert f"def {name}(" in (ROOT / path).read_text()


def test_the_threat_model_names_many():
    assert len(NAMED_TESTS) > 15


@pytest.mark.parametrize("path", NAMED_PATHS)
def test_each_path_in_the_table_for_contributors_exists(path):
    assert (ROOT / path).exists()


def test_each_change_in_the_table_for_contributors_names_paths():
    rows = WHAT_TO_EDIT.split("\n   * - ")[2:]
    assert len(rows) == 12
    for row in rows:
        change, edit, tests = row.split("\n     - ")
        assert re.search("``(django_smsbat|README)", edit), change
        assert "``tests/" in tests, change


def test_the_architecture_page_has_the_services_in_the_order_of_their_imports():
    page = (DOCS / "explanation/architecture.rst").read_text()
    rows = re.findall(r"   \* - (``[`\w, ]+``)\n     - ", page)
    assert [tuple(re.findall(r"\w+", row)) for row in rows] == list(SERVICES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_repository_is_sound(name):
    text = (ROOT / f"{name}.rst").read_text()
    publish_string(text, writer="html5", settings_overrides={"halt_level": 2, "report_level": 2})
    targets = re.findall(
        r"<((?:docs|tests|benchmarks|[A-Z]+\.rst)[^>]*)>`_|image:: (?!https:)(\S+)", text
    )
    for target in filter(None, (one for pair in targets for one in pair)):
        assert (ROOT / target).exists(), target


def test_every_row_of_the_generated_tables_says_something(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    from smsbat_tables import TABLES

    for name, make in TABLES.items():
        rows = re.findall(r"   \* - (.*)\n     - (.*)", make())
        assert len(rows) > 1, name
        assert all(first and second for first, second in rows if name != "settings"), (name, rows)
