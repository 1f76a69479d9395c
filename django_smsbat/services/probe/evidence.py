"""The evidence that a probe collects for each message, and for each request to be refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django_smsbat.gateway import statuses
from django_smsbat.gateway.dialects import Dialect
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Message
from django_smsbat.services.probe.exchanges import Answer
from django_smsbat.services.probe.messages import PlannedMessage
from django_smsbat.services.probe.redaction import Redactor


@dataclass(frozen=True)
class Poll:
    """An answer to a status request.

    Attributes:
        after: seconds since the message was sent.
    """

    answer: Answer
    after: float

    @property
    def raw_status(self) -> Any:
        """The status in a successful answer, None if it contains none."""
        return self.answer.object.get("deliverystatus") if self.answer.is_success else None

    @property
    def known_status(self) -> Status | None:
        raw = self.raw_status
        return statuses.from_wire(raw) if isinstance(raw, str) else None

    @property
    def is_final(self) -> bool:
        return self.known_status is not None and self.known_status.is_final


@dataclass(frozen=True)
class Callback:
    """A status callback that was stored while the probe followed the message."""

    payload: Mapping[str, Any] = field(repr=False)
    raw_status: str
    occurred_at: datetime
    after: float


@dataclass
class MessageEvidence:
    """The evidence for a message.

    Attributes:
        sent_at: when SMSBAT answered the send request, None if the message was not sent.
        answer: the answer to the send request, None if there was no request.
        is_complete: whether the probe followed the message to the end.
    """

    planned: PlannedMessage
    dialect: Dialect
    redactor: Redactor
    row: Message | None = None
    sent_at: datetime | None = None
    answer: Answer | None = None
    polls: list[Poll] = field(default_factory=list)
    callbacks: list[Callback] = field(default_factory=list)
    is_complete: bool = False

    @property
    def label(self) -> str:
        return self.planned.type.value

    @property
    def result(self) -> Mapping[str, Any] | None:
        """The result for the message in a successful answer, None if it contains none."""
        if self.answer is None or not self.answer.is_success:
            return None
        results = self.results
        return results[0] if results else None

    @property
    def results(self) -> Sequence[Mapping[str, Any]]:
        items = self.answer.object.get("messages") if self.answer else None
        return [one for one in items if isinstance(one, dict)] if isinstance(items, list) else []

    @property
    def is_polled_to_the_end(self) -> bool:
        return bool(self.polls) and self.polls[-1].is_final


@dataclass(frozen=True)
class RefusalEvidence:
    """A request that SMSBAT should refuse, with its answer; None if it was not sent."""

    name: str
    redactor: Redactor
    answer: Answer | None

    @property
    def label(self) -> str:
        return self.name
