"""The README: short, and the same on a package index as in the repository."""

import re

import pytest
from docutils.core import publish_doctree
from docutils.nodes import image, reference

from tests.support.paths import DOCS, ROOT

LINES_MAX = 180
TEXT = (ROOT / "README.rst").read_text()
HOSTED_DOCS = "https://django-smsbat.readthedocs.io/en/latest/"
REPOSITORY = "https://github.com/django-smsbat/django-smsbat/blob/main/"
RAW = "https://raw.githubusercontent.com/django-smsbat/django-smsbat/main/"
OTHERS = ("https://smsbat.com", "http://127.0.0.1:")


def addresses():
    tree = publish_doctree(TEXT, settings_overrides={"halt_level": 2, "report_level": 2})
    links = [node["refuri"] for node in tree.findall(reference)]
    return sorted({*links, *(node["uri"] for node in tree.findall(image))})


def file_of(address):
    """The file in the repository behind an address of ours, None for an address of others."""
    if address.startswith(HOSTED_DOCS):
        return DOCS / address.removeprefix(HOSTED_DOCS).replace(".html", ".rst")
    for base in (REPOSITORY, RAW):
        if address.startswith(base):
            return ROOT / address.removeprefix(base)
    return None


def test_it_is_short():
    assert len(TEXT.splitlines()) <= LINES_MAX


def test_it_has_no_directive_that_only_sphinx_knows():
    assert re.findall(r":(?:doc|ref|class|func):`", TEXT) == []


@pytest.mark.parametrize("address", addresses())
def test_every_link_leads_somewhere(address):
    path = file_of(address)
    assert path.is_file() if path else address.startswith(OTHERS), address


def test_the_same_addresses_are_those_of_the_package():
    metadata = (ROOT / "pyproject.toml").read_text()
    assert HOSTED_DOCS.removesuffix("en/latest/") in metadata
    assert REPOSITORY.removesuffix("/blob/main/") in metadata
