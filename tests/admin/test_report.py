"""How a campaign goes, what it came to, and who may send it."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from django_smsbat.models import Campaign, Message, Preflight
from django_smsbat.services import approval, campaigns, preflight, statistics
from tests.admin.test_campaigns import change, confirm, control
from tests.admin.test_pages import HOSTILE
from tests.conftest import NOON, phone

pytestmark = pytest.mark.django_db


def part(made, name):
    return reverse(f"admin:django_smsbat_campaign_{name}", args=[made.pk])


def test_links_to_messages_are_for_those_who_may_see_them(staff, running):
    pages = [part(running, "details"), part(running, "progress"), change(running)]
    client = staff("view_campaign")
    for page in pages:
        assert "/message/" not in client.get(page).content.decode(), page


@pytest.fixture
def running(campaign, queued):
    made = campaign(status="sending", started_at=NOON)
    queued(1, campaign=made)
    queued(2, campaign=made, status="sending", attempts=1)
    queued(3, campaign=made, status="accepted")
    queued(4, campaign=made, status="delivered", final_at=NOON, cost="0.5", currency="UAH", parts=1)
    queued(5, campaign=made, status="read", final_at=NOON + timedelta(minutes=3))
    queued(6, campaign=made, status="rejected", error_code="1003", error_message=HOSTILE)
    queued(7, campaign=made, status="unconfirmed", attempts=1)
    return made


def test_the_funnel_tells_every_message_once(boss, running):
    page = boss.get(part(running, "progress")).content.decode()
    shown = dict(re.findall(r"<dt>([^<]+)</dt><dd>(\d+)</dd>", page))
    assert shown == {
        "messages": "7",
        "waiting": "2",
        "submitted": "5",
        "in delivery": "1",
        "delivered": "2",
        "of them read": "1",
        "failed": "1",
        "unconfirmed": "1",
    }
    assert "data-is-live" in page
    assert "Settle the unconfirmed" in page


def test_a_page_renews_itself_only_while_something_goes_on(boss, running):
    Message.objects.update(status="delivered")
    Campaign.objects.update(status="sent")
    assert "data-is-live" not in boss.get(part(running, "progress")).content.decode()


def test_the_end_is_estimated_by_the_speed_so_far(running):
    told = statistics.progress(running)
    end = statistics.estimated_end(running, told, NOON + timedelta(minutes=5))
    assert end == NOON + timedelta(minutes=7)
    running.status = "paused"
    assert statistics.estimated_end(running, told, NOON + timedelta(minutes=5)) is None


def test_reasons_of_failure_lead_to_their_messages_and_hostile_words_are_words(boss, running):
    page = boss.get(part(running, "details")).content.decode()
    assert "<script>alert" not in page
    [url] = re.findall(r'href="([^"]*failure=[^"]*)"', page)
    listed = boss.get(url.replace("&amp;", "&"))
    assert [row.to for row in listed.context["cl"].result_list] == [phone(6)]


def test_deliveries_over_time_are_drawn_and_told(boss, running):
    told = statistics.delivered_over_time(running)
    assert (told.slot, told.slots, sum(told.counts.values())) == (timedelta(minutes=1), 4, 2)
    page = boss.get(part(running, "details")).content.decode()
    assert page.count("<rect") == 4
    assert "0.5 UAH for 1 message" in page


@pytest.mark.parametrize(
    ("days", "slot"),
    [
        (0.05, timedelta(minutes=1)),
        (3, timedelta(hours=1)),
        (60, timedelta(days=1)),
        (200, timedelta(days=1)),
    ],
)
def test_a_longer_campaign_has_longer_slots(running, days, slot):
    Message.objects.filter(status="read").update(final_at=NOON + timedelta(days=days))
    told = statistics.delivered_over_time(running)
    assert told.slot == slot
    assert told.slots <= 120


def test_nothing_delivered_draws_nothing(campaign):
    assert statistics.delivered_over_time(campaign(status="sending", started_at=NOON)) is None


def test_who_did_what_is_told(boss, running):
    confirm(boss, running, "pause")
    assert "paused." in boss.get(change(running)).content.decode().split("Who did what")[1]


def test_the_results_are_a_file_in_which_no_cell_is_a_formula(boss, running):
    Message.objects.filter(to=phone(1)).update(text="=HYPERLINK(1)")
    answer = boss.get(part(running, "results"))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.count("\r\n") == 8
    assert ",'=HYPERLINK(1)" in text
    assert phone(4) in text


def test_results_are_for_those_who_may_see_messages(staff, running):
    client = staff("view_campaign")
    assert client.get(part(running, "results")).status_code == 403
    assert "Download the results" not in client.get(change(running)).content.decode()


class TestConfirmation:
    @pytest.fixture
    def big(self, people, campaign, settings):
        settings.SMSBAT = {**settings.SMSBAT, "CONFIRM_ABOVE": 1}
        people(1, 2)
        return campaign()

    def test_above_a_size_the_number_is_typed(self, boss, big):
        assert "Type the number of recipients, 2" in boss.get(control(big, "send")).content.decode()
        assert "Type the number of recipients, 2" in confirm(boss, big, "send").content.decode()
        assert Campaign.objects.get().status == "draft"

    @pytest.mark.parametrize(
        ("typed", "status"), [("2", "sending"), ("3", "draft"), (" 2 ", "sending")]
    )
    def test_it_has_to_be_right_or_is_asked_again(self, boss, big, typed, status):
        seen = preflight.look(big).fingerprint
        data = {"confirmed": "send", f"seen-{big.pk}": seen, f"typed-{big.pk}": typed}
        answer = boss.post(control(big, "send"), data)
        assert Campaign.objects.get().status == status
        is_asked_again = f'name="typed-{big.pk}"' in answer.content.decode()
        assert is_asked_again == (status == "draft")

    def test_below_it_nothing_is_typed(self, boss, people, campaign, settings):
        settings.SMSBAT = {**settings.SMSBAT, "CONFIRM_ABOVE": 5}
        people(1)
        confirm(boss, campaign(), "send")
        assert Campaign.objects.get().status == "sending"


class TestFourEyes:
    @pytest.fixture
    def big(self, people, campaign, settings):
        settings.SMSBAT = {**settings.SMSBAT, "APPROVE_ABOVE": 1}
        people(1, 2)
        return campaign()

    @pytest.fixture
    def other(self, django_user_model, client):
        user = django_user_model.objects.create_user("other", is_staff=True)
        names = ("view_campaign", "approve_campaign")
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        from django.test import Client

        second = Client()
        second.force_login(user)
        return second

    def sent_all_the_same(self, client, made):
        """What is answered to who posts without having been asked."""
        made.refresh_from_db()
        seen = preflight.look(made).fingerprint
        data = {"confirmed": "send", f"seen-{made.pk}": seen}
        answer = client.post(control(made, "send"), data, follow=True).content.decode()
        assert Campaign.objects.get().status == "draft"
        return answer

    def test_nobody_sends_what_nobody_else_approved(self, boss, big):
        page = boss.get(control(big, "send")).content.decode()
        assert "somebody else has to approve it" in page
        assert 'type="submit" class="default"' not in page  # nothing to press
        assert "need somebody else" in self.sent_all_the_same(boss, big)
        assert Campaign.objects.get().status == "draft"

    def test_what_another_approved_is_sent(self, boss, big, other):
        assert "approved." in confirm(other, big, "approve").content.decode()
        assert Preflight.objects.get().approved_by == "other"
        confirm(boss, big, "send")
        assert Campaign.objects.get().status == "sending"
        assert LogEntry.objects.filter(change_message="approved.").exists()

    def test_who_approved_it_cannot_send_it(self, boss, big):
        confirm(boss, big, "approve")
        assert "cannot send it too" in boss.get(control(big, "send")).content.decode()
        assert "cannot send it too" in self.sent_all_the_same(boss, big)

    def test_other_words_need_another_approval(self, boss, big, other):
        confirm(other, big, "approve")
        Campaign.objects.update(text="Something else")
        assert "need somebody else" in self.sent_all_the_same(boss, big)

    def test_other_people_need_another_approval(self, boss, big, other, people):
        confirm(other, big, "approve")
        people(3)
        assert "need somebody else" in self.sent_all_the_same(boss, big)

    def test_looking_again_at_the_same_keeps_it(self, boss, big, other):
        confirm(other, big, "approve")
        preflight.look(big)
        assert Preflight.objects.get().approved_by == "other"

    def test_approving_needs_its_own_permission(self, staff, big):
        client = staff("view_campaign", "change_campaign", "send_campaign")
        assert client.get(control(big, "approve")).status_code == 403
        assert client.post(control(big, "approve"), {"confirmed": "approve"}).status_code == 403

    def test_what_has_changed_since_is_not_approved(self, big):
        seen = preflight.look(big).fingerprint
        Campaign.objects.update(text="Other")
        preflight.look(Campaign.objects.get())
        with pytest.raises(campaigns.Refused, match="look again"):
            approval.approve(big, seen, "other")

    def test_neither_are_other_people_than_were_looked_at(self, big, people):
        seen = preflight.look(big).fingerprint
        people(3)
        preflight.look(big)
        with pytest.raises(campaigns.Refused, match="look again"):
            approval.approve(big, seen, "other")

    def test_nothing_is_approved_but_what_was_looked_at(self, big, campaign):
        twin = campaign()
        seen = preflight.look(big).fingerprint
        assert preflight.look(twin).fingerprint == seen
        approval.approve(big, seen, "other", NOON)
        told = Preflight.objects.values_list("campaign", "approved_by", "approved_at")
        assert set(told) == {(big.pk, "other", NOON), (twin.pk, "", None)}

    def test_who_approved_is_told_of_what_is_yet_to_be_launched(self, big):
        assert approval.approver_of(big) == ""
        approval.approve(big, preflight.look(big).fingerprint, "other")
        assert approval.approver_of(big) == "other"
        big.started_at = NOON
        assert approval.approver_of(big) == ""
        assert approval.approver_of(Campaign()) == ""

    def test_an_approval_is_of_now(self, big):
        before = timezone.now()
        approval.approve(big, preflight.look(big).fingerprint, "other")
        assert Preflight.objects.get().approved_at >= before

    def test_code_answers_for_itself(self, big):
        assert campaigns.launch(big).recipients == 2

    def test_who_approved_is_told_on_the_draft(self, boss, big, other):
        confirm(other, big, "approve")
        assert "approved by other" in boss.get(change(big)).content.decode()

    def test_it_is_off_by_default(self, boss, people, campaign):
        people(1, 2)
        made = campaign()
        assert "Approve" not in boss.get(change(made)).content.decode()


class TestTrial:
    def test_a_test_message_goes_to_ones_own_phone_with_somebodys_values(
        self, boss, people, campaign, start_sandbox, settings, transactional_db
    ):
        sandbox = start_sandbox()
        settings.SMSBAT = {**settings.SMSBAT, "BASE_URL": sandbox.url}
        people(1, name="Olena")
        made = campaign(text="Hi {{ name }}")
        answer = boss.post(part(made, "try"), {"phone": "067 000 00 77"}, follow=True)
        assert "The test message: accepted." in answer.content.decode()
        sent = Message.objects.get()
        assert (sent.to, sent.text, sent.campaign) == (phone(77), "Hi Olena", None)
        assert phone(77) not in LogEntry.objects.get().change_message

    @pytest.mark.parametrize(
        ("text", "typed", "words"),
        [("Hi", "12", "phone"), ("Hi {{ city }}", phone(77), "no value for {{ city }}")],
    )
    def test_what_cannot_be_sent_is_said(self, boss, campaign, text, typed, words):
        made = campaign(text=text)
        answer = boss.post(part(made, "try"), {"phone": typed})
        assert words in answer.content.decode()
        assert not Message.objects.exists()

    def test_it_needs_the_permission_to_send(self, staff, campaign):
        client = staff("view_campaign", "change_campaign")
        assert client.get(part(campaign(), "try")).status_code == 403


def test_excluded_people_are_a_click_away(boss, people, campaign):
    people(1)
    people(2, opted_out_at=timezone.now())
    page = boss.get(control(campaign(), "send")).content.decode()
    [url] = re.findall(r'href="([^"]*opted_out_at__isempty=0)"', page)
    listed = boss.get(url.replace("&amp;", "&"))
    assert [row.phone for row in listed.context["cl"].result_list] == [phone(2)]


def test_quiet_hours_are_told_before_sending(boss, people, campaign, settings):
    settings.SMSBAT = {**settings.SMSBAT, "QUIET_HOURS": "21:00-09:00"}
    people(1)
    assert "21:00-09:00" in boss.get(control(campaign(), "send")).content.decode()


class TestLooksThatAreOver:
    """What was typed and approved is what is sent, whatever tabs stand open."""

    @pytest.fixture
    def limits(self, settings):
        settings.SMSBAT = {**settings.SMSBAT, "CONFIRM_ABOVE": 1, "APPROVE_ABOVE": 1}

    @pytest.mark.usefixtures("limits")
    @pytest.mark.parametrize("name", ["send", "schedule"])
    def test_an_older_look_is_not_covered_by_a_newer_one(self, boss, people, campaign, name):
        people(1, 2)
        made = campaign(scheduled_at=timezone.now() + timedelta(hours=1))
        old = preflight.look(made).fingerprint
        small = made.lists.get()
        small.recipients.remove(small.recipients.first())
        preflight.look(made)
        people(1 + 2)
        answer = boss.post(
            control(made, name), {"confirmed": name, f"seen-{made.pk}": old}, follow=True
        )
        assert "look again" in answer.content.decode()
        assert Campaign.objects.get().status == "draft"

    @pytest.mark.usefixtures("limits")
    def test_the_look_at_another_campaign_is_none(self, boss, people, campaign):
        people(1, 2)
        seen = preflight.look(campaign()).fingerprint
        other = campaign(name="Other")
        boss.post(control(other, "send"), {"confirmed": "send", f"seen-{other.pk}": seen})
        assert Campaign.objects.get(name="Other").status == "draft"

    @pytest.mark.usefixtures("limits")
    def test_a_scheduled_campaign_that_grew_pauses_and_can_be_approved_then(
        self, boss, people, campaign
    ):
        people(1)
        made = campaign(scheduled_at=timezone.now() + timedelta(hours=1))
        confirm(boss, made, "schedule")
        people(2, 3)
        campaigns.launch_due(timezone.now() + timedelta(hours=2))
        made.refresh_from_db()
        assert made.status == "paused"
        assert "3 recipients were not approved by somebody else" in made.pause_reason
        assert "Approve" in boss.get(change(made)).content.decode()

    @pytest.fixture
    def due(self, people, campaign, limits):
        """Scheduled by a person, for three whom somebody else approved."""
        people(1, 2, 3)
        made = campaign(scheduled_at=timezone.now() + timedelta(hours=1))
        approval.approve(made, preflight.look(made).fingerprint, "other")
        campaigns.schedule(made)
        approval.scheduled(made, "admin")
        return made

    def launched(self):
        campaigns.launch_due(timezone.now() + timedelta(hours=2))
        return Campaign.objects.get().status

    def test_who_opts_out_after_an_approval_stops_nothing(self, people, due):
        due.lists.get().recipients.first().delete()
        assert self.launched() == "sending"

    def test_who_takes_another_s_place_after_an_approval_stops_nothing(self, people, due):
        due.lists.get().recipients.first().delete()
        people(4)
        assert self.launched() == "sending"

    def test_who_joins_after_an_approval_stops_it(self, people, due):
        people(4)
        assert self.launched() == "paused"

    def test_who_scheduled_it_cannot_approve_it(self, boss, people, due):
        people(4)
        answer = confirm(boss, due, "approve").content.decode()
        assert "Who scheduled it cannot approve it too" in answer
        assert self.launched() == "paused"

    def test_a_look_makes_no_person_responsible_for_what_code_scheduled(
        self, people, campaign, limits
    ):
        people(1, 2)
        made = campaign(scheduled_at=timezone.now() + timedelta(hours=1))
        preflight.look(made)
        campaigns.schedule(made)
        assert self.launched() == "sending"

    def test_code_that_schedules_answers_for_itself(self, people, campaign, limits):
        people(1, 2)
        made = campaign(scheduled_at=timezone.now() + timedelta(hours=1))
        campaigns.schedule(made)
        assert campaigns.launch_due(timezone.now() + timedelta(hours=2)) == []

    def test_an_approval_between_two_looks_is_of_neither(self, people, campaign):
        people(1)
        made = campaign()
        first = preflight.look(made).fingerprint
        Campaign.objects.update(text="Other")
        made.refresh_from_db()
        preflight.look(made)
        with pytest.raises(campaigns.Refused):
            approval.approve(made, first, "other")
        assert Preflight.objects.get().approved_by == ""


@pytest.mark.parametrize("done", [1, 100])
def test_an_end_that_nobody_can_foresee_is_not_told(boss, campaign, queued, done):
    made = campaign(status="sending", started_at=NOON)
    told = statistics.Progress(statistics.Counter(queued=1_000_000_000_000, delivered=done))
    assert statistics.estimated_end(made, told, NOON + timedelta(days=3)) is None


def test_separators_of_thousands_break_no_question(boss, people, campaign, settings):
    settings.USE_THOUSAND_SEPARATOR = True
    settings.SMSBAT = {**settings.SMSBAT, "CONFIRM_ABOVE": 1}
    people(1, 2)
    made = campaign(pk=12_345)
    page = boss.get(control(made, "send")).content.decode()
    assert 'name="seen-12345"' in page
    assert 'value="12345"' in page
    seen = preflight.look(made).fingerprint
    data = {"confirmed": "send", "seen-12345": seen, "typed-12345": "2"}
    boss.post(control(made, "send"), data)
    assert Campaign.objects.get().status == "sending"


def test_all_numbers_are_of_that_campaign_alone(campaign, queued):
    made, other = campaign(status="sent", started_at=NOON), campaign(name="Other", status="sent")
    for ending, hours in ((1, 1), (2, 2)):
        at = NOON + timedelta(hours=hours)
        told = {"status": "delivered", "delivered_by": "sms", "final_at": at}
        queued(ending, campaign=made, messagelist_id="7", polls=1, **told)
    failed = {"status": "failed", "final_at": NOON}
    queued(3, campaign=made, error_code="1", error_message="one", **failed)
    queued(4, campaign=made, error_code="2", error_message="two", **failed)
    queued(5, campaign=made, error_code="2", error_message="two", **failed)
    queued(6, campaign=other, error_code="3", **failed)
    queued(7, campaign=other, status="delivered", delivered_by="viber", final_at=NOON)
    over_time = statistics.delivered_over_time(made)
    assert (over_time.since, sum(over_time.counts.values())) == (NOON + timedelta(hours=1), 2)
    reasons = [(one.code, one.messages, one.example) for one in statistics.failures(made.pk)]
    assert reasons == [("2", 2, "two"), ("1", 1, "one")]
    listed = statistics.reasons_of_failure(made.pk, among=100)
    assert [(one.code, one.messages, one.example) for one in listed] == [("2", 2, ""), ("1", 1, "")]
    results = statistics.results(made)
    assert results.by_channel == {"sms": 2}
    assert (results.requests, results.duration) == (1 + 2, timedelta(hours=2))


@pytest.mark.parametrize(
    ("started", "now", "left"),
    [(None, NOON, None), (NOON, NOON, None), (NOON, NOON + timedelta(minutes=1), 60)],
)
def test_an_end_is_estimated_from_a_beginning_only(running, started, now, left):
    running.started_at = started
    end = statistics.estimated_end(running, statistics.progress(running), now)
    assert end is None if left is None else end > now


@pytest.mark.parametrize(("kind", "by_fallback"), [("viber_promo", 2), ("sms", 0)])
def test_what_sms_delivered_is_a_fallback_s_for_other_types_only(
    campaign, queued, kind, by_fallback
):
    made = campaign(type=kind, status="sent", started_at=NOON)
    for ending, channel in enumerate(("sms", "sms", "viber")):
        queued(ending, campaign=made, status="delivered", delivered_by=channel)
    told = statistics.results(made)
    assert told.by_fallback == by_fallback
    assert told.by_channel == {"sms": 2, "viber": 1}
    assert told.progress.delivered == 3
