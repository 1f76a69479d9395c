"""Incoming messages are stored once, with their sender and the message they answer."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_smsbat.messages import InvalidMessage
from django_smsbat.models import InboundMessage, Message, Recipient
from django_smsbat.services.consent import changes
from django_smsbat.services.inbound import inbox, replies
from django_smsbat.services.inbound import receive as inbound
from django_smsbat.services.inbound.conversations import conversation
from django_smsbat.services.inbound.receive import Incoming
from django_smsbat.services.retention import erase
from django_smsbat.services.sending import worker
from django_smsbat.signals import inbound_received
from tests.conftest import NOON, listening, phone
from tests.support.scripted import ScriptedClient, answer_by_phone

pytestmark = pytest.mark.django_db
TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def written(id_uuid="u-1", raw_phone="380670000077", text="Is it open?", received_at=NOON):
    return Incoming(
        id_uuid=id_uuid,
        alpha_name="AcmeShop",
        phone=raw_phone,
        text=text,
        received_at=received_at,
        payload={"idUuid": id_uuid},
    )


def test_it_is_linked_to_who_wrote_it_and_to_the_last_message_they_got(people, queued):
    recipient = people(77)[0]
    queued(77)
    last = queued(77)
    queued(78)
    assert inbound.receive(written())
    stored = InboundMessage.objects.get()
    assert (stored.phone, stored.recipient, stored.in_reply_to) == (phone(77), recipient, last)


@pytest.mark.django_db(transaction=True)
def test_a_sign_of_life_that_cannot_be_written_loses_no_message(no_signs_of_life, caplog):
    assert inbound.receive(written())
    assert InboundMessage.objects.count() == 1
    assert "database is locked" in caplog.text


def test_the_same_message_twice_is_stored_once_and_announced_once(
    django_capture_on_commit_callbacks,
):
    heard = []

    def listen(inbound, sender, **_):
        assert sender is InboundMessage
        heard.append(inbound.text)

    with (
        listening(listen, inbound_received, sender=InboundMessage),
        django_capture_on_commit_callbacks(execute=True),
    ):
        assert inbound.receive(written())
        assert not inbound.receive(written(text="again"))
    assert (InboundMessage.objects.count(), heard) == (1, ["Is it open?"])


def test_a_stranger_becomes_a_recipient(db):
    inbound.receive(written())
    assert InboundMessage.objects.get().recipient == Recipient.objects.get(phone=phone(77))


@pytest.mark.parametrize("region", ["UA", "IT", "DE", "AT", "US", "ID"])
@pytest.mark.parametrize("raw", ["380670000077", "+380670000077"])
def test_a_callback_number_is_international_in_every_region(db, settings, raw, region):
    settings.SMSBAT = {**settings.SMSBAT, "DEFAULT_REGION": region}
    inbound.receive(written(raw_phone=raw, text="STOP"))
    assert Recipient.objects.exclude(opted_out_at=None).get().phone == phone(77)


def test_a_national_number_in_a_callback_opts_out_no_one(db):
    inbound.receive(written(raw_phone="0670000077", text="STOP"))
    assert InboundMessage.objects.get().phone == "0670000077"
    assert not Recipient.objects.exists()


@pytest.mark.parametrize("raw", ["+123", "4040", "Viber", "+"])
def test_what_is_no_phone_is_kept_as_it_came(db, raw):
    inbound.receive(written(raw_phone=raw))
    stored = InboundMessage.objects.get()
    assert (stored.phone, stored.recipient) == (raw, None)


def test_neither_text_nor_phone_is_shown_by_its_repr(db):
    inbound.receive(written())
    shown = repr(written()) + repr(InboundMessage.objects.get())
    assert "open" not in shown
    assert phone(77) not in shown


def test_a_callback_takes_two_statements_and_two_more_from_an_unknown_phone(people, queued):
    def statements(**fields):
        with CaptureQueriesContext(connection) as captured:
            inbound.receive(written(**fields))
        return len([q for q in captured if not q["sql"].startswith(TRANSACTION)])

    people(77)
    queued(77)
    inbound.receive(written("u-0"))  # the first in a process writes a heartbeat
    assert statements(id_uuid="u-1") == 2
    assert statements(id_uuid="u-1") == 1  # known
    inbound.receive(written("u-2", raw_phone="380670000079"))  # the hour's first unknown sender
    assert statements(id_uuid="u-3", raw_phone="380670000078") == 4  # counted, and a new recipient
    assert statements(id_uuid="u-4", raw_phone="+123") == 3


def test_a_known_id_from_another_phone_is_known_all_the_same():
    assert inbound.receive(written())
    assert not inbound.receive(written(raw_phone="380670000078"))
    assert InboundMessage.objects.count() == Recipient.objects.count() == 1


def test_who_was_erased_and_writes_again_is_known_again_and_stays_opted_out(people):
    people(77)
    erase.erase(phone(77), NOON)
    inbound.receive(written())
    assert Recipient.objects.get().opted_out_at == NOON
    inbound.receive(written("u-2", text="START"), NOON)
    assert Recipient.objects.get().opted_out_at == NOON  # any holder of the secret could send it
    changes.opt_in(Recipient.objects.get(), now=NOON)
    assert Recipient.objects.get().opted_out_at is None


class TestConversation:
    @pytest.fixture
    def talk(self, people, queued):
        people(77)
        queued(77, text="Sale!", status="delivered")
        Message.objects.update(created_at=NOON - timedelta(minutes=5))
        inbound.receive(written())
        queued(78, text="not theirs")
        return InboundMessage.objects.get()

    def test_both_directions_stand_in_one_thread_in_one_query(
        self, talk, django_assert_num_queries
    ):
        with django_assert_num_queries(1):
            thread = conversation(phone(77))
        told = [(entry.is_incoming, entry.text, entry.status) for entry in thread]
        assert told == [(False, "Sale!", "delivered"), (True, "Is it open?", "")]

    def test_each_says_when_and_which_it_was(self, talk):
        sent, received = conversation(phone(77))
        message = Message.objects.get(to=phone(77))
        assert (sent.at, sent.type, sent.pk) == (message.created_at, "sms", message.pk)
        assert (received.at, received.type, received.pk) == (NOON, "", talk.pk)

    def test_of_the_same_moment_the_later_row_comes_last(self, queued):
        keys = [queued(77).pk for _ in range(3)]
        Message.objects.update(created_at=NOON)
        assert [entry.pk for entry in conversation(phone(77))] == keys

    def test_only_the_last_are_read(self, talk):
        assert [entry.text for entry in conversation(phone(77), limit=1)] == ["Is it open?"]


class TestReply:
    def reply_to(self, queued, text="Until nine", **sent):
        if sent:
            queued(77, **sent)
        inbound.receive(written())
        return replies.reply(InboundMessage.objects.get(), text, queue=True)

    @pytest.mark.parametrize(
        ("sent", "kind"),
        [
            ({"type": "viber_promo"}, "viber_trans"),
            ({"type": "sms"}, "sms"),
            ({"type": "rcs"}, "rcs"),
            ({"type": "viber_promo", "delivered_by": "sms"}, "sms"),
            ({"type": "flashcall"}, "viber_trans"),
            ({}, "viber_trans"),
        ],
    )
    def test_it_goes_by_the_channel_on_which_they_wrote(self, queued, sent, kind):
        answer = self.reply_to(queued, **sent)
        assert (answer.type, answer.to, answer.sender) == (kind, phone(77), "AcmeShop")
        assert (answer.text, answer.status) == ("Until nine", "queued")
        assert InboundMessage.objects.get().answer == answer

    def test_it_reaches_who_has_opted_out_because_they_wrote_first(self, queued, people, clock):
        people(77, opted_out_at=NOON)
        self.reply_to(queued)
        client = ScriptedClient([answer_by_phone()])
        worker.submit_queued(client=client, clock=clock)
        assert client.phones == [phone(77)]

    def test_it_is_looked_at_as_it_will_be_sent(self, queued):
        sent = self.reply_to(queued)
        draft = replies.draft_of(InboundMessage.objects.get(), "Until nine")
        assert (draft.type, draft.sender, draft.text) == (sent.type, sent.sender, sent.text)
        assert draft.is_transactional

    def test_it_goes_by_the_account_to_which_they_wrote(self, settings):
        settings.SMSBAT = {**settings.SMSBAT, "ACCOUNTS": {"shop": {"SENDER": "TheShop"}}}
        inbound.receive(replace(written(), account="shop"))
        stored = InboundMessage.objects.get()
        assert replies.draft_of(stored, "Hi").account == "shop"
        assert replies.reply(stored, "Hi", queue=True).account == "shop"

    @pytest.mark.parametrize(
        ("sent", "lately"),
        [
            ({}, True),
            ({"text": "Other"}, False),
            ({"to": phone(78)}, False),
            ({"created_at": NOON - timedelta(minutes=1)}, False),
            ({"status": "failed"}, False),
        ],
    )
    def test_a_second_click_is_known_by_what_was_just_sent_there(self, queued, sent, lately):
        made = queued(77, text="Hi")
        Message.objects.filter(pk=made.pk).update(**{"created_at": NOON, **sent})
        assert replies.was_sent_lately(phone(77), "Hi", NOON) is lately

    def test_what_a_campaign_sent_was_no_click(self, queued, campaign):
        queued(77, text="Hi", campaign=campaign(status="sending"))
        assert not replies.was_sent_lately(phone(77), "Hi")

    def test_where_no_words_are_named_any_will_do(self, queued):
        queued(77, text="Hi")
        assert replies.was_sent_lately(phone(77))
        assert not replies.was_sent_lately(phone(78))

    def test_what_cannot_be_sent_is_said_before_anything_is_stored(self, queued):
        with pytest.raises(InvalidMessage, match="text"):
            self.reply_to(queued, text="")
        assert not Message.objects.exists()

    def test_it_goes_at_once_unless_it_is_to_be_queued(
        self, sandbox, django_capture_on_commit_callbacks
    ):
        inbound.receive(written())
        with django_capture_on_commit_callbacks(execute=True):
            answer = replies.reply(InboundMessage.objects.get(), "Hi")
        assert Message.objects.get(pk=answer.pk).status == "accepted"

    def test_a_phone_that_is_none_cannot_be_answered(self):
        inbound.receive(written(raw_phone="+123"))
        with pytest.raises(InvalidMessage, match="to"):
            replies.reply(InboundMessage.objects.get(), "Hi")


class TestProbableOptOuts:
    def is_flagged(self, text="Не пишіть мені більше", **fields):
        inbound.receive(written(text=text, **fields))
        return InboundMessage.objects.order_by("-pk").first().may_be_opt_out

    def test_a_message_that_may_ask_to_opt_out_is_flagged_and_changes_nothing(self, people):
        people(77)
        assert self.is_flagged()
        assert Recipient.objects.get().opted_out_at is None

    def test_a_new_sender_is_flagged_and_becomes_a_recipient(self):
        assert self.is_flagged()
        assert InboundMessage.objects.get().recipient == Recipient.objects.get()

    @pytest.mark.parametrize("text", ["STOP", "START", "Is it open?"])
    def test_keywords_and_ordinary_messages_are_not_flagged(self, people, text):
        people(77)
        assert not self.is_flagged(text)

    def test_a_recipient_who_has_opted_out_is_not_flagged(self, people):
        people(77, opted_out_at=NOON)
        assert not self.is_flagged()

    def test_a_sender_who_was_erased_is_not_flagged(self, people):
        people(77)
        erase.erase(phone(77), NOON)
        assert not self.is_flagged()

    def test_a_sender_without_a_phone_is_not_flagged(self):
        assert not self.is_flagged(raw_phone="4040")

    def test_a_flag_costs_no_statement(self, people):
        people(77)
        inbound.receive(written("u-0"))  # the first in a process writes a heartbeat
        with CaptureQueriesContext(connection) as captured:
            assert inbound.receive(written(text="Не пишіть мені більше"))
        assert len([q for q in captured if not q["sql"].startswith(TRANSACTION)]) == 2

    @pytest.mark.parametrize("keyword", ["STOP", "START"])
    def test_a_later_keyword_clears_the_flag(self, keyword):
        self.is_flagged()
        inbound.receive(written("u-2", text=keyword, received_at=NOON + timedelta(minutes=1)))
        assert not InboundMessage.objects.filter(may_be_opt_out=True).exists()

    def test_an_earlier_keyword_that_arrives_late_does_not_clear_it(self):
        self.is_flagged()
        inbound.receive(written("u-2", text="START", received_at=NOON - timedelta(minutes=1)))
        assert InboundMessage.objects.get(id_uuid="u-1").may_be_opt_out

    def test_the_flags_of_other_senders_stay(self):
        self.is_flagged()
        inbound.receive(written("u-2", raw_phone="380670000078", text="STOP"))
        assert InboundMessage.objects.get(id_uuid="u-1").may_be_opt_out

    def test_the_index_finds_them(self):
        if connection.vendor != "sqlite":
            pytest.skip("other planners read a small table whole")
        plan = inbox.probable_opt_outs(InboundMessage.objects.order_by()).explain()
        assert "smsbat_in_opt_out" in plan
