"""A campaign's progress and results, and who may send it."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from django_smsbat.models import Campaign, Message
from django_smsbat.services.campaigns import statistics
from tests.admin.campaigns.test_campaigns import change, confirm, control
from tests.admin.test_pages import HOSTILE
from tests.conftest import NOON, phone

pytestmark = pytest.mark.django_db


def part(made, name):
    return reverse(f"admin:smsbat_campaign_{name}", args=[made.pk])


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


@pytest.mark.parametrize(
    ("started", "now", "left"),
    [(None, NOON, None), (NOON, NOON, None), (NOON, NOON + timedelta(minutes=1), 60)],
)
def test_an_end_is_estimated_from_a_beginning_only(running, started, now, left):
    running.started_at = started
    end = statistics.estimated_end(running, statistics.progress(running), now)
    assert end is None if left is None else end > now
