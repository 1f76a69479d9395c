"""The distribution: complete, reproducible, and free of private files."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

import django_smsbat
from tests.support.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.packaging]
NAME = f"django_smsbat-{django_smsbat.__version__}"
NEEDED = [
    "py.typed",
    "migrations/0001_initial.py",
    "locale/uk/LC_MESSAGES/django.mo",
    "locale/uk/LC_MESSAGES/django.po",
    "static/django_smsbat/admin.css",
    "static/django_smsbat/verification.css",
    "templates/admin/smsbat/campaign/change_form.html",
    "templates/admin/smsbat/campaign/confirm.html",
    "templates/admin/smsbat/message/settle.html",
    "templates/admin/smsbat/question.html",
    "templates/django_smsbat/verification/start.html",
    "sandbox/static/phones.html",
    "sandbox/static/phones.css",
    "sandbox/static/phones.js",
    "sandbox/static/icon.svg",
    "management/commands/smsbat_send.py",
    "pytest_plugin.py",
]
IGNORED = shutil.ignore_patterns("__pycache__")
# The files that a packager needs to run the tests and to build the documentation.
IN_THE_SOURCE = [
    *("README.rst", "CHANGELOG.rst", "CONTRIBUTING.rst", "SECURITY.rst", "LICENSE", "Makefile"),
    *("tox.ini", "setup.py", "manage.py", "tests/conftest.py", "docs/conf.py", "docs/tutorial.rst"),
    *("docs/pictures/campaign.png", "example_project/settings.py", "benchmarks/__main__.py"),
]


def build(folder):
    """Build the sdist, and the wheel from the sdist, as a release does."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    built = subprocess.run(
        [*command, str(ROOT)], env=environment, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return {path.suffix: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def wheel(built):
    return zipfile.ZipFile(built[".whl"])


@pytest.mark.parametrize("name", NEEDED)
def test_what_a_site_needs_is_in_it(wheel, name):
    assert f"django_smsbat/{name}" in wheel.namelist()


def test_every_file_of_the_package_is_in_it(wheel):
    own = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "django_smsbat").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert own == {name for name in wheel.namelist() if name.startswith("django_smsbat/")}


def test_nothing_else_is_in_it(wheel):
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"django_smsbat", f"{NAME}.dist-info"}


def test_setup_py_builds_the_same_files(wheel, tmp_path):
    command = [sys.executable, "setup.py", "--quiet", "bdist_wheel", "--dist-dir", str(tmp_path)]
    source = tmp_path / "source"
    shutil.copytree(ROOT / "django_smsbat", source / "django_smsbat", ignore=IGNORED)
    for name in ("setup.py", "pyproject.toml", "README.rst", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    built = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (path,) = tmp_path.glob(f"{NAME}-*.whl")
    names = [name for name in zipfile.ZipFile(path).namelist() if "dist-info" not in name]
    assert sorted(names) == sorted(name for name in wheel.namelist() if "dist-info" not in name)


@pytest.mark.parametrize("name", IN_THE_SOURCE)
def test_what_a_packager_needs_is_in_the_source(built, name):
    with tarfile.open(built[".gz"]) as source:
        assert f"{NAME}/{name}" in source.getnames()


def test_the_same_source_makes_the_same_files(built, tmp_path):
    again = build(tmp_path)
    for suffix, path in built.items():
        assert digest(path) == digest(again[suffix]), suffix


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_description_can_be_shown_by_an_index(built):
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, built.values())]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
