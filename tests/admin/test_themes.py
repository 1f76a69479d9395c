"""Under other admin themes, every page opens and shows our content."""

import os
import subprocess
import sys

import pytest
from django.contrib import admin
from django.contrib.admin.filters import ListFilter
from django.db.models import Field

from tests.support.paths import ROOT

RUN = "import django; django.setup(); from tests.support.themes.pages import open_all; open_all()"


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.parametrize("theme", ["grappelli", "jazzmin", "unfold"])
def test_every_page_opens_under_a_theme(theme):
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": f"tests.support.themes.{theme}"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]


def filters_of_ours():
    """The filter classes that our pages declare, by page name."""
    for model, page in admin.site._registry.items():
        if model._meta.app_label == "smsbat":
            for declared in page.list_filter:
                chosen = declared[1] if isinstance(declared, tuple) else declared
                if isinstance(chosen, type) and issubclass(chosen, ListFilter):
                    yield pytest.param(chosen, id=f"{type(page).__name__}.{chosen.__name__}")


@pytest.mark.parametrize("list_filter", list(filters_of_ours()))
def test_the_field_of_a_filter_is_a_model_field_or_none(list_filter):
    """Themes read `filter.field.name`."""
    field = getattr(list_filter, "field", None)
    assert field is None or isinstance(field, Field)
