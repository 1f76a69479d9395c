"""Checks of the status callbacks received while the probe followed a message."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django_smsbat.gateway import statuses
from django_smsbat.services.probe import json_checks, status_checks
from django_smsbat.services.probe.evidence import MessageEvidence
from django_smsbat.services.probe.json_checks import Seen
from django_smsbat.services.probe.redaction import describe

KEYS: Final = status_checks.KEYS | {"timestamp"}


def word(evidence: MessageEvidence) -> Seen:
    raw = [one.raw_status for one in evidence.callbacks]
    unknown = [evidence.redactor.word(one) for one in raw if statuses.from_wire(one) is None]
    return _each_once(evidence, unknown)


def timestamp(evidence: MessageEvidence) -> Seen:
    payloads = [one.payload for one in evidence.callbacks]
    wrong = [_instead(one, "timestamp") for one in payloads if not _is_moment(one.get("timestamp"))]
    return _each_once(evidence, wrong)


def _is_moment(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def cost(evidence: MessageEvidence) -> Seen:
    payloads = [one.payload for one in evidence.callbacks]
    wrong = [
        _instead(one, "cost") for one in payloads if not json_checks.is_number(one.get("cost"))
    ]
    return _each_once(evidence, wrong)


def _instead(payload: Mapping[str, Any], name: str) -> str:
    return describe(payload[name]) if name in payload else "missing"


def keys(evidence: MessageEvidence) -> Seen:
    lines = [
        line
        for one in evidence.callbacks
        for line in json_checks.unknown_keys(one.payload, KEYS, evidence.redactor)
    ]
    return _each_once(evidence, lines)


def order(evidence: MessageEvidence) -> Seen:
    sorted_by_time = sorted(evidence.callbacks, key=lambda one: one.occurred_at)
    known = [statuses.from_wire(one.raw_status) for one in sorted_by_time]
    return json_checks.forward_only([one for one in known if one is not None])


def _each_once(evidence: MessageEvidence, lines: list[str]) -> Seen:
    return list(dict.fromkeys(lines)) if evidence.callbacks else None
