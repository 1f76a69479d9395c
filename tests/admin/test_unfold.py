"""Beside another theme: every page opens under django-unfold with what is ours on it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.once]
RUN = "import django; django.setup(); from tests.unfold_pages import open_all; open_all()"
ROOT = Path(__file__).parent.parent.parent


def test_every_page_opens_under_unfold():
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.unfold_settings"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
