"""``python -m docs.make_mutants``: lists in ``docs/explanation/mutants.rst`` what survived a run.

Each survivor stands there with the line that was changed and into what, under the reason for
which it is no gap, or under "To be looked at". The reasons are rules over the change itself, below.
"""

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "explanation" / "mutants.rst"
NUMBERS = ROOT / "docs" / "explanation" / "test-quality.rst"
MARKS = (".. mutants measured below\n", ".. end of mutants\n")
STRING = re.compile(r"""[rfb]?"(?:[^"\\]|\\.)*\"""")
SENTENCE = re.compile(r'"[^"]*[a-z]+ [a-z]+ [^"]*"')
AT_IMPORT = ("_decoded",)
PEOPLE = re.compile(r"raise \w+\(|require\(|return GatewayError\(")
# Where an empty value is no default: it is looked for, or written.
TELLING = re.compile(r"\b(?:filter|exclude|update|move|create|Q|open)\(")
WORDLESS = re.compile(r"(?:, |raise \w+\()(?:None|str\(None\))?\)")


@dataclass(frozen=True)
class Survivor:
    """One change that no test noticed."""

    name: str
    before: str
    after: str

    @property
    def module(self) -> str:
        return self.name.split(".x")[0].removeprefix("django_smsbat.")

    @property
    def function(self) -> str:
        found = re.search(r"\.x(?:ǁ(\w+)ǁ|_)(\w+?)__mutmut", self.name)
        return ".".join(filter(None, found.groups())) if found else self.name

    @property
    def place(self) -> str:
        return f"{self.module}: {self.function}"

    @property
    def only_words(self) -> bool:
        return STRING.sub('""', self.before) == STRING.sub('""', self.after)


def _same_without(pattern: str) -> Callable[[Survivor], bool]:
    """Whether nothing but what fits the pattern was changed."""
    part = re.compile(pattern)
    return lambda one: part.sub("#", one.before) == part.sub("#", one.after) != one.before


def _without_empty_arguments(line: str) -> str:
    """Empty values are one, and an argument that is one may as well be left out."""
    plain = re.sub(r'\bb?""|\bNone\b|\bFalse\b|""|\{\}|\[\]', "∅", line)
    plain = re.sub(r",? *(?:\w+=)?∅(?=[,) ])", "", plain)
    return re.sub(r"[\s,]", "", plain)


# The first rule that fits explains a survivor.
REASONS: tuple[tuple[str, str, Callable[[Survivor], bool]], ...] = (
    (
        "Runs when the module is imported",
        "Mutants are switched on for each test; what ran before any test is not changed by them.",
        lambda one: any(name in one.name for name in AT_IMPORT),
    ),
    (
        "Words for people",
        "The sentence of an error, of a log line or of a failure. Tests hold the field and, for "
        "refusals, the sentence; that no letter of a log line changes is nobody's promise.",
        lambda one: (
            "logger." in one.before
            or (one.only_words and bool(SENTENCE.search(one.before) or PEOPLE.search(one.before)))
            or bool(PEOPLE.search(one.before) and WORDLESS.search(one.after))
        ),
    ),
    (
        "How much at once",
        "The size of a chunk, or whether rows are sent in chunks at all: the same comes of it.",
        lambda one: bool(re.search(r"CHUNK|batch_size|_BATCH|_BLOCK|chunk", one.before)),
    ),
    (
        "Only the cost differs",
        "What a query reads beyond what is asked for afterwards, which columns are written back as "
        "they are, a lock that is waited for instead of skipped, the name of a thread.",
        _same_without(
            r"\.values_list\((?:\"pk\", )?flat=True\)|\.select_related\([^)]*\)|skip=\w+"
            r"|(?:update_)?fields=(?:None|\[[^\]]*\])|(?:, )?name=(?:\"[^\"]*\"|None)"
            r"|(?:keys_in|texts_in)\(\w+"
        ),
    ),
    (
        "A default that stands for nothing",
        "An argument that is empty, missing or None means the same to who is called.",
        lambda one: (
            not TELLING.search(one.before)
            and _without_empty_arguments(one.before) == _without_empty_arguments(one.after)
        ),
    ),
    (
        "A boundary that nobody meets",
        "Just at a limit of ours, such as the longest delay, or a moment that is both: no document "
        "and no user names that very value.",
        _same_without(r"(?<![-<>=])[<>]=?(?!=)"),
    ),
)
OPEN = "To be looked at"
# By hand, for one function each.
BY_HAND = "One by one"
LOOKED_AT: dict[str, str] = tomllib.loads((ROOT / "docs" / "looked_at.toml").read_text())


