"""Directives that write reference pages from the package's own tables, so that none can drift."""

import re
from argparse import HelpFormatter
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

PACKAGE = Path(__file__).parent.parent.parent / "django_smsbat"
COMMANDS = sorted(path.stem for path in (PACKAGE / "management" / "commands").glob("smsbat_*.py"))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], widths: str = "") -> str:
    """A list table in reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1"]
    lines += [f"   :widths: {widths}"] if widths else []
    lines.append("")
    for row in [headings, *rows]:
        for place, cell in enumerate(row):
            lines.append(f"   {'* -' if place == 0 else '  -'} {cell}".rstrip())
    return "\n".join([*lines, ""])


def literal(value: object) -> str:
    return f"``{value}``" if str(value) else ""


def code(text: str) -> str:
    """Single backticks in the package's words mean code."""
    return re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", text)


def settings() -> str:
    from django_smsbat.conf.keys import KEYS, OF_AN_ACCOUNT

    def default(value: Any) -> str:
        if value in (None, "", (), {}):
            return "none"
        return literal(", ".join(value) if isinstance(value, tuple) else value)

    rows = [
        (
            literal(name),
            default(key.default),
            code(key.meaning),
            "yes" if name in OF_AN_ACCOUNT else "",
        )
        for name, key in KEYS.items()
    ]
    return table(("Key", "Default", "Meaning", "Of each account"), rows, "24 26 40 10")


def opt_out_keywords() -> str:
    from django_smsbat.conf.opt_out_keywords import OPT_OUT_KEYWORDS

    rows = [(literal(keyword), beside.value) for keyword, beside in OPT_OUT_KEYWORDS.items()]
    return table(("Keyword", "What may follow"), rows)


def statuses() -> str:
    from django_smsbat.gateway.statuses import MEANINGS, Status

    rows = [
        (
            literal(status.value),
            code(MEANINGS[status]),
            "yes" if status.is_final else "",
            "yes" if status.is_failure else "",
        )
        for status in Status
    ]
    return table(("Status", "Meaning", "Final", "Failure"), rows, "20 60 10 10")


def wire_statuses() -> str:
    from django_smsbat.gateway import statuses as vocabulary

    rows = [(literal(raw), literal(status.value)) for raw, status in vocabulary._WIRE.items()]
    return table(("SMSBAT says (in any case and spelling)", "Status here"), rows)


def errors() -> str:
    from django_smsbat.gateway.errors import ErrorKind, Fate

    becomes = {
        Fate.NOT_TAKEN: "``queued`` again",
        Fate.PERHAPS_TAKEN: "``unconfirmed``",
        Fate.REFUSED: "split until the culprit stands alone, which is ``rejected``",
    }
    rows = [
        (
            literal(kind.name.lower()),
            kind.meaning,
            kind.fate.value,
            becomes[kind.fate],
            "pauses" if kind.for_everybody else "",
        )
        for kind in ErrorKind
    ]
    return table(("Kind", "Meaning", "Was it taken?", "Messages become", "Campaign"), rows)


def http_errors() -> str:
    from django_smsbat.gateway import errors as table_of

    by_kind: dict[Any, list[int]] = {}
    for status, kind in table_of._BY_STATUS.items():
        by_kind.setdefault(kind, []).append(status)
    rows = [
        (", ".join(str(one) for one in sorted(known)), literal(kind.name.lower()))
        for kind, known in by_kind.items()
    ]
    rows += [("any other from 500", "``server_error``"), ("any other", "``unexpected``")]
    return table(("HTTP status", "Kind"), rows)


def message_types() -> str:
    from django_smsbat.gateway.message_types import TYPES
    from django_smsbat.gateway.messages import CLASSES

    def text(facts: Any) -> str:
        if not facts.has_text:
            return "no text"
        return "any length" if facts.text_max is None else f"{facts.text_max:,} characters"

    rows = [
        (
            literal(kind.value),
            f":class:`~django_smsbat.gateway.messages.{CLASSES[kind].__name__}`",
            facts.channel,
            facts.purpose.value.replace("_", " "),
            text(facts),
            " to ".join(f"{seconds:,}" for seconds in sorted(set(facts.ttl_advice))) + " s",
            "yes" if facts.has_fallback else "",
        )
        for kind, facts in TYPES.items()
    ]
    headings = (
        "Type",
        "Class",
        "Channel",
        "Purpose",
        "Text",
        "Time to live advised",
        "SMS fallback",
    )
    return table(headings, rows)


def otp_templates() -> str:
    from django_smsbat.gateway.otp_templates import TEMPLATES

    rows = [
        (literal(one.slug), literal(one.id), ", ".join(literal(name) for name in one.params))
        for one in TEMPLATES
    ]
    return table(("Slug", "Id", "Parameters"), rows)


def rcs_media() -> str:
    from django_smsbat.gateway.message_types import MEGABYTE, RCS_MEDIA

    rows = [
        (
            kind.value,
            one.formats,
            ", ".join(literal(name) for name in one.mime_types),
            f"{one.bytes_max // MEGABYTE} MB",
            f"{one.seconds_max:,} s" if one.seconds_max else "",
        )
        for kind, one in RCS_MEDIA.items()
    ]
    return table(("Kind", "Formats", "``mime_type``", "Largest file", "Longest"), rows)


