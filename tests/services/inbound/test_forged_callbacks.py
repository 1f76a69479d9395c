"""What a caller with one account's webhook secret can and cannot do."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest

from django_smsbat.gateway.statuses import Status
from django_smsbat.models import (
    ConsentChange,
    ConsentSource,
    InboundMessage,
    Message,
    Recipient,
    RecipientList,
    StatusEvent,
)
from django_smsbat.services.callback_limits import LimitReached
from django_smsbat.services.consent import changes, imports, suppression
from django_smsbat.services.consent.changes import ConsentReason
from django_smsbat.services.consent.imports import ImportedChange
from django_smsbat.services.inbound import receive
from django_smsbat.services.monitoring import health
from django_smsbat.services.retention import erase
from django_smsbat.services.retention import purge as purging
from django_smsbat.services.tracking import recorder
from django_smsbat.services.tracking.events import Report
from tests.conftest import NOON, phone
from tests.services.inbound.test_receive import written

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=2)


@pytest.fixture(autouse=True)
def _two_accounts(settings):
    shop = {"API_KEY": "k", "SENDER": "TheShop", "WEBHOOK_SECRETS": ["the-secret-of-the-shop"]}
    settings.SMSBAT = {
        **settings.SMSBAT,
        "ACCOUNTS": {"shop": shop},
        "OPT_OUT_CONFIRMATION": "You have opted out",
        "OPT_IN_CONFIRMATION": "You have opted in",
    }


def writes(text, ending=77, account="default", minute=0, **fields):
    """Receive a message from a customer, or a forged callback."""
    incoming = written(
        id_uuid=f"u-{InboundMessage.objects.count()}",
        raw_phone=phone(ending)[1:],
        text=text,
        received_at=NOON + timedelta(minutes=minute),
    )
    return receive.receive(replace(incoming, account=account, **fields), LATER)


def is_out(ending=77):
    return Recipient.objects.get(phone=phone(ending)).opted_out_at is not None


def confirmations():
    return list(Message.objects.filter(text__startswith="You have"))


class TestConfirmations:
    def test_a_phone_that_was_never_written_to_gets_none(self):
        for ending in range(30):
            assert writes("STOP", ending, alpha_name="BankOfEvil")
        assert Recipient.objects.exclude(opted_out_at=None).count() == 30
        assert not Message.objects.exists()

    @pytest.mark.parametrize(
        "sent",
        [
            {"status": "queued"},
            {"status": "sending", "attempts": 1},
            {"status": "cancelled"},
            {"status": "rejected", "submitted_at": NOON},
            {"status": "delivered", "submitted_at": NOON, "account": "shop"},
            {"status": "delivered", "submitted_at": NOON, "to": phone(78)},
        ],
    )
    def test_what_this_account_did_not_send_there_is_no_reason(self, queued, sent):
        queued(77, **sent)
        writes("STOP")
        assert is_out()
        assert not confirmations()

    def test_it_comes_from_the_sender_that_wrote_whatever_the_callback_names(self, queued):
        queued(77, sender="OtherShop", submitted_at=NOON, status="delivered")
        writes("STOP", alpha_name="BankOfEvil")
        [told] = confirmations()
        assert (told.sender, told.account, told.type) == ("OtherShop", "default", "sms")

    def test_a_later_message_that_is_only_queued_changes_no_sender(self, queued):
        queued(77, sender="OtherShop", submitted_at=NOON, status="delivered")
        queued(77, sender="Newer", type="viber_promo")
        writes("STOP")
        assert [(told.sender, told.type) for told in confirmations()] == [("OtherShop", "sms")]

    def test_each_account_confirms_as_itself(self, queued):
        queued(77, sender="AcmeShop", submitted_at=NOON, status="delivered")
        queued(77, sender="TheShop", submitted_at=NOON, status="delivered", account="shop")
        writes("STOP", account="shop")
        [told] = confirmations()
        assert (told.sender, told.account) == ("TheShop", "shop")

    def test_an_account_sends_a_limited_number_in_an_hour(self, queued, settings, caplog):
        settings.SMSBAT = {**settings.SMSBAT, "OPT_OUT_CONFIRMATIONS_PER_HOUR": 2}
        for ending in range(5):
            queued(ending, submitted_at=NOON, status="delivered")
            writes("STOP", ending)
        assert len(confirmations()) == 2
        assert Recipient.objects.exclude(opted_out_at=None).count() == 5
        assert ConsentChange.objects.filter(confirmed=True).count() == 2
        found = health.look(LATER)
        assert found.withheld_confirmations == 3
        assert any("3 confirmations were not sent" in told for told in found.problems)
        assert caplog.text.count("OPT_OUT_CONFIRMATIONS_PER_HOUR is used up") == 1


class TestOptingIn:
    """A keyword undoes opt-outs by keyword to the same account, and nothing else."""

    def test_on_the_same_account_it_does(self):
        writes("STOP")
        writes("START", minute=1)
        assert not is_out()

    def test_on_another_account_it_does_not(self):
        writes("STOP")
        writes("START", account="shop", minute=1)
        assert is_out()
        writes("START", minute=2)
        assert not is_out()

    @pytest.mark.parametrize("order", [1, -1])
    def test_who_opted_out_on_two_accounts_opts_in_on_both(self, order):
        first, second = ("default", "shop")[::order]
        writes("STOP", account="default")
        writes("STOP", account="shop", minute=1)
        writes("START", account=first, minute=2)
        assert is_out()
        writes("START", account=second, minute=3)
        assert not is_out()

    @pytest.mark.parametrize("keyword_minute", [0, 10])
    def test_an_opt_out_by_a_person_holds(self, people, keyword_minute):
        [person] = people(77)
        said = ConsentReason(source=ConsentSource.PERSON, at=NOON + timedelta(minutes=5))
        writes("STOP", minute=keyword_minute)
        changes.opt_out(person, said, LATER)
        writes("START", minute=20)
        assert is_out()

    def test_an_opt_out_from_a_file_holds(self, people):
        [person] = people(77)
        change = ImportedChange(person.pk, is_opt_out=True, at=NOON, reason="crm.csv")
        imports.record([change], "olena", LATER)
        writes("START", minute=5)
        assert is_out()

    @pytest.mark.parametrize("minute", [-5, 5])
    def test_an_opt_out_that_code_has_set_holds(self, people, minute):
        people(77, opted_out_at=NOON)
        writes("START", minute=minute)
        assert is_out()

    def test_an_erasure_holds(self, people):
        people(77)
        erase.erase(phone(77), NOON)
        writes("STOP", minute=1)
        writes("START", minute=2)
        assert is_out()
        assert suppression.since(phone(77)) == NOON

    def test_a_suppression_holds_though_the_recipient_was_made_anew(self):
        suppression.suppress(phone(77), NOON)
        Recipient.objects.create(phone=phone(77))
        writes("STOP", minute=1)
        writes("START", minute=2)
        assert is_out()

    def test_a_person_on_this_site_may_undo_all_of_it(self, people):
        [person] = people(77)
        writes("STOP")
        writes("STOP", account="shop", minute=1)
        changes.opt_out(person, ConsentReason(at=NOON + timedelta(minutes=2)), LATER)
        assert changes.opt_in(person, ConsentReason(at=NOON + timedelta(minutes=3)), LATER)
        writes("STOP", minute=4)
        writes("START", minute=5)
        assert not is_out()

    def test_a_start_elsewhere_does_not_outdate_an_opt_out_that_arrives_late(self):
        writes("START", account="shop", minute=9)
        writes("STOP", minute=5)
        assert is_out()

    def test_nor_one_that_a_file_or_a_person_tells_of_later(self, people):
        for ending in (77, 78):
            people(ending)
            writes("START", ending, minute=9)
        one, two = Recipient.objects.order_by("phone")
        change = ImportedChange(one.pk, is_opt_out=True, at=NOON, reason="crm.csv")
        imports.record([change], "olena", LATER)
        changes.opt_out(two, ConsentReason(at=NOON), LATER)
        assert is_out(77)
        assert is_out(78)

    @pytest.mark.parametrize(("account", "is_flagged"), [("shop", True), ("default", False)])
    def test_it_settles_doubtful_messages_to_the_same_account_alone(
        self, people, account, is_flagged
    ):
        people(77)
        writes("Не пишіть мені більше")
        writes("START", account=account, minute=1)
        assert InboundMessage.objects.filter(may_be_opt_out=True).exists() is is_flagged

    def test_the_change_says_which_account_it_was(self):
        writes("STOP", account="shop")
        assert ConsentChange.objects.get().account == "shop"
        changes.opt_in(Recipient.objects.get(), ConsentReason(reason="by phone"), LATER)
        assert ConsentChange.objects.latest("pk").account == ""


class TestIds:
    def test_an_id_of_one_account_does_not_hide_that_of_another(self):
        assert receive.receive(replace(written(text="Hi"), account="shop"), LATER)
        assert receive.receive(written(raw_phone=phone(78)[1:], text="STOP"), LATER)
        assert InboundMessage.objects.count() == 2
        assert is_out(78)

    def test_within_an_account_it_is_stored_once(self):
        shop = replace(written(), account="shop")
        assert [receive.receive(shop, LATER) for _ in range(2)] == [True, False]

    def test_a_report_of_one_account_does_not_hide_that_of_another(self):
        for account in ("shop", "default"):
            report = Report(
                source="callback", status=Status.DELIVERED, raw_status="delivered", smsbat_id="s-1"
            )
            recorder.record([replace(report, account=account)], LATER)
        assert StatusEvent.objects.count() == 2

    def test_a_reply_counts_for_the_account_that_it_was_sent_to(self, queued):
        queued(77, account="shop")
        own = queued(77)
        queued(77, account="shop")
        writes("Hi")
        assert InboundMessage.objects.get().in_reply_to == own


class TestFlood:
    @pytest.fixture(autouse=True)
    def _limits(self, settings):
        limits = {"INBOUND_UNKNOWN_PER_HOUR": 3, "UNKNOWN_REPORTS_PER_HOUR": 3}
        settings.SMSBAT = {**settings.SMSBAT, **limits}

    def flood(self, count=6):
        refused = 0
        for ending in range(count):
            try:
                writes("Hi", 1_000 + ending)
            except LimitReached:
                refused += 1
        return refused

    def test_unknown_phones_are_limited(self, caplog):
        assert self.flood() == 3
        assert InboundMessage.objects.count() == Recipient.objects.count() == 3
        assert health.look(LATER).refused_senders == 3
        assert caplog.text.count("INBOUND_UNKNOWN_PER_HOUR is used up") == 1

    def test_one_unknown_phone_that_writes_often_is_too(self):
        refused = 0
        for _ in range(6):
            try:
                writes("Hi")
            except LimitReached:
                refused += 1
        assert (refused, InboundMessage.objects.count()) == (3, 3)

    def test_what_is_no_phone_is_too(self):
        for place in range(3):
            receive.receive(written(f"v-{place}", raw_phone="Viber"), LATER)
        with pytest.raises(LimitReached):
            receive.receive(written("v-3", raw_phone="Viber"), LATER)

    def test_who_was_written_to_or_is_on_a_list_is_never_limited(self, people, queued):
        people(77)
        queued(78)
        self.flood()
        for number in range(5):
            assert writes("Hi", 77)
            assert writes("Hi", 78)
            assert writes("STOP" if number == 4 else "Hi", 77)
        assert is_out()

    def test_what_one_account_sent_makes_nobody_known_to_another(self, queued):
        queued(78, account="shop")
        self.flood()
        with pytest.raises(LimitReached):
            writes("Hi", 78)

    def test_who_only_wrote_is_known_once_on_a_list(self):
        writes("Hi")
        self.flood()
        RecipientList.objects.create(name="VIP").recipients.add(
            Recipient.objects.get(phone=phone(77))
        )
        assert writes("Hi")

    def test_a_message_that_is_known_is_answered_as_known_beyond_the_limit(self):
        assert receive.receive(written(), LATER)
        self.flood()
        assert not receive.receive(written(), LATER)

    def test_reports_of_unknown_messages_are_limited(self, caplog):
        refused = 0
        for place in range(6):
            try:
                recorder.record([self.report(f"x-{place}")], LATER)
            except LimitReached:
                refused += 1
        assert (refused, StatusEvent.objects.count()) == (3, 3)
        assert health.look(LATER).refused_reports == 3
        assert caplog.text.count("UNKNOWN_REPORTS_PER_HOUR is used up") == 1

    def test_reports_of_known_messages_are_not(self, queued):
        made = queued(77, status="sending", attempts=1)
        accepted = replace(self.report("s-1"), source="submit", message_id=made.pk)
        recorder.record([accepted], LATER)
        for place in range(4):
            with pytest.raises(LimitReached) if place == 3 else nullcontext():
                recorder.record([self.report(f"x-{place}")], LATER)
        for word in ("a", "b", "c", "d"):
            recorder.record([replace(self.report("s-1"), raw_status=word)], LATER)
        assert StatusEvent.objects.filter(message=made).count() == 5

    @staticmethod
    def report(smsbat_id):
        return Report(source="callback", status=Status.SENT, raw_status="sent", smsbat_id=smsbat_id)


class TestPurge:
    def purge(self, clock, **options):
        Recipient.objects.update(created_at=NOON - timedelta(days=40))
        InboundMessage.objects.update(received_at=NOON - timedelta(days=40))
        return purging.purge(NOON - timedelta(days=30), clock, **options)

    @pytest.mark.parametrize("options", [{}, {"keep_rows": True}])
    def test_who_only_wrote_goes_with_their_messages(self, clock, options):
        writes("Hi", 1)
        writes("START", 2)
        assert self.purge(clock, **options).recipients == 2
        assert not Recipient.objects.exists()
        assert not InboundMessage.objects.exists()

    def test_everybody_else_stays(self, clock, people, queued):
        people(1)
        for ending in (1, 2, 3, 4, 5, 6):
            writes("Hi", ending)
        writes("STOP", 7)
        queued(2)
        RecipientList.objects.create(name="VIP").recipients.add(self.person(3))
        Recipient.objects.filter(phone=phone(4)).update(name="Olena")
        Recipient.objects.filter(phone=phone(5)).update(attributes={"city": "Lviv"})
        changes.opt_out(self.person(6), now=NOON)
        changes.opt_in(self.person(6), now=NOON)
        assert self.purge(clock).recipients == 0
        assert Recipient.objects.count() == 7

    def test_who_wrote_since_stays(self, clock):
        writes("Hi", 1)
        Recipient.objects.update(created_at=NOON - timedelta(days=40))
        assert purging.purge(NOON - timedelta(days=30), clock).recipients == 0
        InboundMessage.objects.all().delete()
        Recipient.objects.update(created_at=NOON - timedelta(days=20))
        assert purging.purge(NOON - timedelta(days=30), clock).recipients == 0

    @staticmethod
    def person(ending):
        return Recipient.objects.get(phone=phone(ending))
