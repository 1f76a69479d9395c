"""Lists that may have a million rows: walked by key, counted up to a limit."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_smsbat.admin.pagination import KeysetAdmin
from django_smsbat.db.key_search import SLACK, keys_around
from django_smsbat.models import InboundMessage, Message, Recipient, RecipientList, StatusEvent
from django_smsbat.services.inbound import receive
from django_smsbat.services.tracking import recorder
from tests.conftest import NOON, phone
from tests.services.inbound.test_receive import written
from tests.services.tracking.test_recorder import accepted, reported

pytestmark = pytest.mark.django_db
QUERIES_MAX = 8


def listing(model):
    return reverse(f"admin:smsbat_{model}_changelist")


@pytest.fixture
def short_pages(monkeypatch):
    monkeypatch.setattr(KeysetAdmin, "list_per_page", 3)


@pytest.fixture
def ten(queued):
    return [queued(place).pk for place in range(10, 20)]


def shown(client, query=""):
    page = client.get(listing("message") + query)
    return page, [row.pk for row in page.context["cl"].result_list]


@pytest.mark.usefixtures("short_pages")
class TestPages:
    def test_the_newest_come_first(self, boss, ten):
        page, keys = shown(boss)
        assert keys == ten[:-4:-1]
        assert not page.context["cl"].newest

    def test_a_walk_to_the_end_meets_each_row_once_and_a_walk_back_the_same(self, boss, ten):
        query, met = "", []
        while True:
            page, keys = shown(boss, query)
            met += keys
            query = page.context["cl"].older
            if not query:
                break
        assert met == ten[::-1]
        back = keys
        while page.context["cl"].newer:
            page, keys = shown(boss, page.context["cl"].newer)
            back = keys + back
        assert back[-1] == ten[0]
        assert set(back) == set(ten)

    def test_the_oldest_are_one_click_away(self, boss, ten):
        page, keys = shown(boss, shown(boss)[0].context["cl"].oldest)
        assert keys == ten[2::-1]
        assert not page.context["cl"].older

    @pytest.mark.parametrize(
        "place", ["b", "b0", "bx", "a", "a99999999999999999999", "7", "b٣", "z"]
    )
    def test_a_place_that_nobody_linked_to_shows_something_all_the_same(self, boss, ten, place):
        page, keys = shown(boss, f"?p={place}")
        assert page.status_code == 200
        assert keys

    def test_filters_hold_on_the_next_page(self, boss, ten):
        Message.objects.filter(pk__in=ten[:5]).update(status="read")
        page, _ = shown(boss, "?status__exact=read")
        _, keys = shown(boss, page.context["cl"].older)
        assert keys == ten[1::-1]

    def test_rows_are_counted_up_to_a_thousand(self, boss, ten, monkeypatch):
        monkeypatch.setattr("django_smsbat.admin.pagination.COUNTED", 5)
        page, _ = shown(boss)
        assert "5+ messages" in page.content.decode()


def test_no_page_counts_a_table_and_none_takes_more_than_eight_statements(staff, queued, people):
    people(77)
    message = queued(77, status="sending", attempts=1)
    recorder.record([accepted(message), reported("s-1", "delivered", after=9)], NOON)
    receive.receive(written(text="Hi"))
    models = ("message", "statusevent", "inboundmessage", "recipient", "recipientlist")
    client = staff(*(f"view_{model}" for model in models))
    for model in models:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(listing(model)).status_code == 200
        statements = [query["sql"] for query in captured]
        assert len(statements) <= QUERIES_MAX, model
        counts = [sql for sql in statements if sql.upper().startswith("SELECT COUNT(*)")]
        assert all(" LIMIT " in sql for sql in counts) or model == "recipientlist", counts


@pytest.mark.parametrize(
    "query", ["?status__exact=delivered", "?phone_of={key}", "?day=today", "?attention=yes"]
)
def test_no_filter_of_messages_takes_more_than_eight_statements(staff, queued, query):
    path = listing("message") + query.format(key=queued(77).pk)
    client = staff("view_message")
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    assert len(captured) <= QUERIES_MAX


@pytest.mark.usefixtures("short_pages")
@pytest.mark.parametrize("more", ["", "&status__exact=rejected", "&failure=rejected%3A1003"])
def test_nor_does_a_campaign_with_many_pages(staff, queued, campaign, more):
    made = campaign()
    for place in range(9):
        queued(place, campaign=made, status="rejected", error_code="1003")
    client = staff("view_message")
    with CaptureQueriesContext(connection) as captured:
        page = client.get(f"{listing('message')}?campaign__id__exact={made.pk}{more}")
    assert page.context["cl"].older
    assert len(captured) <= QUERIES_MAX, [query["sql"][:90] for query in captured]


class TestFilters:
    def test_a_campaign_shows_its_own_messages_alone(self, boss, queued, campaign):
        mine, other = campaign(), campaign(name="Other")
        kept = [queued(1, campaign=mine).pk, queued(2, campaign=other).pk]
        kept.append(queued(3, campaign=mine, status="read").pk)
        query = f"?campaign__id__exact={mine.pk}"
        assert shown(boss, query)[1] == [kept[2], kept[0]]
        assert shown(boss, f"{query}&status__exact=read")[1] == [kept[2]]

    @pytest.mark.parametrize("value", ["x", "999999", "99999999999999999999", "-1"])
    def test_a_campaign_that_there_is_not_breaks_no_page(self, boss, queued, value):
        queued(1)
        assert shown(boss, f"?campaign__id__exact={value}")[0].status_code == 200

    def test_a_campaign_s_reasons_of_failure_are_listed_and_lead_to_the_messages(
        self, boss, queued, campaign
    ):
        made = campaign()
        failed = {"campaign": made, "status": "rejected", "error_code": "1003"}
        wrong = [queued(place, **failed).pk for place in (1, 2)]
        queued(3, campaign=made, status="expired")
        query = f"?campaign__id__exact={made.pk}"
        assert "1003" not in shown(boss, query)[0].content.decode()
        page, _ = shown(boss, f"{query}&status__exact=rejected")
        assert "rejected · 1003" in page.content.decode()
        assert shown(boss, f"{query}&failure=rejected%3A1003")[1] == wrong[::-1]
        assert len(shown(boss, f"{query}&failure=expired%3A-")[1]) == 1

    def test_what_needs_attention(self, boss, queued):
        ours = queued(1, status="unconfirmed").pk
        silent = queued(2, status="sending", lease_until=NOON).pk
        queued(3)
        assert shown(boss, "?attention=yes")[1] == [silent, ours]
        assert shown(boss, "?attention=unconfirmed")[1] == [ours]
        assert shown(boss, "?attention=silent")[1] == [silent]

    @pytest.mark.parametrize(
        ("day", "ages"),
        [("today", [0]), ("yesterday", [1]), ("week", [0, 1, 6]), ("month", [0, 1, 6, 20])],
    )
    def test_days_are_those_of_the_zone(self, boss, queued, day, ages):
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        made = {}
        for age in (200, 20, 6, 1, 0):
            made[age] = queued(age).pk
            moment = midnight - timedelta(days=age) + timedelta(seconds=1)
            Message.objects.filter(pk=made[age]).update(created_at=moment)
        assert shown(boss, f"?day={day}")[1] == [made[age] for age in ages]

    def test_messages_are_found_by_smsbat_s_id(self, boss, queued):
        message = queued(77, status="sending", attempts=1)
        queued(78)
        recorder.record([accepted(message)], NOON)
        assert shown(boss, "?q=s-1")[1] == [message.pk]
        assert shown(boss, "?q=s-2")[1] == []

    def test_events_are_found_by_phone(self, boss, queued):
        recorder.record([accepted(queued(77, status="sending", attempts=1))], NOON)
        page = boss.get(listing("statusevent"), {"q": phone(77)}, follow=True)
        assert page.context["cl"].result_count == StatusEvent.objects.count() > 0

    @pytest.mark.parametrize("term", ["Olena", "Ole", "olena@example.com"])
    def test_people_are_found_by_how_their_name_begins_and_by_their_address(
        self, boss, people, term
    ):
        people(1, name="Olena", email="olena@example.com")
        people(2, name="Ivan")
        page = boss.get(listing("recipient"), {"q": term}, follow=True)
        assert [row.name for row in page.context["cl"].result_list] == ["Olena"]


def test_a_moment_is_found_among_keys_with_gaps(queued):
    first = queued(1).pk
    for place in range(2, 40):
        Message.objects.create(pk=first + place * 37, to=phone(place), type="sms")
    begin = timezone.now() - timedelta(days=400)
    for place, row in enumerate(Message.objects.order_by("pk")):
        row.created_at = begin + timedelta(days=place)
        row.save()
    moment = begin + timedelta(days=20)
    [(low, high)] = keys_around(Message.objects.all(), "created_at", [moment])
    assert low <= Message.objects.filter(created_at__gte=moment).earliest("pk").pk
    assert high >= Message.objects.filter(created_at__lt=moment - SLACK).latest("pk").pk
    assert high - low < 39 * 37


def test_a_moment_is_found_in_an_empty_table():
    assert keys_around(Message.objects.all(), "created_at", [NOON]) == [(0, 0)]


@pytest.mark.usefixtures("short_pages")
class TestAllThatAreSelected:
    """More than one page: filters and the last key identify the rows, not a list of keys."""

    def test_a_list_is_made_of_whom_the_found_messages_went_to(self, boss, people, queued):
        person, other, late = people(1, 2, 3)
        for place in range(5):
            queued(1, recipient=person, status="read" if place else "queued")
        queued(2, recipient=other, status="failed")
        chosen = {"action": "make_list", "_selected_action": [Message.objects.first().pk]}
        chosen["select_across"] = 1
        question = boss.post(f"{listing('message')}?status__exact=read", {**chosen, "index": 0})
        assert "4 rows are chosen" in question.content.decode()
        hidden = dict(question.context["selection"].hidden)
        queued(3, recipient=late, status="read")  # after the question was shown
        answer = {**chosen, **hidden, "confirmed": "make_list", "name": "Readers"}
        boss.post(f"{listing('message')}?status__exact=read", answer)
        assert list(RecipientList.objects.get(name="Readers").recipients.all()) == [person]

    def test_a_list_is_made_of_people(self, boss, people):
        people(*range(1, 8))
        chosen = {"action": "make_list", "_selected_action": [1], "select_across": 1}
        boss.post(listing("recipient"), {**chosen, "confirmed": "make_list", "name": "All"})
        assert RecipientList.objects.get(name="All").recipients.count() == 7

    @pytest.mark.parametrize(("attribute", "value"), [("city", "Kyiv"), ("age", "30")])
    def test_only_those_with_an_attribute_make_a_list(self, boss, people, attribute, value):
        people(1, 2, attributes={"city": "Kyiv", "age": 30})
        people(3, attributes={"city": "Lviv"})
        people(4)
        chosen = {"action": "make_list", "_selected_action": [1], "select_across": 1}
        said = {"name": "Some", "attribute": attribute, "value": value}
        boss.post(listing("recipient"), {**chosen, "confirmed": "make_list", **said})
        assert RecipientList.objects.get(name="Some").recipients.count() == 2

    def test_a_list_of_nobody_is_not_made(self, boss, people):
        people(1)
        chosen = {"action": "make_list", "_selected_action": [1], "select_across": 1}
        said = {"name": "Some", "attribute": "a__b') or 1=1", "value": "x"}
        answer = boss.post(listing("recipient"), {**chosen, "confirmed": "make_list", **said})
        assert "The list would be empty." in answer.content.decode()
        assert not RecipientList.objects.filter(name="Some").exists()

    def test_a_title_that_is_taken_is_refused_and_changes_nothing(self, boss, people):
        people(1)
        taken = RecipientList.objects.create(name="Taken")
        chosen = {"action": "make_list", "_selected_action": [Recipient.objects.get().pk]}
        answer = boss.post(
            listing("recipient"), {**chosen, "confirmed": "make_list", "name": "Taken"}
        )
        assert "There is a list “Taken” already." in answer.content.decode()
        assert not taken.recipients.exists()

    @pytest.mark.parametrize("model", ["message", "recipient"])
    def test_making_a_list_needs_its_own_permission(self, staff, people, queued, model):
        queued(1, recipient=people(1)[0])
        client = staff(f"view_{model}", f"change_{model}")
        row = Message.objects.get() if model == "message" else Recipient.objects.get()
        client.post(
            listing(model),
            {
                "action": "make_list",
                "_selected_action": [row.pk],
                "confirmed": "make_list",
                "name": "x",
            },
        )
        assert not RecipientList.objects.filter(name="x").exists()

    def test_all_are_put_into_a_list_in_one_statement_for_any_number(self, boss, people):
        people(*range(1, 8))
        chosen = RecipientList.objects.create(name="VIP")
        asked = {"action": "add_to_list", "_selected_action": [1], "select_across": 1}
        with CaptureQueriesContext(connection) as captured:
            boss.post(listing("recipient"), {**asked, "list": chosen.pk, "index": 0})
        assert chosen.recipients.count() == 7
        assert len([q for q in captured if "INSERT" in q["sql"] and "_recipients" in q["sql"]]) == 1

    def test_all_that_are_unconfirmed_are_settled(self, boss, queued):
        for place in range(7):
            queued(place, status="unconfirmed", attempts=1)
        chosen = {"action": "give_up", "_selected_action": [1], "select_across": 1}
        boss.post(listing("message"), {**chosen, "confirmed": "give_up"})
        assert set(Message.objects.values_list("status", flat=True)) == {"failed"}


class TestInbox:
    def test_a_phone_that_wrote_often_is_one_conversation_with_its_unread(self, boss, people):
        people(77, name="Olena")
        for place in range(3):
            receive.receive(written(id_uuid=f"u-{place}", text=f"Line {place}"))
        page = boss.get(listing("inboundmessage"))
        assert page.context["cl"].result_count == 1
        words = page.content.decode()
        assert "Line 2" in words
        assert "3 new" in words
        assert "Olena" in words
        InboundMessage.objects.update(read_at=NOON)
        [row] = boss.get(listing("inboundmessage")).context["cl"].result_list
        assert row.unread_count == 0

    @pytest.mark.parametrize(("shown", "count"), [("all", 3), ("unread", 2)])
    def test_single_messages_are_shown_on_request(self, boss, shown, count):
        for place in range(3):
            receive.receive(written(id_uuid=f"u-{place}"))
        InboundMessage.objects.filter(id_uuid="u-0").update(read_at=NOON)
        page = boss.get(listing("inboundmessage"), {"shown": shown})
        assert page.context["cl"].result_count == count