def outcomes() -> Iterator[tuple[str, str, Path]]:
    """Each mutant's name, what became of it, and the file that it is of."""
    for path in walk_mutatable_files():
        of_file = SourceFileMutationData(path=path)
        of_file.load()
        for name, code in of_file.exit_code_by_key.items():
            yield name, status_by_exit_code[code], path


def survivors() -> Iterator[Survivor]:
    for name, fate, path in outcomes():
        if fate == "survived":
            diff = get_diff_for_mutant(name, path=path).splitlines()
            changed = [line for line in diff if re.match(r"[-+](?![-+])", line)]
            before = " ".join(line[1:].strip() for line in changed if line[0] == "-")
            after = " ".join(line[1:].strip() for line in changed if line[0] == "+")
            yield Survivor(name, before, after)


def page(found: list[Survivor]) -> str:
    by_reason: dict[str, list[Survivor]] = defaultdict(list)
    for one in found:
        title = next((title for title, _, fits in REASONS if fits(one)), OPEN)
        if title == OPEN and one.place in LOOKED_AT:
            title = BY_HAND
        by_reason[title].append(one)
    lines = ["=================", "Surviving mutants", "=================", ""]
    lines += ["Written by ``make mutants``. What they are: :doc:`test-quality`.", ""]
    ends = (
        (BY_HAND, "The reason stands behind each function.", None),
        (OPEN, "Nobody has looked at them yet: gaps, until somebody has.", None),
    )
    for title, why, _ in (*REASONS, *ends):
        if not by_reason[title]:
            continue
        heading = f"{title} ({len(by_reason[title])})"
        lines += [heading, "=" * len(heading), "", why, "", ".. code-block:: diff", ""]
        place = ""
        for one in by_reason[title]:
            if one.place != place:
                place = one.place
                reason = f" ({LOOKED_AT[place]})" if title == BY_HAND else ""
                lines += ["", f"   {place}{reason}"]
            lines += [f"   - {one.before}", f"   + {one.after}"]
        lines.append("")
    return "\n".join(lines)


def numbers() -> str:
    """How many there were in each room, and what became of them."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for name, fate, _ in outcomes():
        parts = name.split(".x")[0].split(".")
        room = ".".join(parts[1:3] if parts[1] == "services" else parts[1:2])
        rows[f"``{room}``"][fate] += 1
    rows = dict(sorted(rows.items()))
    lines = [".. list-table::", "   :header-rows: 1", ""]
    headings = ("Room", "Mutants", "Noticed", "Survived", "Met by none of these tests", "Not run")
    rows["together"] = sum(rows.values(), Counter())
    for row in (headings, *(_row(room, counted) for room, counted in rows.items())):
        for place, cell in enumerate(row):
            lines.append(f"   {'* -' if place == 0 else '  -'} {cell}")
    return "\n".join(["", *lines, ""])


def _row(room: str, counted: Counter[str]) -> tuple[object, ...]:
    """The share is of those that were run, whether a test meets them or not."""
    noticed = counted["killed"] + counted["timeout"] + counted["suspicious"] + counted["segfault"]
    left = counted["not checked"]
    run = counted.total() - left
    share = f"{noticed} ({noticed / run:.0%})" if run else "0"
    return room, counted.total(), share, counted["survived"], counted["no tests"], left


def write_numbers(table: str) -> None:
    text = NUMBERS.read_text()
    begin = text.index(MARKS[0]) + len(MARKS[0])
    NUMBERS.write_text(text[:begin] + table + "\n" + text[text.index(MARKS[1]) :])


if __name__ == "__main__":
    PAGE.write_text(page(list(survivors())))
    write_numbers(numbers())
