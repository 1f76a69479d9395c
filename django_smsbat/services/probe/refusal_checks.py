"""Requests that SMSBAT should refuse, and checks of the refusals. No request can cost money."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django_smsbat.gateway.client import Client
from django_smsbat.gateway.dialects import Outgoing
from django_smsbat.gateway.messages import Content
from django_smsbat.services.probe import json_checks
from django_smsbat.services.probe.evidence import RefusalEvidence
from django_smsbat.services.probe.exchanges import Answer
from django_smsbat.services.probe.json_checks import Seen
from django_smsbat.services.probe.redaction import Redactor

_UNKNOWN_ID: Final = "django-smsbat-probe-unknown-id"
_NO_PHONE: Final = "not-a-phone"
_CONTENT: Final = Content(type="sms", sender="Probe", text="never delivered")


@dataclass(frozen=True)
class Refusal:
    """A request that SMSBAT should refuse.

    Attributes:
        meaning: description for the report.
        send: sends the request.
        wrong_credentials: whether to send it with an invalid key.
        statuses: the expected HTTP statuses.
        codes: the expected error codes, empty if none is documented.
    """

    meaning: str
    send: Callable[[Client], object]
    statuses: Collection[int]
    codes: Collection[str] = ()
    wrong_credentials: bool = False


def _ask_for_unknown(client: Client) -> object:
    return client.status(_UNKNOWN_ID)


def _send_to_no_phone(client: Client) -> object:
    """Send to a recipient without digits. Nothing can be delivered, so no row is stored."""
    return client.send([Outgoing("probe-invalid-recipient", _NO_PHONE, _CONTENT)])


_FORMAT_CODES: Final = ("1001", "1002")

REFUSALS: Final[Mapping[str, Refusal]] = {
    "wrong-key": Refusal(
        "a status request with a wrong key", _ask_for_unknown, (401,), wrong_credentials=True
    ),
    "unknown-id": Refusal("a status request for an unknown messageId", _ask_for_unknown, (404,)),
    "invalid-recipient": Refusal(
        "a message to a recipient without digits",
        _send_to_no_phone,
        (400, 422),
        ("1003", "INVALID_RECIPIENT"),
    ),
    "empty-list": Refusal(
        "a send with an empty list of messages",
        lambda client: client.post(b'{"messages":[]}'),
        (400,),
        _FORMAT_CODES,
    ),
    "no-list": Refusal(
        "a send without messages", lambda client: client.post(b"{}"), (400,), _FORMAT_CODES
    ),
}


def status(evidence: RefusalEvidence) -> Seen:
    answer = evidence.answer
    if answer is None:
        return None
    expected = REFUSALS[evidence.name].statuses
    if answer.status in expected:
        return []
    documented = " or ".join(map(str, expected))
    return [f"{_outcome(answer, evidence.redactor)}, assumed {documented}"]


def _outcome(answer: Answer, redactor: Redactor) -> str:
    """Return the HTTP status, and the result for the message in a successful answer."""
    code = json_checks.status_with_code(answer, redactor)
    items = answer.object.get("messages")
    first = items[0] if isinstance(items, list) and items else None
    if not answer.is_success or not isinstance(first, dict):
        return code
    return f"{code}, status {redactor.word(first.get('status'))}"


def code(evidence: RefusalEvidence) -> Seen:
    answer, expected = evidence.answer, REFUSALS[evidence.name].codes
    if answer is None or answer.is_success or answer.status is None or not expected:
        return None
    seen = json_checks.error_code(answer.object)
    if isinstance(seen, str | int) and str(seen) in expected:
        return []
    shown = "missing" if seen is None else evidence.redactor.word(seen)
    return [f"{shown}, assumed {' or '.join(expected)}"]


def body(evidence: RefusalEvidence) -> Seen:
    answer = evidence.answer
    if answer is None or answer.status is None or answer.is_success:
        return None
    shape = json_checks.json_object(answer)
    if shape:
        kind = evidence.redactor.content_type(answer.exchange.headers.get("content-type", ""))
        return [f"{shape[0]}, {kind}"]
    return [] if _is_documented(answer.object) else ["a JSON object without error and message"]


def _is_documented(answer: Mapping[str, Any]) -> bool:
    nested = answer.get("error")
    if isinstance(nested, dict):
        return isinstance(nested.get("message"), str)
    return isinstance(nested, str) and isinstance(answer.get("message"), str)


def keys(evidence: RefusalEvidence) -> Seen:
    answer = evidence.answer
    if answer is None or answer.is_success or not isinstance(answer.json, dict):
        return None
    return json_checks.unknown_keys(answer.json, json_checks.ERROR_KEYS, evidence.redactor)
