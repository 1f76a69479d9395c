"""How Sphinx builds the documentation: ``make docs``."""

import os
import sys
from pathlib import Path

import django

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).parent / "_ext")]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")
django.setup()

import django_smsbat  # noqa: E402 - needs Django

project = "django-smsbat"
author = "The django-smsbat authors"
copyright = "The django-smsbat authors"  # noqa: A001 - Sphinx's name
release = version = django_smsbat.__version__
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "smsbat_tables"]
html_theme = "furo"
html_title = f"django-smsbat {release}"
html_static_path = ["pictures"]
exclude_patterns = ["_ext"]
default_role = "literal"
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {
    "members": True,
    "exclude-members": "DoesNotExist, MultipleObjectsReturned",
}
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
nitpick_ignore_regex = [
    # Names in signatures and docstrings that belong to others, or stand alone there.
    (r"py:.*", r"(django|requests|rest_framework|datetime|decimal|uuid|collections|typing)\..*"),
    (r"py:(class|exc|obj)", r"[A-Za-z_]+( or None|\.DoesNotExist)?"),
]
