"""Any sequence of actions, faults, deaths and restarts: the laws hold after each step."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import router
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from django_smsbat.gateway.errors import ErrorKind, Fate, GatewayError
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import (
    Backoff,
    Campaign,
    Message,
    Recipient,
    RecipientList,
    Source,
    StatusEvent,
)
from django_smsbat.services import unconfirmed
from django_smsbat.services.campaigns import lifecycle, states
from django_smsbat.services.sending import worker
from django_smsbat.services.tracking import recorder
from django_smsbat.services.tracking.events import Report
from django_smsbat.signals import campaign_finished
from tests.conftest import HeldClock, phone
from tests.support.scripted import answer_by_phone

PEOPLE = range(10, 22)
BATCH = 2
BAD = phone(14)  # the sandbox always refuses this phone
OUTCOMES = ["ok", "partly", "died before", "died after", "died after", "taken, then"]
NOT_TAKEN = [kind for kind in ErrorKind if kind.fate is Fate.NOT_TAKEN]
PERHAPS = [kind for kind in ErrorKind if kind.fate is Fate.PERHAPS_TAKEN]


# In an order in which the tables can be emptied.
TABLES = [
    StatusEvent,
    Message,
    Campaign.lists.through,
    RecipientList.recipients.through,
    Campaign,
    Backoff,
    Recipient,
    RecipientList,
]


class WorkerDied(BaseException):
    """An exit that no code handles; `tests.scenarios.crash` shows the effect of a real SIGKILL."""


class Gateway:
    """Accepts messages into a ledger, or fails as configured; then works without faults."""

    def __init__(self, ledger, outcomes):
        self.ledger = ledger
        self.outcomes = list(outcomes)

    def send(self, messages, *, before_leaving=None):
        before_leaving()
        outcome, kind = self.outcomes.pop(0) if self.outcomes else ("ok", None)
        if outcome == "died before":
            raise WorkerDied
        if outcome == "fails":
            raise GatewayError(kind)
        if any(message.to == BAD for message in messages):
            raise GatewayError(ErrorKind.INVALID, "no such number", status=422)
        self.ledger.update(message.to for message in messages)
        if outcome == "died after":
            raise WorkerDied
        if outcome == "taken, then":
            raise GatewayError(ErrorKind.TIMED_OUT)
        mentioned = messages[: (len(messages) + 1) // 2] if outcome == "partly" else messages
        return answer_by_phone()(mentioned)


FAULTS = st.one_of(
    st.sampled_from(OUTCOMES).map(lambda outcome: (outcome, None)),
    st.sampled_from(NOT_TAKEN + PERHAPS).map(lambda kind: ("fails", kind)),
)


class CampaignsLife(RuleBasedStateMachine):
    @initialize(size=st.sampled_from([None, None, 2, 5]), is_launched=st.booleans())
    def begin(self, size, is_launched):
        for table in TABLES:
            table._base_manager.all()._raw_delete(router.db_for_write(table))
        self.clock = HeldClock()
        self.ledger = Counter()
        self.allowed = Counter(phone(ending) for ending in PEOPLE)
        self.finished = self.reopened = 0
        everybody = RecipientList.objects.create(name="All")
        everybody.recipients.set([Recipient.objects.create(phone=phone(n)) for n in PEOPLE])
        self.campaign = Campaign.objects.create(
            name="Sale", type="sms", text="Sale!", canary_size=size
        )
        self.campaign.lists.set([everybody])
        campaign_finished.connect(self.note_finished, weak=False, dispatch_uid="state-machine")
        if is_launched:
            self.launch()

    def note_finished(self, **_):
        self.finished += 1

    def control(self, action, run):
        """Perform the action if the state table allows it; otherwise expect a refusal."""
        self.campaign.refresh_from_db()
        before = self.campaign.status
        if before in states.FROM[action]:
            done = run(self.campaign)
            self.note_reopened(before)
            return done
        with pytest.raises(lifecycle.ActionNotAllowed):
            run(self.campaign)
        self.campaign.refresh_from_db()
        assert self.campaign.status == before
        return None

    def note_reopened(self, before):
        self.campaign.refresh_from_db()
        self.reopened += before == "sent" != self.campaign.status

    @rule()
    def launch(self):
        self.control("launch", lambda c: lifecycle.launch(c, self.clock.now()))

    @rule()
    def pause(self):
        self.control("pause", lifecycle.pause)

    @rule()
    def resume(self):
        self.control("resume", lifecycle.resume)

    @precondition(lambda self: len(self.ledger) > 4)
    @rule()
    def cancel(self):
        self.control("cancel", lambda c: lifecycle.cancel(c, self.clock.now()))

    @rule()
    def retry_failed(self):
        failed = ["rejected", "undeliverable", "expired", "failed"]
        phones = list(Message.objects.filter(status__in=failed).values_list("to", flat=True))
        if self.control("send again", lifecycle.retry_failed) is not None:
            self.allowed.update(phones)

    @rule()
    def resend_unconfirmed(self):
        self.campaign.refresh_from_db()
        before = self.campaign.status
        if before != "cancelled":  # no message of a cancelled campaign is sent again
            doubtful = Message.objects.filter(status="unconfirmed")
            self.allowed.update(doubtful.values_list("to", flat=True))
        unconfirmed.resend_all()
        self.note_reopened(before)

    @rule()
    def give_up_unconfirmed(self):
        unconfirmed.give_up_all()

    @rule(outcomes=st.lists(FAULTS, min_size=1, max_size=3))
    def work_on(self, outcomes):
        self.work(outcomes)

    @rule(outcomes=st.lists(FAULTS, min_size=1, max_size=3))
    def work(self, outcomes):
        gateway = Gateway(self.ledger, outcomes)
        try:
            worker.submit_queued(client=gateway, clock=self.clock, limit=BATCH * len(outcomes))
        except WorkerDied:
            # Its messages have no worker now, and their lease expires.
            self.clock.forward(seconds=301)

    @rule(seconds=st.sampled_from([1, 60, 400]))
    def wait(self, seconds):
        self.clock.moment += timedelta(seconds=seconds)

    @rule(
        status=st.sampled_from([Status.DELIVERED, Status.UNDELIVERABLE]),
        place=st.integers(0, len(PEOPLE) - 1),
    )
    def report(self, status, place):
        message = Message.objects.filter(to=phone(PEOPLE[place])).exclude(smsbat_id="").first()
        if message:
            told = Report(
                source=Source.CALLBACK,
                status=status,
                raw_status=status.value,
                smsbat_id=message.smsbat_id,
            )
            recorder.record([told], self.clock.now())

    @invariant()
    def nobody_twice_without_a_persons_word(self):
        if hasattr(self, "ledger"):
            assert not self.ledger - self.allowed

    @invariant()
    def nobody_has_it_who_was_handed_nothing(self):
        if hasattr(self, "ledger"):
            reached = ["accepted", "delivered", "undeliverable"]
            claimed = Message.objects.filter(status__in=reached)
            assert set(claimed.values_list("to", flat=True)) <= set(self.ledger)

    @invariant()
    def sent_means_that_nothing_waits(self):
        if hasattr(self, "campaign"):
            self.campaign.refresh_from_db()
            waiting = Message.objects.filter(status__in=["queued", "sending"])
            if self.campaign.status == "sent":
                assert not waiting.exists()
            # Each completion is announced once, and not earlier.
            assert self.finished == self.reopened + (self.campaign.status == "sent")
            assert Message.objects.count() in (0, len(PEOPLE))

    def teardown(self):
        """Without further faults, every message reaches a final status."""
        campaign_finished.disconnect(dispatch_uid="state-machine")
        if not hasattr(self, "campaign") or not Message.objects.exists():
            return
        for _ in range(4):
            self.campaign.refresh_from_db()
            if self.campaign.status == "paused":
                lifecycle.resume(self.campaign)
            self.clock.forward(hours=2)
            worker.submit_queued(client=Gateway(self.ledger, []), clock=self.clock)
        self.campaign.refresh_from_db()
        assert self.campaign.status in ("sent", "cancelled")
        assert not Message.objects.filter(status__in=["queued", "sending"]).exists()
        self.nobody_twice_without_a_persons_word()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_laws_hold_whatever_happens(settings):
    settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": BATCH}
    run_state_machine_as_test(CampaignsLife, settings=THOROUGH)


THOROUGH = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
