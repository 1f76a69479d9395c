"""The prose is plain English: words of a private style are rare in it."""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator

import polib
import pytest

from tests.support.paths import DOCS, PACKAGE, ROOT

PRIVATE_STYLE = ("nobody", "whose", "somebody", "told", "said", "stands")
FREQUENCY_MAX = 0.2  # occurrences in 1,000 words
CODE = [PACKAGE, ROOT / "tests", ROOT / "benchmarks", ROOT / "example_project", ROOT / "scripts"]
PAGES = [*DOCS.rglob("*.rst"), *ROOT.glob("*.rst"), *(ROOT / "benchmarks").glob("*.rst")]
CATALOGUE = PACKAGE / "locale" / "uk" / "LC_MESSAGES" / "django.po"


def docstrings_and_comments() -> Iterator[str]:
    for folder in CODE:
        for path in folder.rglob("*.py"):
            source = path.read_text()
            for node in ast.walk(ast.parse(source)):
                if isinstance(
                    node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
                ):
                    yield ast.get_docstring(node) or ""
            for token in tokenize.generate_tokens(io.StringIO(source).readline):
                if token.type == tokenize.COMMENT:
                    yield token.string


def pages() -> Iterator[str]:
    for path in PAGES:
        yield re.sub(r"``[^`]*``", "", path.read_text())


def messages() -> Iterator[str]:
    for entry in polib.pofile(str(CATALOGUE)):
        yield entry.msgid


SOURCES = {
    "docstrings and comments": docstrings_and_comments,
    "documentation": pages,
    "messages": messages,
}


@pytest.mark.parametrize("source", SOURCES)
def test_words_of_a_private_style_are_rare(source):
    words = Counter(re.findall(r"[a-z']+", " ".join(SOURCES[source]()).lower()))
    most = FREQUENCY_MAX * words.total() / 1_000
    assert {word: words[word] for word in PRIVATE_STYLE if words[word] > max(most, 1)} == {}
