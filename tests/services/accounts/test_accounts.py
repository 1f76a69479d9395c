"""Several accounts: each sends with its own credentials and does not block another."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connections

from django_smsbat import conf, send, send_many
from django_smsbat.gateway.errors import ErrorKind
from django_smsbat.gateway.statuses import Status
from django_smsbat.messages import InvalidMessage, Sms
from django_smsbat.models import Backoff, Message, Source, StatusEvent
from django_smsbat.sandbox.access import Account
from django_smsbat.services.accounts import clients
from django_smsbat.services.campaigns import lifecycle, preflight
from django_smsbat.services.composer import sample_send
from django_smsbat.services.monitoring import health
from django_smsbat.services.polling import poller
from django_smsbat.services.sending import backoff, worker
from django_smsbat.services.tracking import orphans, recorder
from django_smsbat.services.tracking.events import Report
from tests.conftest import NOON, phone
from tests.support.scripted import ScriptedClient, answer_by_phone, report

SHOP = {"BASE_URL": "http://127.0.0.1:9", "API_KEY": "shop-key", "SENDER": "TheShop"}


@pytest.fixture
def shop(settings):
    """A second account beside the default one."""
    settings.SMSBAT = {**settings.SMSBAT, "ACCOUNTS": {"shop": SHOP}}


@pytest.fixture
def two_sandboxes(settings, start_sandbox):
    """Two services, each of which accepts one account only."""
    own, other = start_sandbox(), start_sandbox(account=Account(api_key="shop-key"))
    settings.SMSBAT = {
        **settings.SMSBAT,
        "BASE_URL": own.url,
        "STATUS_RATE": 1_000,
        "ACCOUNTS": {"shop": {**SHOP, "BASE_URL": other.url}},
    }
    return own.sandbox.ledger, other.sandbox.ledger


@pytest.mark.django_db(transaction=True)
class TestTwoServices:
    def test_a_message_goes_to_its_own(self, two_sandboxes):
        own, other = two_sandboxes
        first = send(Sms(to=phone(77), text="Hi"))
        second = send(Sms(to=phone(78), text="Hi"), account="shop")
        assert (list(own.entries), list(other.entries)) == ([first.smsbat_id], [second.smsbat_id])
        assert (second.account, second.sender) == ("shop", "TheShop")

    def test_one_run_of_the_workers_serves_both(self, two_sandboxes):
        own, other = two_sandboxes
        send_many([Sms(to=phone(77), text="Hi")], queue=True)
        send_many([Sms(to=phone(78), text="Hi")], queue=True, account="shop")
        assert worker.submit_queued().taken == 2
        assert (len(own.entries), len(other.entries)) == (1, 1)

    def test_each_is_asked_about_its_own(self, two_sandboxes):
        messages = [
            send(Sms(to=phone(77), text="Hi"), account=name) for name in conf.current().accounts
        ]
        Message.objects.update(next_poll_at=NOON)
        assert poller.sync().requests == 2
        assert {Message.objects.get(pk=one.pk).status for one in messages} == {"delivered"}

    @pytest.mark.parametrize("concurrency", [1, 4])
    def test_wrong_credentials_of_one_do_not_keep_the_other_from_sending(
        self, two_sandboxes, settings, concurrency
    ):
        if concurrency > 1 and connections["default"].vendor == "sqlite":
            pytest.skip("SQLite in memory locks whole tables between threads")
        settings.SMSBAT = {**settings.SMSBAT, "API_KEY": "wrong", "CONCURRENCY": concurrency}
        send(Sms(to=phone(77), text="Hi"), queue=True)
        send(Sms(to=phone(78), text="Hi"), queue=True, account="shop")
        done = worker.submit_queued()
        assert (done.taken, done.failure.startswith("the credentials")) == (1, True)

    @pytest.fixture
    def bare(self, two_sandboxes, settings):
        """A third account, without credentials."""
        accounts = {**settings.SMSBAT["ACCOUNTS"], "bare": {}}
        settings.SMSBAT = {**settings.SMSBAT, "ACCOUNTS": accounts}

    @pytest.mark.usefixtures("bare")
    def test_neither_does_an_account_without_credentials(self):
        send(Sms(to=phone(77), text="Hi"), queue=True)
        done = worker.submit_queued()
        assert done.taken == 1
        assert done.failure.startswith("account bare: ")
        assert "API_KEY" in done.failure
        assert "bare" in poller.sync().failure

    @pytest.mark.usefixtures("bare")
    def test_who_sends_by_one_without_credentials_is_told_before_anything_is_stored(self):
        with pytest.raises(ImproperlyConfigured, match="bare"):
            send(Sms(to=phone(77), text="Hi", sender="Shop"), account="bare")
        assert not Message.objects.exists()

    def test_a_client_that_is_given_needs_no_credentials(self, settings, clock):
        settings.SMSBAT = {"ACCOUNTS": {"bare": {}}}
        assert poller.sync(client=ScriptedClient(), clock=clock).failure == ""
        assert worker.submit_queued(client=ScriptedClient(), clock=clock).failure == ""

    def test_where_none_can_be_reached_that_is_said_at_once(self, settings):
        settings.SMSBAT = {"ACCOUNTS": {"bare": {}}}
        for work in (worker.submit_queued, poller.sync):
            with pytest.raises(ImproperlyConfigured, match="bare"):
                work()

    def test_a_campaign_goes_by_its_account(self, two_sandboxes, people, campaign):
        people(77)
        draft = campaign(account="shop")
        lifecycle.launch(draft)
        worker.submit_queued()
        assert [len(ledger.entries) for ledger in two_sandboxes] == [0, 1]
        draft.refresh_from_db()
        assert (draft.status, draft.messages.get().sender) == ("sent", "TheShop")

    def test_so_does_its_test_message(self, two_sandboxes, campaign):
        sample_send.send_to(phone(77), campaign(account="shop"), None)
        assert [len(ledger.entries) for ledger in two_sandboxes] == [0, 1]

    def test_a_limit_holds_for_all_together(self, two_sandboxes):
        for account in ("default", "shop"):
            send_many([Sms(to=phone(n), text="Hi") for n in (11, 12)], queue=True, account=account)
        assert worker.submit_queued(limit=3).taken == 3


@pytest.mark.django_db
@pytest.mark.usefixtures("shop")
class TestHoldbacks:
    def test_one_that_asks_to_be_left_alone_holds_back_itself_only(self, queued, clock):
        mine, theirs = queued(77), queued(78, account="shop")
        Backoff.objects.create(
            name=backoff.of(backoff.SEND, "shop"), not_before=NOON + timedelta(hours=1)
        )
        client = ScriptedClient(sends=[answer_by_phone()])
        done = worker.submit_queued(client=client, clock=clock)
        mine.refresh_from_db()
        theirs.refresh_from_db()
        assert (mine.status, theirs.status) == ("accepted", "queued")
        assert done.failure == "account shop: SMSBAT is left alone for 3600 more seconds"

    def test_a_refusal_is_remembered_under_the_account(self, queued, clock):
        queued(78, account="shop")
        worker.submit_queued(
            client=ScriptedClient(sends=[ErrorKind.THROTTLED, answer_by_phone()]), clock=clock
        )
        assert list(Backoff.objects.values_list("name", flat=True)) == ["send:shop"]

    def test_who_must_wait_lets_the_others_go_first(self, queued, clock):
        queued(77)
        theirs = queued(78, account="shop")
        Backoff.objects.create(name="send", not_before=NOON + timedelta(seconds=50))
        moments = []
        client = ScriptedClient(
            sends=[answer_by_phone(), answer_by_phone()],
            before_send=lambda messages: moments.append((messages[0].to, clock.now())),
        )
        worker.submit_queued(client=client, clock=clock)
        assert moments[0] == (theirs.to, NOON)
        assert moments[1][1] >= NOON + timedelta(seconds=50)

    def test_where_all_must_wait_they_do(self, queued, clock):
        for account in ("default", "shop"):
            queued(77, account=account)
            name = backoff.of(backoff.SEND, account)
            Backoff.objects.create(name=name, not_before=NOON + timedelta(seconds=50))
        client = ScriptedClient(sends=[answer_by_phone()] * 2)
        assert worker.submit_queued(client=client, clock=clock).taken == 2
        assert sum(clock.slept) == 50

    def test_one_that_takes_long_lets_the_others_have_their_turn(self, queued, clock, settings):
        settings.SMSBAT = {**settings.SMSBAT, "BATCH_SIZE": 1}
        for ending in (11, 12, 13):
            queued(ending)
        queued(78, account="shop")
        client = ScriptedClient(
            sends=[answer_by_phone()] * 4, before_send=lambda _: clock.forward(seconds=6)
        )
        worker.submit_queued(client=client, clock=clock)
        assert client.phones == [phone(11), phone(12), phone(78), phone(13)]

    def test_a_success_forgets_what_its_own_account_was_asked_and_no_other(self, queued, clock):
        for name in ("send", "send:shop"):
            Backoff.objects.create(name=name, not_before=NOON - timedelta(seconds=1), refusals=1)
        queued(77)
        worker.submit_queued(client=ScriptedClient(sends=[answer_by_phone()]), clock=clock)
        assert dict(Backoff.objects.values_list("name", "refusals")) == {"send": 0, "send:shop": 1}

    def test_status_requests_likewise(self, queued, clock):
        sent = {"status": "accepted", "smsbat_id": "a", "next_poll_at": NOON, "attempts": 1}
        message = queued(78, account="shop", **sent)
        Backoff.objects.create(
            name=backoff.of(backoff.STATUS, "shop"), not_before=NOON + timedelta(hours=1)
        )
        assert poller.sync(client=ScriptedClient(), clock=clock).failure.startswith(
            "account shop: "
        )
        Backoff.objects.all().delete()
        client = ScriptedClient(statuses={"a": report("a", "delivered")})
        poller.sync(client=client, clock=clock)
        message.refresh_from_db()
        assert message.status == "delivered"
        assert StatusEvent.objects.get(source="poll").account == "shop"


@pytest.mark.django_db
@pytest.mark.usefixtures("shop")
class TestReports:
    """SMSBAT's ids are unique within one account: another account may use the same id."""

    @pytest.fixture
    def twins(self, queued, clock):
        both = [queued(77), queued(78, account="shop")]
        client = ScriptedClient(sends=[self.same_id, self.same_id])
        worker.submit_queued(client=client, clock=clock)
        return both

    @staticmethod
    def same_id(messages):
        answer = answer_by_phone()(messages)
        for result in answer.results.values():
            result.message_id = "the-same"
        return answer

    def told(self, account, status=Status.DELIVERED):
        told = Report(
            source=Source.CALLBACK,
            status=status,
            raw_status=status.value,
            smsbat_id="the-same",
            account=account,
            occurred_at=NOON,
        )
        return recorder.record([told], NOON)

    @pytest.mark.parametrize("place", [0, 1])
    def test_a_callback_moves_the_message_of_its_own_account(self, twins, place):
        self.told(("default", "shop")[place])
        statuses = [Message.objects.get(pk=one.pk).status for one in twins]
        assert statuses[place] == "delivered"
        assert statuses[1 - place] == "accepted"

    def test_the_same_words_of_two_accounts_are_two_reports(self, twins):
        self.told("default")
        self.told("shop")
        assert {Message.objects.get(pk=one.pk).status for one in twins} == {"delivered"}

    def test_one_that_came_early_waits_for_the_message_of_its_account(self, queued, clock):
        self.told("shop")
        queued(77)
        theirs = queued(78, account="shop")
        client = ScriptedClient(sends=[self.same_id, self.same_id])
        worker.submit_queued(client=client, clock=clock)
        assert StatusEvent.objects.get(source="callback").message == theirs

    def test_one_of_another_account_that_came_early_hides_none(self, queued, clock):
        self.told("shop")
        self.told("default")
        mine = queued(77)
        client = ScriptedClient(sends=[self.same_id])
        worker.submit_queued(client=client, clock=clock)
        found = StatusEvent.objects.filter(source="callback").order_by("pk")
        assert [event.message for event in found] == [None, mine]

    def test_one_that_was_stored_in_the_same_moment_is_matched_to_its_account(self, twins):
        theirs = twins[1]
        self.told("shop")
        StatusEvent.objects.filter(source="callback")._raw_delete("default")
        StatusEvent.objects.bulk_create(
            [
                StatusEvent(
                    smsbat_id="the-same",
                    account=account,
                    status="read",
                    raw_status="read",
                    source="callback",
                    occurred_at=NOON,
                    recorded_at=NOON,
                    fingerprint=fingerprint,
                )
                for account, fingerprint in (
                    ("shop", "00000000-0000-5000-8000-000000000001"),
                    ("elsewhere", "00000000-0000-5000-8000-000000000002"),
                )
            ]
        )
        assert orphans.match(NOON) == 1
        theirs.refresh_from_db()
        assert theirs.status == "read"
        assert StatusEvent.objects.orphans().get().account == "elsewhere"


