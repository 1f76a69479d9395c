"""A retried web request sends once."""

import threading
import time

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction
from django.db.transaction import TransactionManagementError

from django_smsbat import asend, asend_many, send
from django_smsbat.messages import InvalidMessage, Sms, ViberOtp
from django_smsbat.models import IdempotencyKey, Message
from django_smsbat.services.accounts import clients
from django_smsbat.services.retention import purge
from tests.conftest import phone
from tests.support.at_once import at_once
from tests.support.scripted import ScriptedClient, answer_by_phone

HI = Sms(to=phone(77), text="Hi")


@pytest.fixture
def keyed(smsbat):
    def send_it(message=HI, key="order-1-shipped", **options):
        return send(message, idempotency_key=key, **options)

    return send_it


def test_the_same_key_sends_once_and_returns_the_same_message(keyed, smsbat):
    first, second = keyed(), keyed()
    assert (second.pk, second.status) == (first.pk, "accepted")
    assert len(smsbat.outbox) == 1


def test_another_key_is_another_message(keyed, smsbat):
    keyed()
    keyed(key="order-2-shipped")
    assert len(smsbat.outbox) == 2


def test_without_a_key_the_same_words_are_sent_twice(smsbat):
    send(HI)
    send(HI)
    assert len(smsbat.outbox) == 2


def test_what_became_of_it_is_told_whenever_it_is_asked(keyed, smsbat):
    keyed()
    smsbat.let_time_pass()
    assert keyed().status == "delivered"


@pytest.mark.parametrize(
    "other",
    [
        Sms(to=phone(77), text="Bye"),
        Sms(to=phone(78), text="Hi"),
        Sms(to=phone(77), text="Hi", sender="Other"),
        Sms(to=phone(77), text="Hi", ttl=60),
    ],
)
def test_a_key_belongs_to_one_message(keyed, smsbat, other):
    keyed()
    with pytest.raises(InvalidMessage, match="was used for another message") as refused:
        keyed(other)
    assert (refused.value.field, len(smsbat.outbox)) == ("idempotency_key", 1)


@pytest.mark.parametrize("key", ["", "x" * 129, "a\nb", 7])
def test_what_is_no_key_is_refused_before_anything_is_stored(keyed, key):
    with pytest.raises(InvalidMessage, match="1 to 128 printable characters") as refused:
        keyed(key=key)
    assert refused.value.field == "idempotency_key"
    assert not Message.objects.exists()


def test_keys_are_told_apart_letter_by_letter(keyed, smsbat):
    keyed(key="order-a")
    keyed(key="ORDER-A")
    assert len(smsbat.outbox) == 2


def test_one_that_could_not_leave_leaves_with_the_next_try(keyed, smsbat):
    smsbat.fail_next("unauthorized")
    assert keyed().status == "queued"
    assert keyed().status == "accepted"
    assert len(smsbat.outbox) == 1


def test_one_in_doubt_is_not_sent_again(keyed, smsbat):
    smsbat.fail_next("timed_out")
    assert [keyed().status for _ in range(2)] == ["unconfirmed", "unconfirmed"]
    assert len(smsbat.outbox) == 1


def test_queued_it_waits_for_the_workers_once(keyed, smsbat):
    keyed(queue=True)
    keyed(queue=True)
    assert smsbat.run_workers().taken == 1


def test_it_is_known_as_long_as_the_message_is(keyed, smsbat):
    purge.remove([keyed().pk])
    assert not IdempotencyKey.objects.exists()
    keyed()
    assert len(smsbat.outbox) == 2


def test_it_holds_for_messages_with_data(keyed, smsbat):
    otp = ViberOtp(
        to=phone(77), template_id="basic", template_lang="uk", template_params={"pin": "1234"}
    )
    assert keyed(otp).pk == keyed(otp).pk


def test_a_key_may_be_long(keyed, smsbat):
    assert keyed(key="x" * 128).pk == keyed(key="x" * 128).pk


def test_data_in_another_order_is_the_same_message(keyed, smsbat):
    def code(**params):
        return ViberOtp(
            to=phone(77), template_id="business_name", template_lang="uk", template_params=params
        )

    first = keyed(code(pin="1234", business_platform_name="Acme"))
    assert keyed(code(business_platform_name="Acme", pin="1234")).pk == first.pk


def test_another_default_sender_meanwhile_makes_no_other_message(keyed, settings):
    first = keyed()
    settings.SMSBAT = {**settings.SMSBAT, "SENDER": "NewName"}
    assert keyed().pk == first.pk


def test_what_was_said_cannot_be_tried_out_on_what_is_kept(keyed, settings):
    keyed()
    before = IdempotencyKey.objects.get().fingerprint
    IdempotencyKey.objects.all().delete()
    settings.SECRET_KEY = "another one"
    keyed()
    assert IdempotencyKey.objects.get().fingerprint != before


