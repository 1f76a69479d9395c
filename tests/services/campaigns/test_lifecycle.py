"""A campaign's lifecycle: allowed actions in each state, and their results."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from django_smsbat.db.expressions import NUMBER_MAX
from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Campaign, CampaignStatus, Message, Source, StatusEvent
from django_smsbat.services.campaigns import canary, lifecycle, preflight
from django_smsbat.services.exceptions import ActionNotAllowed
from django_smsbat.services.tracking import recorder
from django_smsbat.services.tracking.events import Report
from django_smsbat.signals import campaign_finished
from tests.conftest import NOON, listening, phone

pytestmark = pytest.mark.django_db


def test_a_launch_makes_one_frozen_message_for_each_person(people, campaign):
    people(1, name="Ann")
    people(2, name="Bob")
    draft = campaign(text="Hi {{ name }}", ttl=3_600)
    made = lifecycle.launch(draft, NOON)
    rows = Message.objects.order_by("to")
    assert made.recipients == 2
    assert [(row.to, row.text, row.status) for row in rows] == [
        (phone(1), "Hi Ann", "queued"),
        (phone(2), "Hi Bob", "queued"),
    ]
    assert {(row.sender, row.ttl, row.recipient.phone == row.to) for row in rows} == {
        ("AcmeShop", 3_600, True)
    }
    assert (draft.status, draft.started_at) == ("sending", NOON)


BUTTON = {"buttonText": "Buy", "buttonAction": "https://shop.example.com/{{ name }}"}


@pytest.mark.parametrize(
    ("data", "link"),
    [(BUTTON, "Ann"), ({**BUTTON, "buttonAction": "https://shop.example.com/Ann"}, "Ann")],
    ids=["personal", "the same for all"],
)
def test_what_is_not_text_goes_along_filled_or_as_it_stands(people, campaign, data, link):
    people(1, name="Ann")
    fields = {"type": "viber_promo", "message_data": data, "fallback_text": "Sale!"}
    lifecycle.launch(campaign(text="Hi {{ name }}", **fields))
    made = Message.objects.get()
    assert (made.text, made.fallback_text) == ("Hi Ann", "Sale!")
    assert made.message_data["buttonAction"] == f"https://shop.example.com/{link}"


@pytest.mark.parametrize("text", ["Hi", "Hi {{ name }}"])
def test_nobody_can_guess_one_message_s_own_id_from_another_s(people, campaign, text):
    people(*range(10, 20), name="Ann")
    lifecycle.launch(campaign(text=text))
    nonces = set(Message.objects.values_list("nonce", flat=True))
    assert len(nonces) == 10
    assert all(0 <= nonce <= NUMBER_MAX for nonce in nonces)


def test_the_database_itself_allows_one_message_per_phone_and_campaign(people, campaign):
    people(1)
    draft = campaign()
    lifecycle.launch(draft)
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.create(campaign=draft, to=phone(1), type="sms")


def test_single_messages_to_one_phone_may_be_many(queued):
    assert queued(1).pk != queued(1).pk


def test_a_launch_happens_once(people, campaign):
    people(1)
    draft = campaign()
    lifecycle.launch(draft)
    with pytest.raises(ActionNotAllowed, match="sending"):
        lifecycle.launch(Campaign.objects.get(pk=draft.pk))
    assert Message.objects.count() == 1


def test_a_launch_to_nobody_is_refused_and_leaves_a_draft(people, campaign):
    people(1, opted_out_at=timezone.now())
    draft = campaign()
    with pytest.raises(ActionNotAllowed, match="1 opted out"):
        lifecycle.launch(draft)
    assert draft.status == "draft"
    assert Campaign.objects.get().status == "draft"


def test_a_launch_that_fails_leaves_nothing_half_done(people, campaign, monkeypatch):
    people(1, 2)
    draft = campaign()

    def fail(*args):
        raise RuntimeError("the machine died")

    monkeypatch.setattr(canary, "hold_after_first", fail)
    with pytest.raises(RuntimeError):
        lifecycle.launch(draft)
    assert (Campaign.objects.get().status, Message.objects.count()) == ("draft", 0)


ALLOWED = {
    "schedule": {"draft"},
    "unschedule": {"scheduled"},
    "launch": {"draft", "scheduled"},
    "pause": {"sending"},
    "resume": {"paused"},
    "cancel": {"scheduled", "sending", "paused"},
}


@pytest.mark.parametrize("status", CampaignStatus.values)
@pytest.mark.parametrize("action", ALLOWED)
def test_each_action_is_possible_from_its_states_only(people, campaign, action, status):
    people(1)
    made = campaign(
        status=status, scheduled_at=timezone.now() + timedelta(hours=1), started_at=NOON
    )
    if status in ALLOWED[action]:
        getattr(lifecycle, action)(made)
        assert Campaign.objects.get().status != status
    else:
        with pytest.raises(ActionNotAllowed):
            getattr(lifecycle, action)(made)
        assert Campaign.objects.get().status == status


def test_a_campaign_that_changed_behind_our_back_is_not_overwritten(people, campaign):
    stale = campaign(status="sending")
    Campaign.objects.update(status="cancelled")
    with pytest.raises(ActionNotAllowed, match="cancelled"):
        lifecycle.pause(stale)
    assert Campaign.objects.get().status == "cancelled"


def test_cancelling_cancels_what_is_queued_and_says_so_on_each(people, campaign):
    people(1, 2)
    draft = campaign()
    lifecycle.launch(draft)
    Message.objects.filter(to=phone(1)).update(status="sending")
    assert lifecycle.cancel(draft, NOON) == 1
    statuses = dict(Message.objects.values_list("to", "status"))
    assert statuses == {phone(1): "sending", phone(2): "cancelled"}
    assert StatusEvent.objects.get().source == "local"
    assert draft.finished_at == NOON


def test_what_was_cancelled_is_counted_of_that_campaign_alone(people, campaign, queued):
    queued(99, campaign=campaign(name="Cancelled before", status="cancelled"))
    people(1, 2)
    made = campaign()
    lifecycle.launch(made)
    assert lifecycle.cancel(made) == 2
    assert Message.objects.get(to=phone(99)).status == "queued"  # a worker's run finds it


def test_a_share_of_the_first_needs_to_know_how_many_these_are(campaign):
    with pytest.raises(InvalidMessage, match="say how many go first") as refused:
        lifecycle.check(campaign(canary_share=50))
    assert refused.value.field == "canary_size"
    lifecycle.check(campaign(canary_share=50, canary_size=4))


def test_each_reason_for_which_nobody_would_get_it_is_told(people, campaign):
    people(1, opted_out_at=NOON)
    people(2)
    with pytest.raises(ActionNotAllowed) as refused:
        lifecycle.launch(campaign(type="viber_promo", text="{{ city }}"))
    assert str(refused.value) == "No recipient would get it: 1 opted out, 1 missing value."


def test_scheduling_wants_a_time_to_come(campaign):
    for moment in (None, NOON - timedelta(seconds=1)):
        with pytest.raises(ActionNotAllowed, match="future"):
            lifecycle.schedule(campaign(scheduled_at=moment), NOON)


def test_what_is_due_is_launched_and_what_is_not_stays(people, campaign):
    people(1)
    campaign(name="due", status="scheduled", scheduled_at=NOON)
    campaign(name="later", status="scheduled", scheduled_at=NOON + timedelta(seconds=1))
    assert lifecycle.launch_due(NOON) == []
    assert dict(Campaign.objects.values_list("name", "status")) == {
        "due": "sending",
        "later": "scheduled",
    }


def test_a_due_campaign_that_cannot_be_launched_pauses_with_the_reason(campaign):
    made = campaign(status="scheduled", scheduled_at=NOON)
    assert lifecycle.launch_due(NOON) == [made]
    made.refresh_from_db()
    assert made.status == "paused"
    assert made.pause_reason == "Not launched: The campaign's lists are empty."


def test_a_due_campaign_that_was_put_off_meanwhile_stays_scheduled(people, campaign, monkeypatch):
    people(1)
    campaign(name="first", status="scheduled", scheduled_at=NOON - timedelta(hours=1))
    other = campaign(name="second", status="scheduled", scheduled_at=NOON)
    original = canary.hold_after_first

    def somebody_puts_the_second_off(*args):
        Campaign.objects.filter(pk=other.pk).update(scheduled_at=NOON + timedelta(days=1))
        original(*args)

    monkeypatch.setattr(canary, "hold_after_first", somebody_puts_the_second_off)
    assert lifecycle.launch_due(NOON) == []
    assert dict(Campaign.objects.values_list("name", "status")) == {
        "first": "sending",
        "second": "scheduled",
    }


def test_what_cannot_be_resumed_stays_paused_with_its_reason(campaign):
    made = campaign(status="paused", pause_reason="Not launched: nobody")
    with pytest.raises(ActionNotAllowed):
        lifecycle.resume(made)
    stored = Campaign.objects.get()
    assert (stored.status, stored.pause_reason) == ("paused", "Not launched: nobody")


@pytest.mark.parametrize("kind", ["viber_promo", "viber_carousel", "viber_survey"])
def test_what_is_always_promotional_cannot_be_called_transactional(campaign, kind):
    data = {
        "viber_promo": {},
        "viber_carousel": {"carousel": {"items": [ITEM]}},
        "viber_survey": {"survey": {"options": ["a", "b"]}},
    }[kind]
    made = campaign(type=kind, message_data=data, is_transactional=True)
    with pytest.raises(InvalidMessage) as refused:
        lifecycle.check(made)
    assert refused.value.field == "is_transactional"


ITEM = {
    "title": "Boots",
    "imageUrl": "https://cdn.example.com/a.jpg",
    "primaryButton": {"label": "Buy", "actionUrl": "https://shop.example.com/"},
}


def test_resuming_a_campaign_that_never_was_launched_launches_it(people, campaign):
    made = campaign(status="paused", pause_reason="Not launched: nobody")
    people(1)
    lifecycle.resume(made)
    assert (made.status, made.pause_reason, Message.objects.count()) == ("sending", "", 1)


def test_it_is_launched_as_it_was_looked_at_or_not_at_all(people, campaign):
    made = campaign(status="paused", pause_reason="Not launched: nobody")
    people(1)
    preflight.look(made)
    with pytest.raises(ActionNotAllowed, match="changed"):
        lifecycle.resume(made, fingerprint="of-another")
    assert (Campaign.objects.get().status, Message.objects.count()) == ("paused", 0)


def test_what_goes_on_has_no_reason_to_be_paused_any_more(people, campaign):
    people(1)
    made = campaign(canary_size=1)
    lifecycle.launch(made)
    lifecycle.pause(made, "no money left")
    Campaign.objects.update(canary_is_out=True)
    lifecycle.resume(Campaign.objects.get())
    told = Campaign.objects.get()
    assert (told.status, told.pause_reason, told.canary_is_out) == ("sending", "", False)


@pytest.mark.parametrize("unsent", ["queued", "sending"])
def test_sent_is_not_said_while_something_is_unsent(people, campaign, unsent):
    people(1)
    draft = campaign()
    lifecycle.launch(draft)
    Message.objects.update(status=unsent)
    assert not lifecycle.finish_if_done(draft.pk, NOON)
    assert Campaign.objects.get().status == "sending"


def test_sent_is_said_once_and_announced_once(people, campaign, django_capture_on_commit_callbacks):
    people(1)
    draft = campaign()
    lifecycle.launch(draft)
    Message.objects.update(status="accepted")
    heard = []

    def listen(campaign, **_):
        heard.append(campaign.status)

    with (
        listening(listen, campaign_finished, sender=Campaign),
        django_capture_on_commit_callbacks(execute=True),
    ):
        assert lifecycle.finish_if_done(draft.pk, NOON)
        assert not lifecycle.finish_if_done(draft.pk, NOON)
    assert heard == ["sent"]
    assert Campaign.objects.get().finished_at == NOON


class TestSendingTheFailedAgain:
    @pytest.fixture
    def finished(self, people, campaign):
        """A finished campaign with a message in each final status."""

        def make(status="sent"):
            people(*range(10, 16))
            made = campaign()
            lifecycle.launch(made)
            fates = ("delivered", "rejected", "undeliverable", "failed", "expired", "unconfirmed")
            for message, fate in zip(Message.objects.order_by("pk"), fates, strict=True):
                Message.objects.filter(pk=message.pk).update(status=fate, attempts=1, polls=3)
            Campaign.objects.update(status=status, finished_at=NOON)
            return made

        return make

    def test_what_failed_is_queued_as_a_new_attempt_and_nothing_else(self, finished):
        made = finished()
        assert lifecycle.retry_failed(made) == 4
        again = Message.objects.filter(status="queued")
        assert set(again.values_list("resent_after", "polls")) == {(1, 0)}
        assert again.count() == 4
        assert set(Message.objects.exclude(pk__in=again).values_list("status", flat=True)) == {
            "delivered",
            "unconfirmed",
        }
        assert (made.status, made.finished_at) == ("sending", None)
        assert Campaign.objects.get().finished_at is None

    def test_nobody_else_s_failed_messages_are_queued(self, finished, queued, campaign):
        made = finished()
        queued(77, status="failed", attempts=1)
        queued(78, status="failed", attempts=1, campaign=campaign(name="Other", status="sent"))
        assert lifecycle.retry_failed(made) == 4
        assert set(Message.objects.filter(status="queued").values_list("campaign", flat=True)) == {
            made.pk
        }

    def test_with_nothing_failed_a_finished_campaign_stays_finished(self, finished):
        made = finished()
        Message.objects.update(status="delivered")
        assert lifecycle.retry_failed(made) == 0
        assert Campaign.objects.get().status == "sent"

    @pytest.mark.parametrize("status", ["draft", "scheduled", "cancelled"])
    def test_it_is_refused_where_it_makes_no_sense(self, finished, status):
        made = finished(status)
        with pytest.raises(ActionNotAllowed, match=f"that is {status} cannot send again"):
            lifecycle.retry_failed(made)
        assert not Message.objects.filter(status="queued").exists()

    def test_a_late_delivery_of_the_first_attempt_does_not_count_for_the_second(self, finished):
        lifecycle.retry_failed(finished())
        message = Message.objects.filter(status="queued").first()
        late = Report(
            source=Source.POLL,
            status=Status.DELIVERED,
            raw_status="delivered",
            message_id=message.pk,
            attempt=1,
        )
        recorder.record([late], NOON)
        message.refresh_from_db()
        assert message.status == "queued"


def test_a_duplicate_says_the_same_to_the_same_lists_and_is_a_draft(people, campaign):
    people(1)
    made = campaign(
        name="x" * 200,
        type="viber_promo",
        text="Hi",
        ttl=60,
        fallback_text="Hi!",
        message_data={"buttonText": "Buy", "buttonAction": "https://example.com/"},
        canary_size=5,
    )
    lifecycle.launch(made)
    copy = lifecycle.duplicate(made)
    copy.refresh_from_db()
    assert (copy.status, copy.started_at, copy.canary_last_id) == ("draft", None, None)
    assert copy.content() == made.content()
    assert (copy.canary_size, list(copy.lists.all())) == (5, list(made.lists.all()))
    assert copy.name == "x" * 196 + " (2)"
    lifecycle.launch(copy)
    assert Message.objects.count() == 2
