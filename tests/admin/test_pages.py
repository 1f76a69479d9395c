"""The other pages: they show the record, change nothing, and escape every text."""

import pytest
from django.urls import reverse

from django_smsbat.gateway.statuses import Status
from django_smsbat.models import InboundMessage, Message, Recipient, RecipientList, StatusEvent
from django_smsbat.services.inbound import receive
from django_smsbat.services.tracking import recorder
from tests.conftest import NOON, phone
from tests.services.inbound.test_receive import written
from tests.services.tracking.test_recorder import accepted, reported

pytestmark = pytest.mark.django_db
READ_ONLY = ["message", "statusevent", "inboundmessage"]
ALL = [*READ_ONLY, "campaign", "recipient", "recipientlist"]
HOSTILE = "<script>alert(1)</script>{{ 7|add:7 }}{% now 'Y' %}\u202e=cmd()"


def listing(model):
    return reverse(f"admin:smsbat_{model}_changelist")


@pytest.fixture
def history(queued, people, campaign):
    """A message with a history, an answer to it, and hostile text in every field."""
    people(77, name=HOSTILE, attributes={"a": HOSTILE})
    made = campaign(name=HOSTILE, text=HOSTILE, message_data={"x": HOSTILE})
    message = queued(77, status="sending", attempts=1, text=HOSTILE, campaign=made)
    recorder.record([accepted(message), reported("s-1", "delivered", after=9, note=HOSTILE)], NOON)
    recorder.record([reported("s-1", "mystery" + HOSTILE[:20])], NOON)
    receive.receive(written(text=HOSTILE))
    return message


@pytest.mark.parametrize("model", ALL)
def test_lists_and_pages_open_and_show_hostile_texts_as_text(boss, history, model):
    page = boss.get(listing(model))
    assert page.status_code == 200
    kind = page.context["cl"].model
    detail = boss.get(reverse(f"admin:smsbat_{model}_change", args=[kind.objects.first().pk]))
    for content in (page.content.decode(), detail.content.decode()):
        assert "<script>alert" not in content


@pytest.mark.parametrize("model", READ_ONLY)
def test_what_happened_cannot_be_added_changed_or_deleted(boss, history, model):
    kind = boss.get(listing(model)).context["cl"].model
    key = kind.objects.first().pk
    count = kind.objects.count()
    for action, arguments in (("add", []), ("delete", [key]), ("change", [key])):
        url = reverse(f"admin:smsbat_{model}_{action}", args=arguments)
        assert boss.post(url, {"post": "yes", "status": "read"}).status_code == 403
    delete = {"action": "delete_selected", "_selected_action": [key], "post": "yes"}
    boss.post(listing(model), delete)
    assert kind.objects.count() == count


@pytest.mark.parametrize("model", ALL)
def test_without_the_permission_to_view_nothing_is_shown(staff, history, model):
    client = staff()
    kind_key = 1
    for url in (listing(model), reverse(f"admin:smsbat_{model}_change", args=[kind_key])):
        assert client.get(url).status_code == 403


def test_a_message_tells_its_story_in_order(boss, history):
    page = boss.get(reverse("admin:smsbat_message_change", args=[history.pk]))
    story = page.content.decode().split('class="smsbat-timeline"')[1].split("</ol>")[0]
    places = [story.index(f">{word}<") for word in ("queued", "accepted", "delivered")]
    assert places == sorted(places)


def test_messages_are_filtered_by_status_type_and_campaign(boss, history, queued):
    queued(78)
    for query in (
        "status__exact=delivered",
        "type__exact=sms",
        f"campaign__id__exact={history.campaign_id}",
    ):
        page = boss.get(f"{listing('message')}?{query}")
        assert history in page.context["cl"].result_list
    page = boss.get(f"{listing('message')}?status__exact=delivered")
    assert page.context["cl"].result_count == 1


def test_events_are_filtered_by_status_and_by_whether_they_belong_to_a_message(boss, history):
    recorder.record([reported("nobody", "delivered")], NOON)
    for query, count in (("orphans=yes", 1), ("status__exact=delivered", 2)):
        page = boss.get(f"{listing('statusevent')}?{query}")
        assert page.context["cl"].result_count == count


@pytest.mark.parametrize("model", ["message", "inboundmessage", "recipient"])
@pytest.mark.parametrize("typed", [phone(77), "067 000 00 77", "380670000077"])
def test_a_phone_is_found_however_it_is_typed(boss, history, queued, model, typed):
    queued(78)
    page = boss.get(listing(model), {"q": typed}, follow=True)
    assert page.context["cl"].result_count == 1


