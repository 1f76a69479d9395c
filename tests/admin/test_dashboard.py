"""The dashboard, the inbox, and the timeline of one phone."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from django_smsbat.models import Campaign, InboundMessage, Message, PurgedMessages, Recipient
from django_smsbat.services.consent import changes
from django_smsbat.services.inbound import receive
from django_smsbat.services.recipients.timeline import Kind, history_of
from django_smsbat.services.tracking import recorder
from tests.conftest import NOON, phone
from tests.services.inbound.test_receive import written
from tests.services.tracking.test_recorder import accepted, reported

pytestmark = pytest.mark.django_db
HOME = "/admin/smsbat/"


class TestDashboard:
    def test_it_tells_what_was_sent_today_and_what_waits(self, boss, queued, campaign):
        queued(1, status="delivered")
        queued(2, status="unconfirmed")
        queued(3)
        old = queued(4, status="read")
        Message.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=3))
        campaign(name="Running", status="sending", started_at=timezone.now())
        receive.receive(written(text="Hi"))
        InboundMessage.objects.update(received_at=timezone.now())
        told = {str(label): count for label, count, _ in boss.get(HOME).context["numbers"]}
        assert told == {
            "sent today": 2,
            "delivered": 1,
            "failed": 0,
            "replies": 1,
            "unread": 1,
            "probable opt-outs": 0,
            "unconfirmed": 1,
        }
        page = boss.get(HOME).content.decode()
        assert "Running" in page
        assert "1 message is unconfirmed" in page

    def test_a_new_site_says_what_to_do_first(self, boss):
        assert "three steps to the first message" in boss.get(HOME).content.decode()
        campaigns = reverse("admin:smsbat_campaign_changelist")
        assert "No campaign yet." in boss.get(campaigns).content.decode()

    def test_a_site_whose_messages_were_all_purged_is_not_new(self, boss, campaign):
        PurgedMessages.objects.create(
            campaign=campaign(), status="delivered", messages=1, last_final_at=NOON
        )
        assert "three steps to the first message" not in boss.get(HOME).content.decode()

    @pytest.mark.parametrize("lacking", ["view_message", "view_campaign", "view_inboundmessage"])
    def test_who_may_not_see_all_of_it_sees_none(self, staff, lacking):
        names = {"view_message", "view_campaign", "view_inboundmessage"} - {lacking}
        assert "smsbat-dashboard" not in staff(*names).get(HOME).content.decode()


class TestConversation:
    @pytest.fixture
    def hers(self, people):
        people(77, name="Olena")
        receive.receive(written(text="Коли?"))
        return InboundMessage.objects.get()

    def url(self, page, hers):
        return reverse(f"admin:smsbat_inboundmessage_{page}", args=[hers.pk])

    def test_reading_it_is_a_post_and_counts_once(self, boss, hers):
        boss.get(self.url("change", hers))
        assert InboundMessage.objects.get().read_at is None
        assert boss.get(self.url("read", hers)).status_code == 405
        boss.post(self.url("read", hers))
        first = InboundMessage.objects.get().read_at
        boss.post(self.url("read", hers))
        assert InboundMessage.objects.get().read_at == first is not None

    def test_what_came_meanwhile_stays_unread(self, boss, hers):
        receive.receive(written(id_uuid="later", text="Ще?"))
        boss.post(self.url("read", hers))
        unread = InboundMessage.objects.filter(read_at=None)
        assert [one.id_uuid for one in unread] == ["later"]

    def test_what_others_wrote_stays_unread(self, boss, people):
        receive.receive(written(id_uuid="other", raw_phone="380670000078"))
        receive.receive(written(id_uuid="hers"))
        boss.post(self.url("read", InboundMessage.objects.get(id_uuid="hers")))
        unread = InboundMessage.objects.filter(read_at=None)
        assert [one.id_uuid for one in unread] == ["other"]

    def test_consent_is_shown_and_can_be_changed_from_there(self, boss, hers):
        assert "gets promotional messages" in boss.get(self.url("change", hers)).content.decode()
        changes.opt_out(Recipient.objects.get())
        page = boss.get(self.url("change", hers)).content.decode()
        assert "opted out: nothing promotional" in page
        assert 'value="opt_in"' in page

    def test_who_changes_consent_from_there_comes_back_there(self, boss, hers):
        person = Recipient.objects.get()
        data = {"action": "opt_out", "_selected_action": person.pk, "conversation": hers.pk}
        people = reverse("admin:smsbat_recipient_changelist")
        question = boss.post(people, {**data, "index": 0}).content.decode()
        assert self.url("change", hers) in question
        answer = boss.post(people, {**data, "confirmed": "opt_out", "reason": "asked"})
        assert answer["Location"] == self.url("change", hers)
        assert Recipient.objects.get().opted_out_at is not None

    def test_who_may_not_answer_sees_no_form(self, staff, hers):
        page = staff("view_inboundmessage").get(self.url("change", hers)).content.decode()
        assert "smsbat-answer" not in page

    def test_who_they_are_is_for_those_who_may_see_people(self, staff, hers):
        client = staff("view_inboundmessage")
        listed = client.get(reverse("admin:smsbat_inboundmessage_changelist"))
        for page in (listed, client.get(self.url("change", hers))):
            assert page.status_code == 200
            assert "Olena" not in page.content.decode()

    def test_the_phone_shows_the_answer_as_it_will_be_sent(self, boss, hers, queued):
        shown = boss.post(self.url("phone", hers), {"text": "Завтра <b>"}).content.decode()
        assert "smsbat-channel-viber" in shown
        assert "Завтра &lt;b&gt;" in shown
        answered = queued(77, type="sms", status="delivered")
        InboundMessage.objects.update(in_reply_to=answered)
        shown = boss.post(self.url("phone", hers), {"text": "Завтра"}).content.decode()
        assert "SMS: 1 part, UCS-2" in shown

    def test_ticks_say_what_became_of_ours(self, boss, hers, queued):
        queued(77, status="delivered")
        assert "✓✓" in boss.get(self.url("change", hers)).content.decode()


class TestOnePhone:
    def test_everything_is_told_the_latest_first(self, people, queued, campaign):
        [person] = people(77)
        Recipient.objects.update(created_at=NOON - timedelta(days=30))
        person.refresh_from_db()
        sale = campaign(name="Sale", status="sent", started_at=NOON)
        message = queued(77, campaign=sale, recipient=person, status="sending", attempts=1)
        recorder.record([accepted(message), reported("s-1", "undeliverable", after=9)], NOON)
        receive.receive(written(text="Hello"))
        campaign(name="Missed", status="sent", started_at=NOON - timedelta(days=1))
        told = history_of(phone(77), person)
        assert [one.at for one in told] == sorted((one.at for one in told), reverse=True)
        kinds = {one.kind for one in told}
        assert kinds == {Kind.SENT, Kind.RECEIVED, Kind.LEFT_OUT}
        missed = next(one for one in told if one.kind is Kind.LEFT_OUT)
        assert (missed.campaign.name, missed.why) == ("Missed", "")

    def test_why_they_were_left_out(self, boss, people, campaign):
        [person] = people(77)
        Recipient.objects.update(created_at=NOON - timedelta(days=30))
        person.refresh_from_db()
        said_so = changes.ConsentReason(at=NOON - timedelta(days=2), reason="asked")
        changes.opt_out(person, said_so)
        campaign(name="Missed", status="sent", started_at=NOON)
        page = boss.get(reverse("admin:smsbat_recipient_phone", args=[person.pk]))
        assert "They had opted out." in page.content.decode()
        assert "Missed" in page.content.decode()

    def test_a_transactional_campaign_left_nobody_out_for_that(self, people, campaign):
        [person] = people(77)
        Recipient.objects.update(created_at=NOON - timedelta(days=30))
        person.refresh_from_db()
        changes.opt_out(person, changes.ConsentReason(at=NOON - timedelta(days=2)))
        campaign(status="sent", started_at=NOON, is_transactional=True)
        [missed] = [one for one in history_of(phone(77), person) if one.kind is Kind.LEFT_OUT]
        assert missed.why == ""

    def test_purged_messages_left_nobody_out(self, people, campaign):
        [person] = people(77)
        Recipient.objects.update(created_at=NOON - timedelta(days=30))
        person.refresh_from_db()
        made = campaign(status="sent", started_at=NOON)
        PurgedMessages.objects.create(
            campaign=made, status="delivered", messages=1, last_final_at=NOON
        )
        assert history_of(phone(77), person) == []

    def test_what_went_before_they_were_known_left_them_out_of_nothing(self, people, campaign):
        [person] = people(77)
        campaign(status="sent", started_at=NOON - timedelta(days=900))
        assert Campaign.objects.exists()
        assert history_of(phone(77), person) == []

    def test_a_phone_of_nobody_we_know_has_a_page_too(self, boss, queued):
        message = queued(77)
        page = boss.get(reverse("admin:smsbat_message_phone", args=[message.pk]))
        assert page.status_code == 200
        assert "sent to them" in page.content.decode()