@pytest.mark.django_db
class TestSettings:
    def test_one_account_needs_no_word_of_it(self, queued):
        assert list(conf.current().accounts) == ["default"]
        assert queued().account == "default"

    @pytest.mark.usefixtures("shop")
    def test_an_account_has_its_own_credentials_sender_and_secrets(self, settings):
        shop = conf.current().accounts["shop"]
        assert (shop.api_key, shop.sender, shop.webhook_secrets) == ("shop-key", "TheShop", ())
        settings.SMSBAT = {**settings.SMSBAT, "ACCOUNTS": {"bare": {}}}
        bare = conf.current().accounts["bare"]
        assert (bare.api_key, bare.sender, bare.base_url) == ("", "", "http://127.0.0.1:9")

    def test_where_only_others_have_credentials_there_is_no_default_one(self, settings):
        settings.SMSBAT = {"BASE_URL": "https://sms.example.com", "ACCOUNTS": {"shop": SHOP}}
        assert list(conf.current().accounts) == ["shop"]
        with pytest.raises(InvalidMessage, match="no account of the settings; there are shop"):
            send(Sms(to=phone(77), text="Hi", sender="Shop"))

    def test_they_may_come_from_the_environment_as_json(self, settings, monkeypatch):
        monkeypatch.setenv("SMSBAT_ACCOUNTS", '{"shop": {"API_KEY": "k", "SEND_RATE": 5}}')
        settings.SMSBAT = {**settings.SMSBAT}  # reload the settings now, and again on undo
        assert conf.current().accounts["shop"].send_rate == 5

    @pytest.mark.parametrize(
        ("accounts", "words"),
        [
            ({"default": {}}, "is no name for an account"),
            ({"Big Shop": {}}, "is no name for an account"),
            ({"shop": []}, "'shop' must be a dict"),
            ({"shop": {"TIMEOUT": 3}}, "'shop' has 'TIMEOUT'; an account may have BASE_URL"),
            ({"shop": {"SEND_RATE": -1}}, "'shop': SEND_RATE must be a number from 0.01"),
            ([], "must be a dict of accounts by name"),
        ],
    )
    def test_a_mistake_is_named(self, settings, accounts, words):
        settings.SMSBAT = {**settings.SMSBAT, "ACCOUNTS": accounts}
        with pytest.raises(ImproperlyConfigured, match=words):
            conf.current()

    def test_their_keys_are_shown_by_no_repr(self, settings):
        secret = {**SHOP, "WEBHOOK_SECRETS": ["hidden-secret"], "PASSWORD": "hidden-password"}
        settings.SMSBAT = {**settings.SMSBAT, "ACCOUNTS": {"shop": secret}}
        shown = f"{conf.current()!r} {conf.current().accounts!r}"
        assert not any(word in shown for word in ("shop-key", "hidden"))

    @pytest.mark.parametrize(
        ("shop", "check"),
        [
            ({**SHOP, "API_KEY": ""}, "smsbat.E002"),
            ({**SHOP, "BASE_URL": ""}, "smsbat.E003"),
            ({**SHOP, "BASE_URL": "http://sms.example.com"}, "smsbat.E004"),
            ({**SHOP, "WEBHOOK_SECRETS": []}, "smsbat.W001"),
            ({**SHOP, "WEBHOOK_SECRETS": ["a-secret-for-the-tests-only"]}, "smsbat.E010"),
        ],
    )
    def test_each_account_is_checked(self, settings, shop, check):
        from django_smsbat.checks.settings import check_settings

        settings.SMSBAT = {**settings.SMSBAT, "ACCOUNTS": {"shop": shop}}
        assert check in [found.id for found in check_settings(None)]

    @pytest.mark.usefixtures("shop")
    def test_an_unknown_account_is_refused_before_anything_is_stored(self):
        with pytest.raises(InvalidMessage) as refused:
            send(Sms(to=phone(77), text="Hi"), account="shpo")
        assert (refused.value.field, Message.objects.count()) == ("account", 0)

    def test_a_client_for_no_account_says_so(self):
        with pytest.raises(ImproperlyConfigured, match="there is no account 'shpo'"):
            clients.client("shpo")


@pytest.mark.django_db
@pytest.mark.usefixtures("shop")
def test_another_account_is_another_campaign_than_the_one_that_was_looked_at(people, campaign):
    people(77)
    draft = campaign(sender="Same")
    seen = preflight.look(draft).fingerprint
    draft.account = "shop"
    draft.save()
    with pytest.raises(lifecycle.ActionNotAllowed, match="what it says has changed"):
        lifecycle.launch(draft, fingerprint=seen)


@pytest.mark.django_db
def test_what_waits_for_an_account_that_was_taken_out_is_told(queued, capsys):
    queued(account="gone")
    queued()
    assert health.look(NOON).unknown_accounts == ["gone"]
    assert not worker.submit_queued(client=ScriptedClient(sends=[answer_by_phone()])).failure
    call_command("smsbat_status")
    assert "the account 'gone'" in capsys.readouterr().out
