"""Users with permission settle unconfirmed messages after a confirmation."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from django_smsbat.models import Message
from django_smsbat.services.campaigns import lifecycle

pytestmark = pytest.mark.django_db
LIST = reverse("admin:smsbat_message_changelist")


@pytest.fixture
def chosen(people, campaign, queued):
    """Keys of an unconfirmed campaign message, an unconfirmed single message, and a queued one."""
    people(10)
    lifecycle.launch(campaign())
    queued(11)
    Message.objects.update(status="unconfirmed", attempts=1)
    queued(12)
    return list(Message.objects.order_by("pk").values_list("pk", flat=True))


@pytest.mark.parametrize(("action", "status"), [("resend", "queued"), ("give_up", "failed")])
def test_it_asks_and_then_does_it(boss, chosen, action, status):
    asked = boss.post(LIST, {"action": action, "_selected_action": chosen})
    page = asked.content.decode()
    assert "2 unconfirmed messages are concerned" in page
    assert "1 other is left alone" in page
    assert Message.objects.filter(status="unconfirmed").count() == 2
    boss.post(LIST, {"action": action, "_selected_action": chosen, "confirmed": action})
    statuses = list(Message.objects.order_by("pk").values_list("status", flat=True))
    assert statuses == [status, status, "queued"]
    assert LogEntry.objects.count() == 2  # the campaign's history and the single message's


def test_all_that_the_filter_shows_can_be_settled(boss, chosen):
    across = {"action": "give_up", "_selected_action": chosen[:1], "select_across": "1"}
    boss.post(f"{LIST}?status__exact=unconfirmed", {**across, "confirmed": "give_up"})
    assert Message.objects.filter(status="failed").count() == 2


def test_without_the_permission_there_is_no_such_action(staff, chosen):
    client = staff("view_message", "send_campaign")
    client.post(LIST, {"action": "resend", "_selected_action": chosen, "confirmed": "resend"})
    assert Message.objects.filter(status="unconfirmed").count() == 2
    assert 'value="resend"' not in client.get(LIST).content.decode()


def test_who_may_settle_needs_no_permission_to_change(staff, chosen):
    client = staff("view_message", "settle_message")
    client.post(LIST, {"action": "give_up", "_selected_action": chosen, "confirmed": "give_up"})
    assert Message.objects.filter(status="failed").count() == 2
