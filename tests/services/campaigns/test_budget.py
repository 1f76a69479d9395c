"""A campaign costs no more than its budget, as far as its costs are known."""

from decimal import Decimal

import pytest
from django.db import transaction

from django_smsbat.models import Campaign, Message, PurgedMessages
from django_smsbat.services.campaigns import budget as budgets
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.sending import worker
from django_smsbat.services.tracking import recorder
from tests.services.tracking.test_recorder import reported
from tests.support.scripted import ScriptedClient, answer_by_phone

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def launched(people, campaign):
    """Launch a campaign to that many recipients with that budget."""

    def launch(count, budget):
        people(*range(1_000, 1_000 + count))
        made = campaign(budget=Decimal(budget))
        lifecycle.launch(made)
        return made

    return launch


@pytest.fixture
def run(clock):
    """Run a worker once; return the number of messages it sent."""

    def work():
        client = ScriptedClient([answer_by_phone()] * 20)
        summary = worker.submit_queued(client=client, clock=clock)
        return len(client.phones), summary

    return work


def cost_of_all(amount, clock):
    """Record SMSBAT's cost for every message sent so far."""
    sent = Message.objects.exclude(smsbat_id="").filter(cost=None)
    for smsbat_id in sent.values_list("smsbat_id", flat=True):
        recorder.record([reported(smsbat_id, "delivered", cost=amount)], clock.now())


def test_a_few_go_first_to_learn_the_price(launched, run):
    launched(150, "100")
    sent, summary = run()
    assert (sent, summary.paused) == (budgets.PROBE, [])
    assert Campaign.objects.get().status == "sending"


def test_one_that_is_sent_whole_is_done_however_little_room_is_left(launched, run):
    launched(budgets.PROBE, "100")
    sent, summary = run()
    assert (sent, summary.paused) == (budgets.PROBE, [])
    assert Campaign.objects.get().status == "sent"


def test_the_rest_follows_when_the_price_is_known(launched, run, clock):
    launched(150, "100")
    run()
    cost_of_all("0.05", clock)
    assert run()[0] == 50
    assert Campaign.objects.get().status == "sent"


def test_it_pauses_when_one_more_might_cost_more_than_is_left(launched, run, clock):
    launched(150, "6")
    run()
    cost_of_all("0.05", clock)
    sent, summary = run()
    assert (sent, summary.paused) == (20, [])  # 5 spent, 1 left
    cost_of_all("0.05", clock)
    sent, summary = run()
    paused = Campaign.objects.get()
    assert (sent, paused.status) == (0, "paused")
    assert paused.pause_reason == "The budget of 6.00 is used up: 6 spent."
    assert summary.paused == [f"campaign {paused.pk} is paused: {paused.pause_reason}"]
    assert Message.objects.queued().count() == 30


def test_it_waits_while_costs_are_still_to_come(launched, run, clock):
    launched(150, "6")
    run()
    cost_of_all("0.05", clock)
    run()
    assert run()[0] == 0
    assert Campaign.objects.get().status == "sending"


def test_the_dearest_price_is_what_others_are_taken_to_cost(launched, run, clock):
    launched(150, "6")
    run()
    [dear, *_] = Message.objects.exclude(smsbat_id="")
    recorder.record([reported(dear.smsbat_id, "delivered", cost="0.50")], clock.now())
    cost_of_all("0.01", clock)
    assert run()[0] == 9  # 1.49 spent, 4.51 left


def test_what_costs_nothing_names_no_price(launched, run, clock):
    launched(400, "1")
    run()
    first = Message.objects.exclude(smsbat_id="").first()
    recorder.record([reported(first.smsbat_id, "undeliverable", cost=0)], clock.now())
    assert run()[0] == 1  # replaces the one with a known cost


def test_one_cheap_message_frees_no_others_before_half_have_their_price(launched, run, clock):
    launched(400, "5")
    run()
    first = Message.objects.exclude(smsbat_id="").first()
    recorder.record([reported(first.smsbat_id, "delivered", cost="0.0001")], clock.now())
    assert run()[0] == 1


