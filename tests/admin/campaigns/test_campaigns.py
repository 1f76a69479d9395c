"""Campaigns in the admin: composed, checked, confirmed, sent and controlled."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from django_smsbat.admin.campaigns.actions import CAMPAIGN_ACTIONS
from django_smsbat.models import Campaign, Message, RecipientList
from django_smsbat.services.campaigns import lifecycle
from tests.conftest import phone

pytestmark = pytest.mark.django_db
LIST = reverse("admin:smsbat_campaign_changelist")
ADD = reverse("admin:smsbat_campaign_add")


def change(made):
    return reverse("admin:smsbat_campaign_change", args=[made.pk])


def control(made, name):
    return reverse(f"admin:smsbat_campaign_{name}", args=[made.pk])


def form(**fields):
    lists = [RecipientList.objects.get_or_create(name="All")[0].pk]
    return {
        "name": "Sale",
        "type": "sms",
        "text": "Sale!",
        "lists": lists,
        **fields,
    }


def confirm(client, made, name):
    """Act like a user: read the question, then press the button."""
    asked = client.get(control(made, name)).content.decode()
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', asked))
    return client.post(control(made, name), hidden, follow=True)


def test_a_campaign_is_composed(boss):
    button = {
        "viber_promo-button_text": "Buy",
        "viber_promo-button_url": "https://shop.example.com/",
    }
    answer = boss.post(ADD, form(type="viber_promo", text="Hi {{ name }}", **button))
    assert answer.status_code == 302, answer.context["errors"]
    made = Campaign.objects.get()
    assert (made.status, made.message_data["buttonText"]) == ("draft", "Buy")


@pytest.mark.parametrize(
    ("fields", "where", "words"),
    [
        ({"text": ""}, "text", "must not be empty"),
        ({"text": "Hi {{ name"}, "text", "placeholder"),
        ({"sender": "Занадто"}, "sender", "Latin letters"),
        ({"type": "viber_promo", "viber_promo-image_url": "x"}, "message_data", "Image: must be"),
        ({"scheduled_at_0": "2020-01-01", "scheduled_at_1": "12:00"}, "scheduled_at", "future"),
        (
            {"type": "rcs", "rcs-buttons-0-text": "Call", "rcs-buttons-0-kind": "nonsense"},
            "message_data",
            "Buttons: must not be empty",
        ),
        (
            {
                "type": "viber_survey",
                "viber_survey-options-0": "a\x00",
                "viber_survey-options-1": "b",
            },
            "message_data",
            "cannot be sent",
        ),
    ],
)
def test_what_could_be_sent_to_nobody_is_refused_at_its_field(boss, fields, where, words):
    answer = boss.post(ADD, form(**fields))
    assert answer.status_code == 200
    assert words in str(answer.context["adminform"].form.errors[where])
    assert not Campaign.objects.exists()


def test_the_question_before_sending_tells_who_gets_it_and_what_it_may_cost(boss, people, campaign):
    people(1, 2, attributes={"city": "Kyiv"})
    people(3)
    people(4, opted_out_at=timezone.now())
    page = boss.get(control(campaign(text="x" * 155 + "{{ city }}"), "send"))
    shown = page.context["prospects"][0]
    assert (shown.preflight.recipients, shown.preflight.worst_case_parts) == (2, 2)
    assert {str(label): count for label, count, *_ in shown.exclusions} == {
        "no value for a placeholder": 1,
        "opted out": 1,
    }
    assert "no value for {{ city }}" in page.content.decode()
    assert Campaign.objects.get().status == "draft"


def test_sending_happens_on_the_confirmed_post_only(boss, people, campaign):
    people(1)
    made = campaign()
    for ask in (boss.get(control(made, "send")), boss.post(control(made, "send"))):
        assert ask.status_code == 200
    assert Campaign.objects.get().status == "draft"
    confirm(boss, made, "send")
    assert Campaign.objects.get().status == "sending"
    assert Message.objects.get().to == phone(1)
    assert "sending to 1 recipient" in LogEntry.objects.get().change_message


def test_the_question_for_one_thing_does_not_confirm_another(boss, people, campaign):
    people(1)
    made = campaign()
    boss.post(control(made, "send"), {"confirmed": "cancel"})
    assert Campaign.objects.get().status == "draft"


def test_several_campaigns_are_sent_by_the_action_of_the_list(boss, people, campaign):
    people(1)
    chosen = [campaign().pk, campaign(name="Other").pk]
    asked = boss.post(LIST, {"action": "send", "_selected_action": chosen})
    assert [prospect.campaign.pk for prospect in asked.context["prospects"]] == sorted(chosen)[::-1]
    seen = dict(re.findall(r'name="(seen-\d+)" value="([^"]+)"', asked.content.decode()))
    confirmed = {"action": "send", "_selected_action": chosen, "confirmed": "send"}
    boss.post(LIST, confirmed | seen)
    assert set(Campaign.objects.values_list("status", flat=True)) == {"sending"}


def test_what_cannot_be_done_is_said_and_nothing_is_done(boss, people, campaign):
    people(1, opted_out_at=timezone.now())
    made = campaign()
    assert "No recipient would get it" in boss.get(control(made, "send")).content.decode()
    answer = boss.post(control(made, "send"), {"confirmed": "send"}, follow=True)
    assert "Look at who will get it" in answer.content.decode()
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("name", ["send", "schedule"])
def test_nothing_is_sent_that_was_not_looked_at(boss, people, campaign, name):
    people(1)
    made = campaign(scheduled_at=timezone.now() + timedelta(hours=1))
    answer = boss.post(control(made, name), {"confirmed": name}, follow=True)
    assert "Look at who will get it" in answer.content.decode()
    assert Campaign.objects.get().status == "draft"


@pytest.mark.parametrize("name", ["send", "schedule"])
def test_other_words_than_those_on_the_page_are_refused(boss, people, campaign, name):
    people(1)
    made = campaign(scheduled_at=timezone.now() + timedelta(hours=1))
    asked = boss.get(control(made, name)).content.decode()
    Campaign.objects.update(text="Other")
    [(field, seen)] = re.findall(r'name="(seen-\d+)" value="([^"]+)"', asked)
    answer = boss.post(control(made, name), {"confirmed": name, field: seen}, follow=True)
    assert "what it says has changed: look again" in answer.content.decode()
    assert Campaign.objects.get().status == "draft"


def test_what_could_not_be_launched_is_looked_at_again_before_it_goes_on(boss, people, campaign):
    people(1)
    made = campaign(scheduled_at=timezone.now() + timedelta(hours=1))
    confirm(boss, made, "schedule")
    Campaign.objects.update(status="paused", pause_reason="Not launched: nobody")
    people(2)
    page = boss.get(control(made, "resume"))
    assert page.context["prospects"][0].preflight.recipients == 2
    confirm(boss, made, "resume")
    assert (Campaign.objects.get().status, Message.objects.count()) == ("sending", 2)


def test_the_failed_are_sent_again_and_a_campaign_is_duplicated(boss, people, campaign):
    people(1)
    made = campaign()
    lifecycle.launch(made)
    Message.objects.update(status="undeliverable", attempts=1)
    answer = confirm(boss, made, "retry")
    assert "1 failed message is sent again" in answer.content.decode()
    assert Message.objects.get().status == "queued"
    answer = confirm(boss, made, "duplicate")
    assert "“Sale (2)” was made" in answer.content.decode()
    assert Campaign.objects.get(name="Sale (2)").status == "draft"


def test_pause_resume_and_cancel(boss, people, campaign):
    people(1)
    made = campaign()
    lifecycle.launch(made)
    for name, status in (("pause", "paused"), ("resume", "sending"), ("cancel", "cancelled")):
        assert boss.get(control(made, name)).status_code == 200
        boss.post(control(made, name), {"confirmed": name})
        assert Campaign.objects.get().status == status
    assert Message.objects.get().status == "cancelled"


def test_scheduling_and_taking_it_off_again(boss, people, campaign):
    people(1)
    made = campaign(scheduled_at=timezone.now() + timedelta(hours=1))
    confirm(boss, made, "schedule")
    assert Campaign.objects.get().status == "scheduled"
    boss.post(control(made, "unschedule"), {"confirmed": "unschedule"})
    assert Campaign.objects.get().status == "draft"


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("draft", {"send", "duplicate"}),
        ("sending", {"pause", "cancel", "retry", "duplicate"}),
        ("paused", {"resume", "cancel", "retry", "duplicate"}),
        ("sent", {"retry", "duplicate"}),
        ("cancelled", {"duplicate"}),
    ],
)
def test_only_the_buttons_that_are_possible_are_shown(boss, campaign, status, shown):
    page = boss.get(change(campaign(status=status)))
    assert {one.name for one in page.context["controls"]} == shown


def test_what_was_launched_is_frozen_except_for_its_name(boss, people, campaign):
    people(1)
    made = campaign()
    lifecycle.launch(made)
    assert boss.post(change(made), {"name": "New name", "text": "Other"}).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.text) == ("New name", "Sale!")


def test_saving_the_form_does_not_undo_what_a_worker_did_meanwhile(boss, campaign, monkeypatch):
    made = campaign(status="sending")
    original = Campaign.save

    def worker_pauses(self, *args, **kwargs):
        Campaign.objects.update(status="paused", pause_reason="no money")
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Campaign, "save", worker_pauses)
    boss.post(change(made), {"name": "New name"})
    made.refresh_from_db()
    assert (made.name, made.status, made.pause_reason) == ("New name", "paused", "no money")


def test_what_is_launched_while_the_form_is_open_is_not_changed(
    boss, people, campaign, monkeypatch
):
    people(1)
    made = campaign()
    original = lifecycle.lock_for_editing

    def launched_meanwhile(instance):
        Campaign.objects.filter(pk=made.pk).update(status="sending")
        return original(instance)

    monkeypatch.setattr(lifecycle, "lock_for_editing", launched_meanwhile)
    answer = boss.post(change(made), form(text="Other", is_transactional="on"))
    assert "launched meanwhile" in answer.content.decode()
    made.refresh_from_db()
    assert (made.text, made.is_transactional) == ("Sale!", False)


def test_a_form_that_comes_after_the_launch_is_told_what_was_not_saved(boss, people, campaign):
    people(1)
    made = campaign()
    lifecycle.launch(made)
    answer = boss.post(change(made), form(name="New", text="Other"), follow=True)
    assert "only its title and budget were saved" in answer.content.decode()


def test_setting_a_time_says_that_it_is_not_scheduled_yet(boss, people, campaign):
    made = campaign()
    later = {"scheduled_at_0": "2099-01-01", "scheduled_at_1": "12:00"}
    answer = boss.post(change(made), form(**later), follow=True)
    assert "not scheduled yet" in answer.content.decode()
    people(1)
    assert "sends at once" in boss.get(control(made, "send")).content.decode()
    assert "sends at once" not in boss.get(control(made, "schedule")).content.decode()


def test_the_question_shows_what_will_be_said(boss, people, campaign):
    people(1)
    made = campaign(type="viber_promo", text="<b>Sale</b>", fallback_text="By SMS")
    page = boss.get(control(made, "send")).content.decode()
    for shown in ("&lt;b&gt;Sale&lt;/b&gt;", "By SMS", "Viber, promotional", "All"):
        assert shown in page


def test_progress_and_the_reason_of_a_pause_are_shown(boss, people, campaign):
    people(1, 2)
    made = campaign()
    lifecycle.launch(made)
    Message.objects.filter(to=phone(1)).update(status="delivered")
    lifecycle.pause(made, "the account has no money left")
    page = boss.get(change(made)).content.decode()
    assert "the account has no money left" in page
    assert f"?campaign__id__exact={made.pk}" in page


@pytest.mark.parametrize("name", CAMPAIGN_ACTIONS)
class TestPermissions:
    def test_without_its_permission_nothing_can_be_controlled(self, staff, campaign, name):
        made = campaign()
        others = {"view_campaign", "change_campaign", "add_campaign", "send_campaign"}
        client = staff(*others - {CAMPAIGN_ACTIONS[name].permission})
        for answer in (
            client.get(control(made, name)),
            client.post(control(made, name), {"confirmed": name}),
        ):
            assert answer.status_code == 403
        assert Campaign.objects.get().status == "draft"

    def test_a_stranger_is_sent_to_the_login(self, client, campaign, name):
        answer = client.post(control(campaign(), name), {"confirmed": name})
        assert answer.status_code == 302
        assert "login" in answer.url

    def test_with_it_the_question_is_asked(self, staff, campaign, name):
        made = campaign()
        client = staff("view_campaign", CAMPAIGN_ACTIONS[name].permission)
        assert client.get(control(made, name)).status_code == 200


@pytest.mark.parametrize("name", ["send", "pause", "resume", "cancel"])
def test_without_the_permission_to_send_the_list_has_no_such_action(staff, people, campaign, name):
    people(1)
    made = campaign()
    client = staff("view_campaign", "change_campaign")
    client.post(LIST, {"action": name, "_selected_action": [made.pk], "confirmed": name})
    assert Campaign.objects.get().status == "draft"
    assert f'value="{name}"' not in client.get(LIST).content.decode()


def test_a_campaign_that_is_not_there_is_404(boss):
    assert boss.get(reverse("admin:smsbat_campaign_send", args=[99])).status_code == 404


def test_only_a_draft_can_be_deleted(boss, campaign):
    draft, sent = campaign(), campaign(status="sent")
    url = "admin:smsbat_campaign_delete"
    assert boss.post(reverse(url, args=[sent.pk]), {"post": "yes"}).status_code == 403
    assert boss.post(reverse(url, args=[draft.pk]), {"post": "yes"}).status_code == 302
    assert Campaign.objects.get() == sent


@pytest.mark.parametrize("language", ["en", "uk"])
def test_the_pages_speak_the_readers_language(boss, people, campaign, language):
    people(1)
    boss.cookies["django_language"] = language
    page = boss.get(control(campaign(), "send")).content.decode()
    assert ("Кому надійде" in page) is (language == "uk")