def test_an_incoming_message_shows_what_it_answers(boss, history):
    Message.objects.update(text="Spring sale")
    key = InboundMessage.objects.get().pk
    page = boss.get(reverse("admin:smsbat_inboundmessage_change", args=[key]))
    assert "Spring sale" in page.content.decode()


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("viber_otp", {"templateParams": {"pin": "482913"}}),
        ("flashcall", {"callerId": "+380441482913"}),
    ],
)
def test_a_one_time_code_is_not_for_the_staff_to_see(boss, queued, kind, data):
    message = queued(77, type=kind, message_data=data, status="sending", attempts=1)
    answer = {"pattern": "***482913", "callerId": "+380441482913", "messageId": "x"}
    recorder.record(
        [
            recorder.Report(
                source="submit",
                status=Status.ACCEPTED,
                raw_status="accepted",
                payload=answer,
                smsbat_id="x",
                message_id=message.pk,
                attempt=1,
            )
        ],
        NOON,
    )
    event = StatusEvent.objects.get()
    for url in (
        reverse("admin:smsbat_message_change", args=[message.pk]),
        reverse("admin:smsbat_statusevent_change", args=[event.pk]),
    ):
        assert "482913" not in boss.get(url).content.decode()


class TestRecipients:
    ADD = reverse("admin:smsbat_recipient_add")

    def test_a_recipient_is_added_to_lists(self, boss):
        chosen = RecipientList.objects.create(name="VIP")
        data = {"phone": "067 000 00 77", "attributes": '{"city": "Kyiv"}', "lists": [chosen.pk]}
        assert boss.post(self.ADD, data).status_code == 302
        made = Recipient.objects.get()
        assert (made.phone, list(made.lists.all())) == (phone(77), [chosen])

    @pytest.mark.parametrize(
        ("field", "value"),
        [("phone", "12"), ("attributes", "[]"), ("attributes", '{"a": NaN}'), ("attributes", "{")],
    )
    def test_what_is_wrong_is_refused_at_its_field(self, boss, field, value):
        answer = boss.post(self.ADD, {"phone": phone(77), "attributes": "{}", field: value})
        assert field in answer.context["adminform"].form.errors

    def test_the_same_phone_in_another_spelling_is_refused(self, boss, people):
        people(77)
        answer = boss.post(self.ADD, {"phone": "067 000 00 77", "attributes": "{}"})
        assert "phone" in answer.context["adminform"].form.errors

    @pytest.mark.parametrize(("action", "expected"), [("add_to_list", 2), ("take_from_list", 0)])
    def test_many_are_added_to_a_list_or_taken_from_it(self, boss, people, action, expected):
        made = people(1, 2)
        chosen = RecipientList.objects.create(name="VIP")
        chosen.recipients.set(made[:1])
        keys = [one.pk for one in made]
        boss.post(
            listing("recipient"), {"action": action, "_selected_action": keys, "list": chosen.pk}
        )
        assert chosen.recipients.count() == expected

    def test_without_a_list_the_action_says_so(self, boss, people):
        keys = [people(1)[0].pk]
        data = {"action": "add_to_list", "_selected_action": keys, "list": ""}
        answer = boss.post(listing("recipient"), data, follow=True)
        assert "Choose a list" in answer.content.decode()

    def test_lists_need_their_own_permission(self, staff, people):
        made = people(1)[0]
        chosen = RecipientList.objects.create(name="VIP")
        client = staff("view_recipient", "change_recipient", "add_recipient")
        client.post(self.ADD, {"phone": phone(77), "attributes": "{}", "lists": [chosen.pk]})
        client.post(
            listing("recipient"),
            {"action": "add_to_list", "_selected_action": [made.pk], "list": chosen.pk},
        )
        assert Recipient.objects.filter(phone=phone(77)).exists()
        assert chosen.recipients.count() == 0

    def test_a_list_that_a_campaign_went_to_is_not_deleted(self, boss, campaign):
        campaign()
        used, free = RecipientList.objects.get(), RecipientList.objects.create(name="Free")
        for one in (used, free):
            url = reverse("admin:smsbat_recipientlist_delete", args=[one.pk])
            boss.post(url, {"post": "yes"})
        assert list(RecipientList.objects.all()) == [used]

    def test_a_list_leads_to_its_people(self, boss, people):
        people(1, 2)
        chosen = RecipientList.objects.get()
        page = boss.get(listing("recipientlist")).content.decode()
        assert f"?lists__id__exact={chosen.pk}" in page
        found = boss.get(f"{listing('recipient')}?lists__id__exact={chosen.pk}")
        assert found.context["cl"].result_count == 2


@pytest.mark.parametrize("model", ALL)
def test_a_list_takes_no_more_queries_for_many_rows(boss, history, people, queued, model):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert boss.get(listing(model)).status_code == 200
        return len(captured)

    queries()
    before = queries()
    for ending in range(200, 220):
        people(ending)
        queued(ending, campaign=history.campaign)
        receive.receive(written(id_uuid=f"u-{ending}", raw_phone=phone(ending)))
    assert queries() <= before