def test_one_that_is_set_while_the_campaign_runs_holds_from_the_next_claim_on(
    launched, people, campaign, clock, settings
):
    settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 50}
    people(*range(1_000, 1_400))
    made = campaign()
    lifecycle.launch(made)
    client = ScriptedClient([answer_by_phone()] * 20)

    def somebody_sets_one(_messages):
        if len(client.sent) == 1:
            budgets.change(Campaign.objects.get(), Decimal(1))

    client.before_send = somebody_sets_one
    worker.submit_queued(client=client, clock=clock)
    assert len(client.phones) == 50 + 50  # the messages under way, plus at most one probe


def test_what_is_sent_again_is_reserved_for_whatever_it_cost_before(launched, run, clock):
    made = launched(100, "6")
    run()
    cost_of_all("0.05", clock)
    Message.objects.update(status="failed")
    lifecycle.retry_failed(made)
    assert run()[0] == 20  # 5 spent, 1 left
    assert run()[0] == 0


def test_what_is_in_doubt_keeps_no_campaign_waiting(launched, run, clock):
    launched(150, "5")
    run()
    [doubtful, *_] = Message.objects.exclude(smsbat_id="")
    Message.objects.filter(pk=doubtful.pk).update(status="unconfirmed", smsbat_id="")
    cost_of_all("0.05", clock)
    assert run()[0] == 0
    assert Campaign.objects.get().status == "paused"


def test_where_no_cost_is_ever_told_no_budget_can_be_kept(launched, run, clock):
    launched(150, "100")
    run()
    for smsbat_id in Message.objects.exclude(smsbat_id="").values_list("smsbat_id", flat=True):
        recorder.record([reported(smsbat_id, "delivered")], clock.now())
    run()
    assert "reported no cost" in Campaign.objects.get().pause_reason


def test_a_larger_budget_lets_it_go_on(launched, run, clock):
    made = launched(150, "5")
    run()
    cost_of_all("0.05", clock)
    run()
    made.refresh_from_db()
    budgets.change(made, Decimal(50))
    lifecycle.resume(made)
    assert run()[0] == 50


def test_without_a_budget_nothing_is_held_back(launched, run, people, campaign):
    people(*range(1_000, 1_150))
    campaign(name="Other", budget=Decimal(1))
    lifecycle.launch(campaign())
    assert run()[0] == 150


def test_costs_are_looked_at_when_the_room_is_used_up_and_not_before(
    launched, run, clock, settings, django_assert_max_num_queries
):
    settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 10}
    made = launched(150, "100")
    run()
    cost_of_all("0.05", clock)
    looks = []
    original = budgets.outlook
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(budgets, "outlook", lambda c: looks.append(1) or original(c))
        run()
    assert len(looks) == 1
    made.refresh_from_db()
    assert made.status == "sent"


PRICE = Decimal("0.1")


@pytest.fixture
def priced(campaign, queued):
    """A campaign in which that many messages cost that amount, and others were purged."""

    def make(count, left):
        spent = count * PRICE + Decimal("0.3")
        made = campaign(budget=spent + left * PRICE, status="sending")
        for number in range(count):
            queued(number, campaign=made, status="delivered", cost=PRICE, currency="UAH")
        told = {"status": "delivered", "messages": 3, "priced": 3}
        PurgedMessages.objects.create(campaign=made, cost=Decimal("0.3"), **told)
        PurgedMessages.objects.create(campaign=campaign(name="Other"), cost=Decimal(90), **told)
        return made

    return make


@pytest.mark.parametrize("left", [5, budgets.PROBE + 7])
def test_what_is_left_is_what_was_not_spent_also_by_what_was_purged(priced, left):
    assert budgets.outlook(priced(budgets.PROBE // 2, left)).room == left


def test_before_half_of_the_first_have_their_price_no_more_than_these_go(priced):
    made = priced(budgets.PROBE // 2 - 1, budgets.PROBE + 7)
    assert budgets.outlook(made).room == budgets.PROBE


def test_the_budget_of_another_campaign_is_not_drawn_on(priced, campaign):
    priced(1, 5)
    without = campaign(name="Free", status="sending")
    with transaction.atomic():
        assert budgets.allowance(without, 1_000) == 1_000
