"""No promotional message is sent at night, by the recipient's clock."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_smsbat.models import Message
from django_smsbat.services.campaigns import lifecycle
from django_smsbat.services.campaigns.quiet_hours import QuietHours
from django_smsbat.services.campaigns.rendering import ZONE_MAX
from django_smsbat.services.sending import worker
from tests.conftest import HeldClock, phone
from tests.support.scripted import ScriptedClient, answer_by_phone

AT_NIGHT = (time(21), time(9))
EVENING = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)  # 20:00 at the site, 22:00 in Kyiv
NIGHT = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)  # night in the site's own time zone


@pytest.fixture
def launched(people, campaign, settings, db):
    settings.SMSBAT = {**settings.SMSBAT, "QUIET_HOURS": "21:00-09:00"}

    def make(*zones, **fields):
        for ending, zone in enumerate(zones, start=10):
            people(ending, attributes={"timezone": zone} if zone else {})
        made = campaign(**fields)
        lifecycle.launch(made)
        return made

    return make


def send(moment, *answers):
    client = ScriptedClient(list(answers))
    worker.submit_queued(client=client, clock=HeldClock(moment))
    return client


@pytest.mark.parametrize("text", ["Sale!", "Sale, {{ name|default:'friend' }}!"])
def test_each_is_held_by_the_recipients_own_clock(launched, text):
    launched("", "Europe/Kyiv", "Europe/London", "Nowhere/Land", text=text)
    assert send(EVENING, answer_by_phone()).phones == [phone(10), phone(12), phone(13)]
    waiting = Message.objects.get(status="queued")
    assert waiting.time_zone == "Europe/Kyiv"
    morning = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)  # 9:00 in Kyiv, 7:00 at the site
    assert send(morning, answer_by_phone()).phones == [phone(11)]


@pytest.mark.parametrize("text", ["Sale!", "Sale, {{ name|default:'friend' }}!"])
@pytest.mark.parametrize(
    ("zone", "kept"),
    [("Europe/Kyiv", "Europe/Kyiv"), ("", ""), ("x" * (ZONE_MAX + 1), "x" * ZONE_MAX)],
)
def test_a_zone_is_kept_as_far_as_there_is_one(launched, text, zone, kept):
    launched(zone, text=text)
    assert Message.objects.get().time_zone == kept


@pytest.mark.parametrize(("hours", "is_transactional"), [("21:00-09:00", True), (None, False)])
def test_where_nothing_depends_on_it_none_is_looked_for(
    launched, settings, hours, is_transactional
):
    settings.SMSBAT = {**settings.SMSBAT, "QUIET_HOURS": hours}
    launched("Europe/Kyiv", is_transactional=is_transactional)
    assert Message.objects.get().time_zone == ""


def test_where_the_site_sleeps_others_may_be_awake(launched):
    launched("", "America/New_York")
    assert send(NIGHT, answer_by_phone()).phones == [phone(11)]


def test_a_campaign_that_waits_for_the_morning_is_not_finished(launched):
    made = launched("Europe/Kyiv")
    send(EVENING)
    made.refresh_from_db()
    assert made.status == "sending"


@pytest.mark.parametrize("moment", [EVENING, NIGHT])
def test_what_people_wait_for_is_not_held(launched, moment):
    launched("Europe/Kyiv", is_transactional=True)
    [[sent]] = send(moment, answer_by_phone()).sent
    assert (sent.to, sent.content.ttl) == (phone(10), None)
    assert Message.objects.get().status == "accepted"


def test_the_time_to_live_ends_before_they_begin(launched):
    launched("", "Europe/London", "America/New_York", ttl=4 * 3_600)
    client = send(EVENING, answer_by_phone())
    assert [one.content.ttl for one in client.sent[0]] == [3_600, 3_600, 4 * 3_600]
    # An attempt on another day has its full time to live again.
    assert set(Message.objects.values_list("ttl", flat=True)) == {4 * 3_600}


def test_each_keeps_its_own_words(queued, settings):
    settings.SMSBAT = {**settings.SMSBAT, "QUIET_HOURS": "21:00-09:00"}
    for ending, text in ((10, "Sale!"), (11, "Sales!")):
        queued(ending, type="viber_promo", text=text, ttl=4 * 3_600)
    [sent] = send(EVENING, answer_by_phone()).sent
    assert [(one.to, one.content.text) for one in sent] == [
        (phone(10), "Sale!"),
        (phone(11), "Sales!"),
    ]


def test_without_one_of_its_own_it_is_set(launched):
    launched("")
    assert send(EVENING, answer_by_phone()).sent[0][0].content.ttl == 3_600


def test_in_the_last_minutes_before_them_nothing_leaves(launched):
    launched("")
    assert send(EVENING.replace(minute=56)).phones == []


def test_a_single_promotional_message_is_bound_too(queued, settings):
    settings.SMSBAT = {**settings.SMSBAT, "QUIET_HOURS": "21:00-09:00"}
    queued(10, type="viber_promo")
    queued(11)  # a single SMS is not promotional
    client = send(EVENING, answer_by_phone())
    assert [one.content.ttl for one in client.sent[0]] == [3_600, None]
    queued(12, type="viber_promo")
    assert send(EVENING.replace(hour=22)).phones == []


@given(
    st.times(),
    st.times(),
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from(["", "Asia/Tokyo"]),
)
def test_what_may_leave_ends_before_they_begin(start, end, now, zone):
    if start == end or now.year < 2 or now.year > 9_997:
        return
    hours = QuietHours(start.replace(microsecond=0, tzinfo=None), end, now)
    if hours.binds(zone):
        return
    left = hours.seconds_left(zone)
    assert 0 < left <= 25 * 3_600
    last = QuietHours(hours.start, hours.end, now + timedelta(seconds=left - 1))
    assert not last._in_between(last._local(zone))