def test_after_a_change_of_the_secret_key_it_still_holds(keyed, settings):
    first = keyed()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another one"
    assert keyed().pk == first.pk


def test_a_retry_asks_the_database_once(keyed, django_assert_num_queries):
    keyed()
    with django_assert_num_queries(1):
        keyed()


def test_what_is_misconfigured_is_said_before_a_key_is_used(db, settings):
    settings.SMSBAT = {**settings.SMSBAT, "API_KEY": "", "RUNNER": "none"}
    with pytest.raises(ImproperlyConfigured):
        send(HI, idempotency_key="k")
    assert not Message.objects.exists()
    assert send(HI, idempotency_key="k", queue=True).status == "queued"


@pytest.mark.django_db(transaction=True)
class TestForReal:
    @pytest.fixture(autouse=True)
    def _service(self):
        self.client = ScriptedClient(sends=[answer_by_phone() for _ in range(20)])
        with clients.replaced_by(lambda account: self.client):
            yield

    def test_a_rollback_gives_the_key_back(self):
        with pytest.raises(RuntimeError), transaction.atomic():
            send(HI, idempotency_key="k")
            raise RuntimeError
        assert send(HI, idempotency_key="k").status == "accepted"
        assert len(self.client.sent) == 1

    def test_inside_a_transaction_it_leaves_once_after_the_commit(self):
        with transaction.atomic():
            first = send(HI, idempotency_key="k")
            second = send(HI, idempotency_key="k")
            assert (first.pk, self.client.sent) == (second.pk, [])
        assert len(self.client.sent) == 1

    @pytest.mark.slow
    def test_of_many_who_ask_at_once_one_sends(self):
        if connections["default"].vendor == "sqlite":
            pytest.skip("SQLite in memory locks whole tables between threads")
        keys = []
        at_once(*[lambda: keys.append(send(HI, idempotency_key="k").pk)] * 8)
        assert (len(keys), len(set(keys)), len(self.client.sent)) == (8, 1, 1)

    @pytest.mark.slow
    def test_when_the_first_rolls_back_one_of_the_others_sends(self):
        if connections["default"].vendor == "sqlite":
            pytest.skip("SQLite in memory locks whole tables between threads")
        keys, stored = [], threading.Event()

        def roll_back():
            with transaction.atomic():
                send(HI, idempotency_key="k")
                stored.set()
                time.sleep(0.2)
                transaction.set_rollback(True)

        def ask():
            stored.wait(30)
            keys.append(send(HI, idempotency_key="k").pk)

        at_once(roll_back, *[ask] * 4)
        assert (len(keys), len(set(keys)), len(self.client.sent)) == (4, 1, 1)

    def test_without_autocommit_nothing_leaves_that_could_be_rolled_back(self):
        connections["default"].set_autocommit(False)
        try:
            for options in ({}, {"idempotency_key": "k"}, {"queue": True}):
                with pytest.raises(TransactionManagementError, match="autocommit is off"):
                    send(HI, **options)
        finally:
            connections["default"].rollback()
            connections["default"].set_autocommit(True)
        assert (Message.objects.count(), self.client.sent) == (0, [])

    def test_what_was_removed_before_the_commit_stops_nothing_that_follows_it(self):
        followed = []
        with transaction.atomic():
            send(HI)
            transaction.on_commit(lambda: followed.append(1))
            Message.objects.all().delete()
        assert followed == [1]

    def test_asynchronous_code_sends_without_blocking(self):
        import asyncio

        async def work():
            one = await asend(HI, idempotency_key="k")
            again = await asend(HI, idempotency_key="k")
            many = await asend_many([HI, Sms(to=phone(78), text="Hi")])
            await sync_to_async(connections.close_all)()
            return [one, again, *many]

        sent = asyncio.run(work())
        assert [message.status for message in sent] == ["accepted"] * 4
        assert sent[0].pk == sent[1].pk

    def test_it_queues_and_takes_an_account_like_the_others(self, settings):
        import asyncio

        settings.SMSBAT = {**settings.SMSBAT, "ACCOUNTS": {"shop": {"SENDER": "TheShop"}}}
        options = {"queue": True, "account": "shop"}

        async def work():
            one = await asend(HI, **options)
            [other] = await asend_many([HI], **options)
            await sync_to_async(connections.close_all)()
            return [one, other]

        sent = asyncio.run(work())
        assert [(one.status, one.account) for one in sent] == [("queued", "shop")] * 2
        assert self.client.sent == []

    def test_asynchronous_code_verifies_phones(self):
        import asyncio

        from django_smsbat import verification

        async def work():
            started = await verification.astart(phone(77), "sms")
            code = self.client.sent[0][0].content.text[-6:]
            checked = await verification.acheck(started.id, code)
            proved = await verification.atake(checked.proof)
            await sync_to_async(connections.close_all)()
            return checked, proved

        checked, proved = asyncio.run(work())
        assert (bool(checked), proved) == (True, phone(77))
