"""Run a probe: send requests to be refused, send a message of each type, follow the messages.

Every message takes the ordinary path: its row is stored before the request, the admin shows it,
and callbacks match it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Max

from django_smsbat.conf import Account
from django_smsbat.gateway.auth import KEY_LOGIN
from django_smsbat.gateway.client import Client
from django_smsbat.gateway.errors import GatewayError
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import InboundMessage, Message
from django_smsbat.services.accounts import clients, registry
from django_smsbat.services.clock import Clock, SystemClock
from django_smsbat.services.probe.evidence import MessageEvidence, RefusalEvidence
from django_smsbat.services.probe.exchanges import Recorder
from django_smsbat.services.probe.expectations import (
    Finding,
    Verdict,
    judge_message,
    judge_refusal,
)
from django_smsbat.services.probe.follow import Follower
from django_smsbat.services.probe.messages import PlannedMessage, ProbeRequest
from django_smsbat.services.probe.redaction import Redactor, basic_tokens
from django_smsbat.services.probe.refusal_checks import REFUSALS, Refusal
from django_smsbat.services.sending import single
from django_smsbat.services.tracking import recorder as tracking

_OWN_REASONS: Final = frozenset(("quiet_hours", "opted_out"))  # they affect only some types


@dataclass
class ProbeResult:
    """The result of a probe.

    Attributes:
        replies: the payloads of incoming messages from the phone during the probe.
        was_stopped: whether the command was stopped before the end.
    """

    request: ProbeRequest
    account: Account
    redactor: Redactor
    started_at: datetime
    messages: list[MessageEvidence]
    refusals: list[RefusalEvidence] = field(default_factory=list)
    replies: list[Mapping[str, Any]] = field(default_factory=list)
    recorder: Recorder = field(default_factory=Recorder)
    was_stopped: bool = False

    @property
    def findings(self) -> list[Finding]:
        of_messages = [finding for one in self.messages for finding in judge_message(one)]
        of_refusals = [finding for one in self.refusals for finding in judge_refusal(one)]
        return of_messages + of_refusals

    def count(self, verdict: Verdict) -> int:
        return sum(finding.verdict is verdict for finding in self.findings)


def run(
    request: ProbeRequest,
    planned: Sequence[PlannedMessage],
    *,
    clock: Clock | None = None,
    on_progress: Callable[[float], object] = lambda seconds: None,
) -> ProbeResult:
    """Send the planned messages and follow them.

    A stopped clock ends the probe early, with a partial result.

    Args:
        on_progress: called with the seconds since the last call.

    Raises:
        ImproperlyConfigured: if the settings lack the access to SMSBAT.
        InvalidMessage: if the account does not exist.
    """
    clock = clock or SystemClock()
    client = clients.client(request.account)
    result = _new_result(request, planned, clock.now())
    last_reply = InboundMessage.objects.aggregate(last=Max("pk"))["last"] or 0
    if request.refusals:
        result.refusals = _send_refusals(result, clock)
    with client.observed_by(result.recorder):
        _send_all(result, clock)
        follower = Follower(
            messages=result.messages,
            client=client,
            recorder=result.recorder,
            clock=clock,
            expects_callbacks=bool(result.account.webhook_secrets),
            on_progress=on_progress,
        )
        follower.run(request.follow)
    replies = InboundMessage.objects.filter(pk__gt=last_reply, phone=request.to)
    result.replies = list(replies.values_list("payload", flat=True))
    result.was_stopped = clock.stopping
    return result


def _new_result(
    request: ProbeRequest, planned: Sequence[PlannedMessage], now: datetime
) -> ProbeResult:
    account = registry.account(request.account)
    redactor = Redactor(_secrets(request, planned, account))
    messages = [MessageEvidence(one, account.dialect, redactor) for one in planned]
    return ProbeResult(request, account, redactor, now, messages)


def _secrets(
    request: ProbeRequest, planned: Sequence[PlannedMessage], account: Account
) -> Iterator[str]:
    """Yield values of our requests that an answer may repeat but a report must not contain."""
    yield from (request.to.lstrip("+"), request.caller_id.lstrip("+"))
    yield from (account.api_key, account.login, account.password, *account.webhook_secrets)
    pairs = ((KEY_LOGIN, account.api_key), (account.login, account.password))
    yield from basic_tokens(pairs)
    for one in planned:
        content = one.message.content()
        yield from (content.sender, content.text, content.fallback_text)
        yield from map(str, content.message_data.get("templateParams", {}).values())


def _send_refusals(result: ProbeResult, clock: Clock) -> list[RefusalEvidence]:
    evidence = []
    for name, refusal in REFUSALS.items():
        if clock.stopping:
            break
        evidence.append(_send_refusal(name, refusal, result))
    return evidence


def _send_refusal(name: str, refusal: Refusal, result: ProbeResult) -> RefusalEvidence:
    account, start = result.request.account, len(result.recorder)
    if refusal.wrong_credentials:
        client: Client = clients.with_wrong_credentials(account)
    else:
        client = clients.client(account)
    # A refusal is expected, and the recorder contains it.
    with client.observed_by(result.recorder), suppress(GatewayError):
        refusal.send(client)
    if refusal.wrong_credentials:
        client.close()
    answers = result.recorder.since(start)
    return RefusalEvidence(name, result.redactor, answers[-1] if answers else None)


def _send_all(result: ProbeResult, clock: Clock) -> None:
    """Send the messages in order. Stop if a message stays queued for a reason that affects all."""
    for evidence in result.messages:
        if clock.stopping:
            return
        start = len(result.recorder)
        row = single.send(evidence.planned.message, account=result.request.account)
        answers = result.recorder.since(start)
        evidence.row, evidence.sent_at = row, clock.now()
        evidence.answer = answers[-1] if answers else None
        if row.status == Status.QUEUED:
            _withdraw(row, clock.now())
            if row.error_code not in _OWN_REASONS:
                return


def _withdraw(row: Message, now: datetime) -> None:
    """Cancel a message that is still queued, so that no worker sends it after the probe."""
    with transaction.atomic():
        left = list(Message.objects.filter(pk=row.pk).queued().locked())
        tracking.record([tracking.local(one, Status.CANCELLED, "probe") for one in left], now)