class _Wide(HelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=90)


DJANGOS_OWN = {
    *("--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color"),
    *("--force-color", "--skip-checks", "--help"),
}


def commands() -> str:
    written: list[str] = []
    for name in COMMANDS:
        command = import_module(f"django_smsbat.management.commands.{name}").Command()
        parser = command.create_parser("manage.py", name)
        written += [name, "-" * len(name), "", str(command.help), ""]
        rows = [
            (literal(_called(action)), code(_help(action)))
            for action in parser._actions
            if not DJANGOS_OWN & set(action.option_strings)
        ]
        written += [table(("Argument", "Meaning"), rows, "30 70")] if rows else []
    return "\n".join(written)


def _help(action: Any) -> str:
    told = (action.help or "").replace("%%", "%")
    return told.replace("%(default)s", str(action.default))


def _called(action: Any) -> str:
    name = ", ".join(action.option_strings) or action.metavar or action.dest
    takes = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
    return f"{name} {takes}" if action.option_strings and takes else str(name)


def permissions() -> str:
    from django.apps import apps

    rows = [
        (literal(f"smsbat.{codename}"), words)
        for model in apps.get_app_config("smsbat").get_models()
        for codename, words in model._meta.permissions
    ]
    return table(("Permission", "What it opens"), rows)


def refusals() -> str:
    from django_smsbat.services.verification.refusals import Why

    rows = [(literal(f"Why.{why.name}"), why.value) for why in Why]
    return table(("``NotStarted.why``", "Meaning"), rows)


def verification_statuses() -> str:
    from django_smsbat.models import VerificationStatus

    rows = [(literal(one.value), one.label) for one in VerificationStatus]
    return table(("Status", "Meaning"), rows)


def fates() -> str:
    from django_smsbat.sandbox.fates import BY_LAST_DIGITS, BY_NAME

    digits = {id(fate): ending for ending, fate in BY_LAST_DIGITS.items()}
    rows = [
        (literal(name), literal(digits.get(id(fate), "any other")), fate.meaning)
        for name, fate in BY_NAME.items()
    ]
    return table(("Name", "Last digits", "What becomes of it"), rows)


def _measured(what: str) -> float:
    """A number of the benchmark results, by the name of its row."""
    text = (PACKAGE.parent / "benchmarks" / "RESULTS.rst").read_text()
    found = re.search(rf"\* - {re.escape(what)}[^\n]*\n +- ([0-9,.]+)", text)
    if found is None:
        raise LookupError(f"the benchmarks do not say: {what}")
    return float(found[1].replace(",", ""))


def _duration(seconds: float) -> str:
    for unit, length in (("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.1f} {unit}"
    return f"{seconds:,.0f} seconds"


MILLION = 1_000_000


def capacity() -> str:
    """What the measured rates come to, for a million messages."""
    near = _measured("PostgreSQL, 4 processes beside 1, answers in 0 ms")
    far = _measured("PostgreSQL, 4 processes beside 1, answers in 100 ms")
    alone = _measured("PostgreSQL, 2 processes beside 1, answers in 100 ms") / 2
    callbacks = _measured("PostgreSQL: status/, of an empty view")
    asked = _measured("PostgreSQL: smsbat_sync at the limit of 50")
    imported = _measured("PostgreSQL: import of 100,000 rows")
    launched = 100_000 / _measured("PostgreSQL, personal: launch of 100,000")
    rows = [
        ("Import of the people", f"{imported:,.0f} rows/s", imported, imported),
        ("Launch, every text personal", f"{launched:,.0f} messages/s", launched, launched),
        (
            "Submit, SMSBAT answers after 100 ms, one request at a time",
            f"{alone:,.0f} messages/s for each process",
            alone,
            near,
        ),
        ("Submit, four processes", f"{far:,.0f} messages/s", far, near),
        (
            "Callbacks, two a message, one web process of four threads",
            f"{callbacks:,.0f} callbacks/s",
            callbacks / 2,
            callbacks / 2 * 10,
        ),
        (
            "Status requests, once a message, without callbacks",
            f"{asked:,.0f} requests/s: SMSBAT's limit for the account",
            asked,
            asked,
        ),
    ]
    shown = [
        (what, rate, _duration(MILLION / one), _duration(MILLION / ten))
        for what, rate, one, ten in rows
    ]
    headings = ("What", "Measured", "A million on one machine", "On ten")
    return table(headings, shown, "34 30 18 18")


TABLES: dict[str, Callable[[], str]] = {
    one.__name__.replace("_", "-"): one
    for one in (
        settings,
        opt_out_keywords,
        statuses,
        wire_statuses,
        errors,
        http_errors,
        message_types,
        otp_templates,
        rcs_media,
        commands,
        permissions,
        refusals,
        verification_statuses,
        fates,
        capacity,
    )
}


class Table(SphinxDirective):
    """``.. smsbat:: statuses``"""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()  # the tables may have changed, whatever the page says
        return self.parse_text_to_nodes(TABLES[self.arguments[0]](), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("smsbat", Table)
    return {"parallel_read_safe": True}
