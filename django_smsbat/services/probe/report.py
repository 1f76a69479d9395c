"""The report of a probe in Markdown for a bug tracker, without secrets and full phones."""

import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit

import django

from django_smsbat.gateway import phones
from django_smsbat.services.accounts import clients
from django_smsbat.services.probe import questions
from django_smsbat.services.probe.evidence import MessageEvidence
from django_smsbat.services.probe.expectations import Finding, Verdict
from django_smsbat.services.probe.refusal_checks import REFUSALS
from django_smsbat.services.probe.run import ProbeResult


def render(result: ProbeResult) -> str:
    """Render the report: differences, answers to open questions, then matches."""
    findings = result.findings
    sections = (
        _head(result),
        _different("Differences", _with(findings, Verdict.DIFFERENCE)),
        _different("Failures", _with(findings, Verdict.FAILURE)),
        _messages(result),
        _questions(result),
        _listed("Matched", _with(findings, Verdict.MATCH)),
        _listed("Not seen", _with(findings, Verdict.NOT_SEEN)),
    )
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def _with(findings: Sequence[Finding], verdict: Verdict) -> list[Finding]:
    return [one for one in findings if one.verdict is verdict]


def _head(result: ProbeResult) -> Iterator[str]:
    auth = clients.credentials(result.account).method
    yield "# SMSBAT probe"
    yield ""
    yield f"- Date: {result.started_at:%Y-%m-%d %H:%M %Z}"
    python, django_version = platform.python_version(), django.get_version()
    yield f"- django-smsbat {_own_version()}, Python {python}, Django {django_version}"
    yield f"- Host: {urlsplit(result.account.base_url).hostname or 'unknown'}"
    yield f"- Dialect: {result.account.dialect.value}, authentication: {auth.value}"
    yield f"- Recipient: {phones.mask(result.request.to)}"
    yield f"- Followed for at most {result.request.follow} s{_stopped(result)}"


def _stopped(result: ProbeResult) -> str:
    return "; stopped before the end" if result.was_stopped else ""


def _own_version() -> str:
    try:
        return version("django-smsbat")
    except PackageNotFoundError:
        return "unknown"


def _different(title: str, findings: Sequence[Finding]) -> Iterator[str]:
    yield f"## {title} ({len(findings)})"
    if not findings:
        yield ""
        yield "None."
    for one in findings:
        yield ""
        yield f"- `{one.id}` ({one.label})"
        yield f"  - assumed: {one.assumed}"
        yield from (f"  - seen: {line}" for line in one.seen)


def _messages(result: ProbeResult) -> Iterator[str]:
    yield "## Messages and refusals"
    yield ""
    yield from (f"- {one.label}: {_outcome(one)}" for one in result.messages)
    named = {one.name for one in result.refusals}
    yield from (f"- {name}: {REFUSALS[name].meaning}" for name in REFUSALS if name in named)


def _outcome(evidence: MessageEvidence) -> str:
    if evidence.row is None:
        return "not sent"
    sent = f"stored as message {evidence.row.pk}, sent with {evidence.planned.parts} part(s)"
    if evidence.answer is None:
        return f"stored as message {evidence.row.pk}, no request was made"
    if not evidence.polls:
        return f"{sent}, no status answer"
    last = evidence.polls[-1]
    word = evidence.redactor.word(last.raw_status)
    return f"{sent}, {len(evidence.polls)} status answers, {word} after {last.after:.0f} s"


def _questions(result: ProbeResult) -> Iterator[str]:
    yield "## Answers to open questions"
    yield ""
    yield from (f"- {question}: {answer}" for question, answer in questions.answers(result))
    yield ""
    yield "Please add what you know:"
    yield ""
    yield from (f"- {question}" for question in questions.NOT_SETTLED)


def _listed(title: str, findings: Sequence[Finding]) -> Iterator[str]:
    labels: dict[str, list[str]] = {}
    for one in findings:
        labels.setdefault(one.id, []).append(one.label)
    yield f"## {title} ({len(findings)})"
    yield ""
    yield from (f"- `{key}`: {', '.join(names)}" for key, names in labels.items())
