"""The wheel holds everything that a site needs, and nothing of ours."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import django_smsbat

pytestmark = [pytest.mark.slow, pytest.mark.packaging]
ROOT = Path(__file__).parent.parent.parent
NEEDED = [
    "py.typed",
    "migrations/0001_initial.py",
    "locale/uk/LC_MESSAGES/django.mo",
    "locale/uk/LC_MESSAGES/django.po",
    "static/django_smsbat/admin.css",
    "templates/admin/django_smsbat/campaign/change_form.html",
    "templates/admin/django_smsbat/campaign/confirm.html",
    "templates/admin/django_smsbat/message/settle.html",
    "templates/admin/django_smsbat/question.html",
    "sandbox/static/phones.html",
    "sandbox/static/phones.css",
    "sandbox/static/phones.js",
    "sandbox/static/icon.svg",
    "management/commands/smsbat_send.py",
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    built = subprocess.run([*command, str(ROOT)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return zipfile.ZipFile(next(folder.glob("*.whl")))


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
    assert tops == {"django_smsbat", f"django_smsbat-{django_smsbat.__version__}.dist-info"}
