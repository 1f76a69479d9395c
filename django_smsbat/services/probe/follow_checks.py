"""Checks of the statuses of a message from sending to the final status."""

from django_smsbat.services.probe import json_checks
from django_smsbat.services.probe.evidence import MessageEvidence
from django_smsbat.services.probe.json_checks import Seen


def order(evidence: MessageEvidence) -> Seen:
    known = [poll.known_status for poll in evidence.polls if poll.known_status is not None]
    return json_checks.forward_only(known)


def final(evidence: MessageEvidence) -> Seen:
    if not evidence.polls:
        return None
    if evidence.is_polled_to_the_end:
        return []
    if not evidence.is_complete:
        return None
    last = evidence.redactor.word(evidence.polls[-1].raw_status)
    return [f"after {evidence.polls[-1].after:.0f} seconds deliverystatus was {last}"]


def delivered(evidence: MessageEvidence) -> Seen:
    if not evidence.is_polled_to_the_end:
        return None
    status = evidence.polls[-1].known_status
    return [str(status)] if status is not None and status.is_failure else []
