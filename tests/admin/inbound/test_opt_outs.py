"""The inbox shows messages that may ask to opt out, and a click decides."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from django_smsbat.models import ConsentChange, InboundMessage, Recipient
from django_smsbat.services.consent import changes
from django_smsbat.services.inbound import inbox
from django_smsbat.services.inbound import receive as inbound
from django_smsbat.services.retention import erase
from tests.conftest import NOON, phone
from tests.services.inbound.test_receive import written

pytestmark = pytest.mark.django_db
LIST = reverse("admin:smsbat_inboundmessage_changelist")
BADGE = 'smsbat-failed"><span aria-hidden="true">⚠</span> may be an opt-out'
QUESTION = "This message may ask to opt out."
TEXT = "Не пишіть мені <b>більше</b>"


@pytest.fixture
def write(db):
    """Receive messages from one phone and return the last one."""

    def receive(*texts, raw_phone="380670000077"):
        for text in texts:
            number = InboundMessage.objects.count()
            inbound.receive(written(id_uuid=f"u-{number}", text=text, raw_phone=raw_phone), NOON)
        return InboundMessage.objects.order_by("-pk").first()

    return receive


def page_of(client, message):
    url = reverse("admin:smsbat_inboundmessage_change", args=[message.pk])
    return client.get(url).content.decode()


def url_of(decision, message):
    return reverse(f"admin:smsbat_inboundmessage_{decision}", args=[message.pk])


def rows(client, **parameters):
    return [one.pk for one in client.get(LIST, parameters).context["cl"].result_list]


class TestList:
    def test_the_filter_shows_every_message_that_waits(self, boss, write):
        first = write(TEXT)
        second = write(TEXT, "Дякую!")
        other = write("leave me alone", raw_phone="380670000078")
        waiting = [other.pk, second.pk - 1, first.pk]
        assert rows(boss, shown="opt_outs") == waiting

    def test_a_conversation_is_marked_if_any_of_its_messages_waits(self, boss, write):
        write(TEXT, "Дякую!")
        assert BADGE in boss.get(LIST).content.decode()

    def test_of_single_messages_the_one_that_waits_is_marked(self, boss, write):
        write(TEXT, "Дякую!")
        assert boss.get(LIST, {"shown": "all"}).content.decode().count(BADGE) == 1

    def test_an_ordinary_conversation_has_no_mark(self, boss, write):
        write("Дякую!")
        assert BADGE not in boss.get(LIST).content.decode()

    def test_an_opt_out_by_any_path_removes_mark_filter_and_count(self, boss, write):
        write(TEXT)
        assert inbox.probable_opt_out_count() == 1
        Recipient.objects.update(opted_out_at=NOON)  # as an import does
        assert rows(boss, shown="opt_outs") == []
        assert BADGE not in boss.get(LIST).content.decode()
        assert inbox.probable_opt_out_count() == 0

    def test_after_opting_in_again_an_old_flag_does_not_come_back(self, write):
        write(TEXT)
        changes.opt_out(Recipient.objects.get())
        changes.opt_in(Recipient.objects.get())
        assert inbox.probable_opt_out_count() == 0

    def test_the_count_has_a_limit(self, write, monkeypatch):
        write(*[TEXT] * 3)
        monkeypatch.setattr(inbox, "PROBABLE_OPT_OUTS_MAX", 2)
        assert inbox.probable_opt_out_count() == 2

    def test_the_dashboard_leads_to_them(self, boss, write):
        write(TEXT)
        numbers = boss.get("/admin/smsbat/").context["numbers"]
        [(count, url)] = [(n, to) for label, n, to in numbers if label == "probable opt-outs"]
        assert (count, url) == (1, f"{LIST}?shown=opt_outs")


class TestOneClick:
    def test_the_page_asks_and_one_click_opts_out(self, boss, write):
        message = write(TEXT)
        page = page_of(boss, message)
        assert QUESTION in page
        assert url_of("opt_out", message) in page
        answer = boss.post(url_of("opt_out", message), follow=True)
        assert "The sender was opted out." in answer.content.decode()
        assert QUESTION not in answer.content.decode()
        assert Recipient.objects.get().opted_out_at is not None

    def test_it_is_recorded_with_the_message_and_who_decided(self, boss, write):
        message = write(TEXT)
        boss.post(url_of("opt_out", message))
        change = ConsentChange.objects.get()
        assert (change.is_opt_out, change.source, change.reason) == (True, "person", TEXT)
        assert (change.inbound, change.entered_by) == (message, "admin")
        assert LogEntry.objects.get().object_id == str(Recipient.objects.get().pk)

    def test_a_long_text_is_shortened(self, boss, write):
        message = write("Не пишіть мені більше! " * 20)
        boss.post(url_of("opt_out", message))
        assert len(ConsentChange.objects.get().reason) == changes.REASON_MAX

    def test_an_erased_person_leaves_no_trace_of_it(self, boss, write):
        boss.post(url_of("opt_out", write(TEXT)))
        erase.erase(phone(77), NOON)
        assert not LogEntry.objects.exists()

    def test_a_later_message_shows_the_earlier_request(self, boss, write):
        last = write(TEXT, "Дякую!")
        page = page_of(boss, last)
        assert "Another message of this conversation may ask to opt out" in page
        assert "&lt;b&gt;більше" in page
        assert url_of("opt_out", InboundMessage.objects.get(text=TEXT)) in page

    def test_a_second_click_changes_nothing_and_says_so(self, boss, write):
        message = write(TEXT)
        boss.post(url_of("opt_out", message))
        answer = boss.post(url_of("opt_out", message), follow=True)
        assert "Nothing was changed" in answer.content.decode()
        assert LogEntry.objects.count() == 1

    def test_a_sender_who_is_no_recipient_cannot_be_opted_out(self, boss, write):
        message = write(TEXT, raw_phone="4040")
        answer = boss.post(url_of("opt_out", message), follow=True)
        assert "is no recipient" in answer.content.decode()
        assert not ConsentChange.objects.exists()


class TestDismissing:
    def test_it_removes_the_flag_and_changes_no_consent(self, boss, write):
        message = write(TEXT)
        assert url_of("dismiss_opt_out", message) in page_of(boss, message)
        boss.post(url_of("dismiss_opt_out", message))
        assert QUESTION not in page_of(boss, message)
        assert Recipient.objects.get().opted_out_at is None
        assert LogEntry.objects.get().get_change_message() == "Not an opt-out"

    def test_it_is_recorded_once(self, boss, write):
        message = write(TEXT)
        for _ in range(2):
            boss.post(url_of("dismiss_opt_out", message))
        assert LogEntry.objects.count() == 1

    def test_other_requests_of_the_conversation_stay(self, boss, write):
        message = write("leave me alone", TEXT)
        boss.post(url_of("dismiss_opt_out", message))
        assert inbox.probable_opt_out_count() == 1


@pytest.mark.parametrize("decision", ["opt_out", "dismiss_opt_out"])
class TestPermissions:
    @pytest.mark.parametrize("lacking", ["view_inboundmessage", "change_recipient"])
    def test_both_permissions_are_needed(self, staff, write, decision, lacking):
        message = write(TEXT)
        others = {"view_inboundmessage", "change_recipient", "reply_inboundmessage"} - {lacking}
        client = staff(*others)
        assert client.post(url_of(decision, message)).status_code == 403
        assert inbox.probable_opt_out_count() == 1

    def test_they_are_enough(self, staff, write, decision):
        message = write(TEXT)
        client = staff("view_inboundmessage", "change_recipient")
        assert client.post(url_of(decision, message)).status_code == 302
        assert inbox.probable_opt_out_count() == 0

    def test_without_them_the_button_is_not_shown(self, staff, write, decision):
        message = write(TEXT)
        page = page_of(staff("view_inboundmessage"), message)
        assert QUESTION in page
        assert url_of(decision, message) not in page

    def test_a_get_changes_nothing(self, boss, write, decision):
        message = write(TEXT)
        assert boss.get(url_of(decision, message)).status_code == 405
        assert inbox.probable_opt_out_count() == 1


class TestSelected:
    def act(self, client, *chosen, **more):
        data = {"action": "opt_out_senders", "_selected_action": [one.pk for one in chosen]}
        return client.post(f"{LIST}?shown=all", {**data, **more}, follow=True)

    def test_it_asks_first(self, boss, write):
        asked = self.act(boss, write(TEXT), write("Дякую!", raw_phone="380670000078"))
        assert "2 people are concerned." in asked.content.decode()
        assert not ConsentChange.objects.exists()

    def test_it_opts_out_each_sender_once(self, boss, write):
        chosen = [write(TEXT), write(TEXT), write("Дякую!", raw_phone="380670000078")]
        told = self.act(boss, *chosen, confirmed="opt_out_senders")
        assert "Opt out: 2 people." in told.content.decode()
        assert ConsentChange.objects.count() == LogEntry.objects.count() == 2
        assert not Recipient.objects.filter(opted_out_at=None).exists()

    def test_the_request_in_the_conversation_is_the_evidence(self, boss, write):
        last = write(TEXT, "Дякую!")
        self.act(boss, last, confirmed="opt_out_senders")
        assert ConsentChange.objects.get().inbound.text == TEXT

    def test_senders_who_have_opted_out_already_are_left_alone(self, boss, write):
        message = write("STOP")
        told = self.act(boss, message, confirmed="opt_out_senders")
        assert "Opt out: 0 people." in told.content.decode()
        assert ConsentChange.objects.count() == 1

    def test_too_many_senders_are_refused(self, boss, write, monkeypatch):
        monkeypatch.setattr("django_smsbat.admin.inbound.opt_outs._SENDERS_MAX", 1)
        chosen = [write(TEXT), write(TEXT, raw_phone="380670000078")]
        told = self.act(boss, *chosen, confirmed="opt_out_senders")
        assert "1 senders at most" in told.content.decode()
        assert not ConsentChange.objects.exists()

    def test_it_is_offered_to_users_who_may_change_consent(self, staff, write):
        write(TEXT)
        assert "opt_out_senders" not in staff("view_inboundmessage").get(LIST).content.decode()
