"""A client that responds according to a script and rejects unexpected calls."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django_smsbat.gateway.answers import (
    SendAnswer,
    StatusReport,
    parse_send,
    read_report,
)
from django_smsbat.gateway.dialects import Outgoing
from django_smsbat.gateway.errors import ErrorKind, GatewayError


def answer_by_phone(
    statuses: dict[str, str] | None = None, default: str = "accepted"
) -> Callable[..., SendAnswer]:
    """Return an answer with a result for every message; some phones may get a given status."""

    def answer(messages: Sequence[Outgoing]) -> SendAnswer:
        items = [
            {
                "messageId": f"id-{message.customer_message_id}",
                "status": (statuses or {}).get(message.to, default),
                "parts": 1,
                "customerMessageId": message.customer_message_id,
                "to": message.to,
            }
            for message in messages
        ]
        return parse_send(json.dumps({"messagelistId": 7, "messages": items}).encode(), messages)

    return answer


def report(message_id: str, status: str, **told: Any) -> StatusReport:
    return read_report({"messageId": message_id, "deliverystatus": status, **told})


@dataclass
class ScriptedClient:
    """Each send takes the next step of the script: an answer to return or an error to raise."""

    sends: list[Callable[..., SendAnswer] | GatewayError | ErrorKind] = field(default_factory=list)
    statuses: dict[str, StatusReport | GatewayError] = field(default_factory=dict)
    sent: list[list[Outgoing]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    before_send: Callable[[Sequence[Outgoing]], object] = lambda messages: None

    def send(
        self, messages: Sequence[Outgoing], *, before_leaving: Callable[[], object] | None = None
    ) -> SendAnswer:
        if before_leaving:
            before_leaving()
        self.before_send(messages)
        self.sent.append(list(messages))
        assert self.sends, f"an unexpected request with {len(messages)} messages"
        step = self.sends.pop(0)
        if isinstance(step, ErrorKind):
            raise GatewayError(step, "scripted")
        if isinstance(step, GatewayError):
            raise step
        return step(messages)

    def status(self, message_id: str) -> StatusReport:
        self.asked.append(message_id)
        assert message_id in self.statuses, f"nobody was to ask about {message_id}"
        told = self.statuses[message_id]
        if isinstance(told, GatewayError):
            raise told
        return told

    @property
    def batches(self) -> list[list[str]]:
        """The phones of each request."""
        return [[message.to for message in batch] for batch in self.sent]

    @property
    def phones(self) -> list[str]:
        return [phone for batch in self.batches for phone in batch]
