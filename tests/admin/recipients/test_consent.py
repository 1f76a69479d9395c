"""Users with permission opt people out and in, erase them and reply, after a confirmation."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from django_smsbat.models import ConsentChange, InboundMessage, Message, Recipient
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.consent import changes
from django_smsbat.services.consent.changes import ConsentReason
from django_smsbat.services.inbound import receive
from django_smsbat.services.retention import erase
from tests.conftest import NOON, phone
from tests.services.inbound.test_receive import written

pytestmark = pytest.mark.django_db
LIST = reverse("admin:smsbat_recipient_changelist")
ADD = reverse("admin:smsbat_recipient_add")


def act(client, action, people, **more):
    return client.post(LIST, {"action": action, "_selected_action": [p.pk for p in people], **more})


class TestConsent:
    def test_it_asks_and_then_does_it_with_the_reason(self, boss, people):
        chosen = people(1, 2)
        assert "2 people are concerned" in act(boss, "opt_out", chosen).content.decode()
        assert not ConsentChange.objects.exists()
        act(boss, "opt_out", chosen, confirmed="opt_out", reason="called us")
        assert not Recipient.objects.filter(opted_out_at=None).exists()
        change = ConsentChange.objects.first()
        assert (change.source, change.reason, change.entered_by) == ("person", "called us", "admin")
        assert LogEntry.objects.count() == 2

    def test_it_is_reversed_in_the_same_way(self, boss, people):
        chosen = people(1, opted_out_at=NOON)
        act(boss, "opt_in", chosen, confirmed="opt_in")
        assert Recipient.objects.get().opted_out_at is None

    def test_a_persons_page_tells_each_change(self, boss, people):
        [person] = people(77)
        receive.receive(written(text="Стоп!"), NOON)
        changes.opt_in(person, ConsentReason(reason="<b>on the phone</b>"))
        url = reverse("admin:smsbat_recipient_change", args=[person.pk])
        page = boss.get(url).content.decode()
        assert "keyword in a message" in page
        assert "Стоп!" in page
        assert "&lt;b&gt;on the phone&lt;/b&gt;" in page

    def test_a_whole_page_of_people_can_be_confirmed(self, boss, people):
        chosen = people(*range(1_000, 1_900))
        asked = act(boss, "opt_out", chosen)
        fields = re.findall(r'name="_selected_action" value="\d+"', asked.content.decode())
        assert len(fields) == 900
        act(boss, "opt_out", chosen, confirmed="opt_out", reason="they asked")
        assert not Recipient.objects.filter(opted_out_at=None).exists()
        people(5)
        act(boss, "erase", Recipient.objects.all(), confirmed="erase")
        assert Recipient.objects.count() == 901

    def test_consent_is_not_edited_in_the_form(self, boss, people):
        [person] = people(1, opted_out_at=NOON)
        url = reverse("admin:smsbat_recipient_change", args=[person.pk])
        form = {
            "phone": person.phone,
            "attributes": "{}",
            "opted_out_at_0": "",
            "opted_out_at_1": "",
        }
        assert boss.post(url, form).status_code == 302
        assert Recipient.objects.get().opted_out_at == NOON

    @pytest.mark.parametrize("action", ["opt_out", "opt_in", "erase"])
    def test_who_may_only_look_may_not(self, staff, people, action):
        chosen = people(1)
        act(staff("view_recipient"), action, chosen, confirmed=action)
        assert not ConsentChange.objects.exists()
        assert Recipient.objects.exists()


class TestErasing:
    def test_it_asks_first_and_says_that_it_cannot_be_undone(self, boss, people):
        asked = act(boss, "erase", people(1))
        assert "cannot be undone" in asked.content.decode()
        assert Recipient.objects.exists()

    def test_it_erases_and_keeps_no_name_in_the_log(self, boss, people, queued):
        chosen = people(77, name="Олена")
        queued(77, status="delivered")
        act(boss, "opt_out", chosen, confirmed="opt_out", reason="called us")
        assert LogEntry.objects.exists()
        act(boss, "erase", chosen, confirmed="erase")
        assert not Recipient.objects.exists()
        assert not Message.objects.exists()
        assert not LogEntry.objects.exists()

    def test_it_has_a_permission_of_its_own(self, staff, people):
        chosen = people(1)
        act(staff("view_recipient", "change_recipient"), "erase", chosen, confirmed="erase")
        assert Recipient.objects.exists()

    def test_what_is_being_sent_is_waited_for(self, boss, people, queued):
        chosen = people(77)
        queued(77, status="sending", attempts=1)
        told = boss.post(
            LIST,
            {"action": "erase", "_selected_action": [chosen[0].pk], "confirmed": "erase"},
            follow=True,
        )
        assert "try again in a few minutes" in told.content.decode()
        assert Recipient.objects.exists()

    def test_who_was_erased_is_not_entered_again(self, boss, people):
        erase.erase(phone(77), NOON)
        [other] = people(78)
        change = reverse("admin:smsbat_recipient_change", args=[other.pk])
        for url in (ADD, change):
            answer = boss.post(url, {"phone": phone(77), "attributes": "{}"})
            assert "erased on request" in answer.content.decode()
        assert Recipient.objects.get().phone == phone(78)

    def test_what_the_history_says_of_them_goes_too(self, boss):
        boss.post(ADD, {"phone": phone(77), "name": "Олена", "attributes": "{}"})
        assert LogEntry.objects.exists()
        erase.erase("067 000 00 77")
        assert not LogEntry.objects.exists()


class TestReplies:
    @pytest.fixture
    def incoming(self, people, queued):
        people(77)
        queued(77, type="viber_promo", text="Sale!", status="delivered")
        receive.receive(written(text="<script>alert(1)</script>"))
        return InboundMessage.objects.get()

    def url(self, incoming):
        return reverse("admin:smsbat_inboundmessage_reply", args=[incoming.pk])

    def test_the_page_shows_the_conversation_as_text(self, boss, incoming):
        page = boss.get(self.url(incoming)).content.decode()
        assert "Sale!" in page
        assert "&lt;script&gt;" in page
        assert "<script>alert" not in page

    def test_the_answer_goes_out_at_once(
        self, boss, incoming, sandbox, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            boss.post(self.url(incoming), {"text": "Until nine"})
        answer = Message.objects.first()
        assert (answer.type, answer.text, answer.to) == ("viber_trans", "Until nine", phone(77))
        assert LogEntry.objects.count() == 1

    @pytest.mark.parametrize("text", ["", " ", "\x00"])
    def test_an_answer_without_words_is_refused(self, boss, incoming, text):
        assert boss.post(self.url(incoming), {"text": text}).status_code == 200
        assert Message.objects.count() == 1

    def test_it_has_a_permission_of_its_own(self, staff, incoming):
        client = staff("view_inboundmessage")
        for method in (client.get, client.post):
            assert method(self.url(incoming), {"text": "Hi"}).status_code == 403
        change = reverse("admin:smsbat_inboundmessage_change", args=[incoming.pk])
        assert self.url(incoming) not in client.get(change).content.decode()

    def test_a_second_click_sends_no_second_answer(self, boss, incoming):
        for _ in range(2):
            answer = boss.post(self.url(incoming), {"text": "Until nine"})
        assert "a moment ago" in answer.content.decode()
        assert Message.objects.filter(text="Until nine").count() == 1

    def test_what_we_sent_is_for_those_who_may_see_messages(self, staff, incoming):
        client = staff("view_inboundmessage", "reply_inboundmessage")
        change = reverse("admin:smsbat_inboundmessage_change", args=[incoming.pk])
        listed = reverse("admin:smsbat_inboundmessage_changelist")
        for url in (change, listed, self.url(incoming)):
            page = client.get(url)
            assert page.status_code == 200
            assert "Sale!" not in page.content.decode()

    def test_nobody_may_answer_what_they_may_not_see(self, staff, incoming):
        assert staff("reply_inboundmessage").get(self.url(incoming)).status_code == 403


def test_the_budget_can_be_changed_while_a_campaign_runs(boss, people, campaign):
    people(1)
    made = campaign(budget=10)
    lifecycle.launch(made)
    type(made).objects.update(budget_room=5)
    url = reverse("admin:smsbat_campaign_change", args=[made.pk])
    boss.post(url, {"name": made.name, "budget": "20"})
    made.refresh_from_db()
    assert (made.budget, made.budget_room, made.status) == (20, 0, "sending")


def test_who_may_not_send_may_not_let_more_be_spent(staff, people, campaign):
    people(1)
    made = campaign(budget=10)
    lifecycle.launch(made)
    url = reverse("admin:smsbat_campaign_change", args=[made.pk])
    client = staff("view_campaign", "change_campaign")
    assert client.post(url, {"name": made.name, "budget": ""}).status_code == 302
    made.refresh_from_db()
    assert made.budget == 10


def test_the_budget_is_shown_before_it_is_sent_and_copied(boss, people, campaign):
    people(1)
    made = campaign(budget=12)
    page = boss.get(reverse("admin:smsbat_campaign_send", args=[made.pk]))
    assert "12.00" in page.content.decode()
    assert lifecycle.duplicate(made).budget == 12


def test_a_campaigns_page_tells_what_it_cost_and_who_delivered(boss, queued, campaign):
    made = campaign(started_at=NOON, status="sent")
    for ending, channel in ((1, "viber"), (2, "sms")):
        queued(
            ending,
            campaign=made,
            status="delivered",
            cost="0.05",
            currency="UAH",
            parts=1,
            delivered_by=channel,
        )
    url = reverse("admin:smsbat_campaign_change", args=[made.pk])
    page = boss.get(url).content.decode()
    assert "0.1 UAH for 2 messages (parts: 2); 0.0500 for each delivered." in page
    for channel in ("sms", "viber"):
        assert f'<th scope="row">{channel}</th><td>1</td>' in page
