"""The sending worker: claim a batch with a lease, send it to SMSBAT, record the answer.

A message is committed as `sending` before its request is sent, and the answer is committed before
the same worker claims again. So a worker may die at any time: its messages become `unconfirmed`
when the lease expires. By default, only a person sends such a message again (see `unconfirmed`).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from django_smsbat import conf
from django_smsbat.gateway.client import Client
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Campaign, CampaignStatus, HeartbeatName, Message
from django_smsbat.services import database_connections, unconfirmed
from django_smsbat.services.accounts import clients, registry
from django_smsbat.services.campaigns import canary, lifecycle, quiet_hours
from django_smsbat.services.clock import Clock, SystemClock
from django_smsbat.services.sending import account_runs, backoff, claiming, delivery, leases
from django_smsbat.services.sending.account_runs import AccountRun
from django_smsbat.services.sending.batches import Source, describe_pause
from django_smsbat.services.sending.claiming import Batch
from django_smsbat.services.sending.delivery import Outcome
from django_smsbat.services.sending.threads import WorkerPool

logger = logging.getLogger("django_smsbat")

_TIDY_EVERY: Final = timedelta(seconds=5)
_TURN: Final = timedelta(seconds=10)  # of an account, if others wait for a thread


@dataclass
class Summary:
    """The result of one run. Counts are messages; `requests` are HTTP requests.

    Attributes:
        failure: why the run stopped before its work was done; empty if it did not.
        paused: campaigns that were paused automatically, with their reasons.
    """

    taken: int = 0
    rejected: int = 0
    unconfirmed: int = 0
    requests: int = 0
    failure: str = ""
    paused: list[str] = field(default_factory=list)

    @property
    def settled(self) -> int:
        return self.taken + self.rejected + self.unconfirmed

    def add(self, outcome: Outcome) -> None:
        self.taken += outcome.taken
        self.rejected += outcome.rejected
        self.unconfirmed += outcome.unconfirmed
        self.requests += outcome.requests


@private_frames
def submit_queued(
    *,
    campaign_id: int | None = None,
    limit: int | None = None,
    client: Client | None = None,
    clock: Clock | None = None,
    on_progress: Callable[[int], object] = lambda settled: None,
) -> Summary:
    """Launch the campaigns that are due, and send queued messages until none are left.

    Up to `CONCURRENCY` requests run at once, as far as there is enough work and waiting time. With
    a `limit`, or inside a transaction, requests run one by one. A failure of one account does not
    stop the others.

    Args:
        campaign_id: send only this campaign's messages; None for all campaigns and single messages.
        limit: the maximum number of messages.
        client: a client that replaces those of all accounts.
        on_progress: called after each batch with the number of messages it settled.

    Raises:
        ImproperlyConfigured: if the settings do not say how to reach SMSBAT.
    """
    clock = clock or SystemClock()
    account_runs.begin(HeartbeatName.SEND, client, clock)
    now = clock.now()
    summary = Summary(paused=[describe_pause(c) for c in lifecycle.launch_due(now)])
    lifecycle.cancel_leftovers(now)
    canary.release_due()
    summary.failure = account_runs.work(
        lambda name: _Run(
            account=name,
            given=client,
            campaign_id=campaign_id,
            limit=limit,
            clock=clock,
            on_progress=on_progress,
            summary=summary,
        )
    )
    return summary


@dataclass(kw_only=True)
class _Run(AccountRun):
    """One account's part of a run: the work of each thread and the state that threads share.

    Shared state is changed under the pool's lock.
    """

    kind = backoff.SEND

    summary: Summary
    tidied: datetime | None = None
    has_stepped_aside: bool = False

    def work(self, crew: WorkerPool) -> None:
        """Send batches until no messages are left, or until other accounts wait for a thread."""
        client = self.client()
        if client is None:
            return
        source = Source(self.account, self.campaign_id, self.summary.paused)
        turn_ends = self.clock.now() + _TURN
        while not self.clock.stopping and not self.failure:
            if crew.has_waiting_jobs and self.clock.now() >= turn_ends:
                crew.later(self.work)
                return
            if not (crew.is_calling_thread or database_connections.can_connect()):
                return
            self._tidy(crew)
            begun, busy = self.clock.now(), self.clock.busy()
            room = self._room()
            batch = source.next_batch(room, self.clock.now()) if room else None
            if batch is None:
                if not room:
                    return
                if delay := backoff.remaining(self.name, self.clock.now()):
                    if crew.has_waiting_jobs and not self.has_stepped_aside:
                        self.has_stepped_aside = True
                        crew.later(self.work)
                        return
                    self.has_stepped_aside = False
                    reason = backoff.wait(delay, self.clock)
                    # Not overwritten: another thread may have given up meanwhile.
                    self.failure = self.failure or reason
                    continue
                return
            outcome = delivery.deliver(batch, client, self.clock)
            taken = (self.clock.now() - begun).total_seconds()
            worked = self.clock.busy() - busy
            with crew.lock:
                self._account(batch, outcome)
            if len(batch) == conf.current().batch_size and not self.clock.stopping:
                crew.start_another(self.work, taken, worked)

    def _tidy(self, crew: WorkerPool) -> None:
        """Settle messages of dead workers. Any thread does this, at most once per interval."""
        now = self.clock.now()
        with crew.lock:
            if self.tidied is not None and now - self.tidied < _TIDY_EVERY:
                return
            self.tidied = now
        leases.settle_lost(now)
        if conf.current().resend_unconfirmed:
            unconfirmed.resend_automatically()

    def _account(self, batch: Batch, outcome: Outcome) -> None:
        self.summary.add(outcome)
        self.on_progress(outcome.settled)
        now = self.clock.now()
        self.failure = _after_setback(batch.campaign_id, outcome, self.summary, now) or self.failure
        self.refusals = self.refusals + outcome.is_new_setback if outcome.held_back else 0
        if self.refusals >= backoff.REFUSALS_MAX:
            reason = f"gave up after {self.refusals} failures in a row: {outcome.error}"
            self.failure = reason
        if outcome.held_back:
            self.was_refused = True
        elif outcome.error is None and self.was_refused:
            backoff.succeeded(self.name, now)
            self.was_refused = False
        if self.limit is not None and batch.campaign_id is not None:
            lifecycle.finish_if_done(batch.campaign_id, now)

    def _room(self) -> int:
        size = conf.current().batch_size
        if self.limit is None:
            return size
        return max(0, min(size, self.limit - self.summary.settled))


@private_frames
def submit_now(
    message_ids: Sequence[int],
    account: str,
    *,
    client: Client | None = None,
    clock: Clock | None = None,
) -> None:
    """Send these single messages of one account immediately, in batches.

    Messages that SMSBAT does not take now stay queued for the workers.
    """
    client, clock = client or clients.client(account), clock or SystemClock()
    size = conf.current().batch_size
    name = backoff.of(backoff.SEND, account)
    for start in range(0, len(message_ids), size):
        if delay := backoff.remaining(name, clock.now()):
            reason = f"SMSBAT is left alone for {delay:.0f} more seconds"
            _explain(message_ids[start:], "held_back", reason)
            return
        keys = message_ids[start : start + size]
        batch = claiming.claim_singles(size, clock.now(), account, keys)
        error = delivery.deliver(batch, client, clock).error if batch else None
        if error:
            _explain(message_ids[start:], error.kind.name.lower(), error.explanation)
            return
        if batch:
            backoff.forget_after_success(name, clock.now())
    if quiet_hours.in_quiet_hours(clock.now()):
        _explain(message_ids, "quiet_hours", "nothing promotional is sent now")


def something_waits() -> bool:
    """Whether there is work for a later run that needs no action by a person.

    This includes queued messages, scheduled campaigns, campaigns that wait for the canary's
    delivery share, and messages of dead workers. If `RESEND_UNCONFIRMED` is set, it also includes
    unconfirmed messages.
    """
    known = list(registry.names())
    campaigns_wait = Campaign.objects.filter(
        Q(status__in=[CampaignStatus.SENDING, CampaignStatus.SCHEDULED])
        | canary.waits_for_a_share(),
        account__in=known,
    )
    singles_wait = Message.objects.filter(
        campaign=None, status__in=[Status.QUEUED.value, Status.SENDING.value], account__in=known
    )
    resent = conf.current().resend_unconfirmed and unconfirmed.tried_little().exists()
    return campaigns_wait.exists() or singles_wait.exists() or resent


def _explain(message_ids: Sequence[int], code: str, reason: str) -> None:
    """Store on queued messages why they wait."""
    waiting = Message.objects.filter(pk__in=message_ids).queued()
    waiting.update(error_code=code, error_message=reason)


def _after_setback(
    campaign_id: int | None, outcome: Outcome, summary: Summary, now: datetime
) -> str:
    """If a failure affects all messages, pause the campaign or end the run of single messages.

    Returns:
        Why the account's run ends; empty if it continues.
    """
    if outcome.put_back and campaign_id is not None:
        lifecycle.cancel_leftovers(now, campaign_id)
    if not outcome.stop_reason or campaign_id is None:
        return outcome.stop_reason
    campaign = Campaign.objects.get(pk=campaign_id)
    try:
        lifecycle.pause(campaign, outcome.stop_reason)
    except lifecycle.ActionNotAllowed:
        return ""  # a person paused or cancelled it meanwhile
    summary.paused.append(describe_pause(campaign))
    return ""
