"""Confirmation, preflight and approval before a campaign is sent, and who may do each."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from django_smsbat.models import Campaign, Message, Preflight
from django_smsbat.services.campaigns import approval, lifecycle, preflight
from tests.admin.campaigns.test_campaigns import change, confirm, control
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def big(people, campaign):
    """A draft to two recipients, above an approval limit of one."""
    people(1, 2)
    return campaign()


@pytest.fixture
def other(django_user_model):
    """The client of another user, who may approve."""
    user = django_user_model.objects.create_user("other", is_staff=True)
    names = ("view_campaign", "approve_campaign")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user)
    return client


class TestConfirmation:
    @pytest.fixture
    def big(self, big, settings):
        settings.SMSBAT = {**settings.SMSBAT, "CONFIRM_ABOVE": 1}
        return big

    def test_above_a_size_the_number_is_typed(self, boss, big):
        assert "Type the number of recipients, 2" in boss.get(control(big, "send")).content.decode()
        assert "Type the number of recipients, 2" in confirm(boss, big, "send").content.decode()
        assert Campaign.objects.get().status == "draft"

    @pytest.mark.parametrize(
        ("typed", "status"), [("2", "sending"), ("3", "draft"), (" 2 ", "sending")]
    )
    def test_it_has_to_be_right_or_is_asked_again(self, boss, big, typed, status):
        seen = preflight.sign(preflight.look(big))
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
    def big(self, big, settings):
        settings.SMSBAT = {**settings.SMSBAT, "APPROVE_ABOVE": 1}
        return big

    def sent_all_the_same(self, client, made):
        """Return the response to a POST without a confirmation page before it."""
        made.refresh_from_db()
        seen = preflight.sign(preflight.look(made))
        data = {"confirmed": "send", f"seen-{made.pk}": seen}
        answer = client.post(control(made, "send"), data, follow=True).content.decode()
        assert Campaign.objects.get().status == "draft"
        return answer

    def test_nobody_sends_what_nobody_else_approved(self, boss, big):
        page = boss.get(control(big, "send")).content.decode()
        assert "another person has to approve it" in page
        assert 'type="submit" class="default"' not in page  # no submit button
        assert "need another person" in self.sent_all_the_same(boss, big)
        assert Campaign.objects.get().status == "draft"

    def test_what_another_approved_is_sent(self, boss, big, other):
        assert "approved." in confirm(other, big, "approve").content.decode()
        assert Preflight.objects.get().approved_by == "other"
        confirm(boss, big, "send")
        assert Campaign.objects.get().status == "sending"
        assert LogEntry.objects.filter(change_message="approved.").exists()

    def test_who_approved_it_cannot_send_it(self, boss, big):
        confirm(boss, big, "approve")
        assert "approved it cannot send it" in boss.get(control(big, "send")).content.decode()
        assert "approved it cannot send it" in self.sent_all_the_same(boss, big)

    def test_other_words_need_another_approval(self, boss, big, other):
        confirm(other, big, "approve")
        Campaign.objects.update(text="Something else")
        assert "need another person" in self.sent_all_the_same(boss, big)

    def test_other_people_need_another_approval(self, boss, big, other, people):
        confirm(other, big, "approve")
        people(3)
        assert "need another person" in self.sent_all_the_same(boss, big)

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
        with pytest.raises(lifecycle.ActionNotAllowed, match="look again"):
            approval.approve(big, seen, "other")

    def test_neither_are_other_people_than_were_looked_at(self, big, people):
        seen = preflight.look(big).fingerprint
        people(3)
        preflight.look(big)
        with pytest.raises(lifecycle.ActionNotAllowed, match="look again"):
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
        assert lifecycle.launch(big).recipients == 2

    def test_who_approved_is_told_on_the_draft(self, boss, big, other):
        confirm(other, big, "approve")
        assert "approved by other" in boss.get(change(big)).content.decode()

    def test_it_is_off_by_default(self, boss, people, campaign):
        people(1, 2)
        made = campaign()
        assert "Approve" not in boss.get(change(made)).content.decode()


class TestLooksThatAreOver:
    """The confirmed and approved preflight is what is sent, whatever other tabs are open."""

    @pytest.fixture
    def limits(self, settings):
        settings.SMSBAT = {**settings.SMSBAT, "CONFIRM_ABOVE": 1, "APPROVE_ABOVE": 1}

    @pytest.mark.usefixtures("limits")
    @pytest.mark.parametrize("name", ["send", "schedule"])
    def test_an_older_look_is_not_covered_by_a_newer_one(self, boss, people, campaign, name):
        people(1, 2)
        made = campaign(scheduled_at=timezone.now() + timedelta(hours=1))
        old = preflight.sign(preflight.look(made))
        small = made.lists.get()
        small.recipients.remove(small.recipients.first())
        preflight.look(made)
        people(1 + 2)
        data = {"confirmed": name, f"seen-{made.pk}": old, f"typed-{made.pk}": "2"}
        answer = boss.post(control(made, name), data, follow=True)
        assert "look again" in answer.content.decode()
        assert Campaign.objects.get().status == "draft"

    @pytest.mark.usefixtures("limits")
    def test_the_look_at_another_campaign_is_none(self, boss, people, campaign):
        people(1, 2)
        seen = preflight.sign(preflight.look(campaign()))
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
        lifecycle.launch_due(timezone.now() + timedelta(hours=2))
        made.refresh_from_db()
        assert made.status == "paused"
        assert "3 recipients were not approved by another person" in made.pause_reason
        assert "Approve" in boss.get(change(made)).content.decode()

    @pytest.fixture
    def due(self, people, campaign, limits):
        """A campaign scheduled by one user for three recipients, approved by another user."""
        people(1, 2, 3)
        made = campaign(scheduled_at=timezone.now() + timedelta(hours=1))
        approval.approve(made, preflight.look(made).fingerprint, "other")
        lifecycle.schedule(made)
        approval.scheduled(made, "admin")
        return made

    def launched(self):
        lifecycle.launch_due(timezone.now() + timedelta(hours=2))
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
        assert "scheduled it cannot approve it" in answer
        assert self.launched() == "paused"

    def test_a_look_makes_no_person_responsible_for_what_code_scheduled(
        self, people, campaign, limits
    ):
        people(1, 2)
        made = campaign(scheduled_at=timezone.now() + timedelta(hours=1))
        preflight.look(made)
        lifecycle.schedule(made)
        assert self.launched() == "sending"

    def test_code_that_schedules_answers_for_itself(self, people, campaign, limits):
        people(1, 2)
        made = campaign(scheduled_at=timezone.now() + timedelta(hours=1))
        lifecycle.schedule(made)
        assert lifecycle.launch_due(timezone.now() + timedelta(hours=2)) == []

    def test_an_approval_between_two_looks_is_of_neither(self, people, campaign):
        people(1)
        made = campaign()
        first = preflight.look(made).fingerprint
        Campaign.objects.update(text="Other")
        made.refresh_from_db()
        preflight.look(made)
        with pytest.raises(lifecycle.ActionNotAllowed):
            approval.approve(made, first, "other")
        assert Preflight.objects.get().approved_by == ""


_OF_THE_ROW = ("id", "approved_by", "approved_at", "scheduled_by")


class TestSignedPreflights:
    """The confirmation page carries its signed content to the POST."""

    def test_what_was_signed_comes_back_whole(self, people, campaign):
        people(1)
        made = campaign()
        looked = preflight.look(made)
        back = preflight.unsign(made, preflight.sign(looked))
        computed = [field.name for field in Preflight._meta.fields if field.name not in _OF_THE_ROW]
        assert [getattr(back, name) for name in computed] == [
            getattr(looked, name) for name in computed
        ]

    @pytest.mark.parametrize("signed", ["", "x", "a:b:c", "00-00"])
    def test_what_nobody_signed_is_none(self, people, campaign, signed):
        assert preflight.unsign(campaign(), signed) is None

    def test_what_was_changed_is_none(self, people, campaign):
        made = campaign()
        signed = preflight.sign(preflight.look(made))
        assert preflight.unsign(made, signed[:-1] + ("a" if signed[-1] != "a" else "b")) is None

    def test_who_only_looks_takes_no_approval_away(self, boss, people, campaign):
        people(1)
        made = campaign()
        approval.approve(made, preflight.look(made).fingerprint, "other")
        people(2)
        boss.get(control(made, "send"))
        assert Preflight.objects.get().approved_by == "other"

    def test_a_confirmed_preflight_of_other_people_has_no_approval(self, people, campaign):
        people(1)
        made = campaign()
        approval.approve(made, preflight.look(made).fingerprint, "other")
        people(2)
        assert preflight.confirm(preflight.compute(made)).approved_by == ""


def test_separators_of_thousands_break_no_question(boss, people, campaign, settings):
    settings.USE_THOUSAND_SEPARATOR = True
    settings.SMSBAT = {**settings.SMSBAT, "CONFIRM_ABOVE": 1}
    people(1, 2)
    made = campaign(pk=12_345)
    page = boss.get(control(made, "send")).content.decode()
    assert 'name="seen-12345"' in page
    assert 'value="12345"' in page
    seen = preflight.sign(preflight.look(made))
    data = {"confirmed": "send", "seen-12345": seen, "typed-12345": "2"}
    boss.post(control(made, "send"), data)
    assert Campaign.objects.get().status == "sending"


class TestSendingAgain:
    """Retrying more failed messages than the approval limit needs two users."""

    @pytest.fixture
    def failed(self, people, campaign, settings):
        settings.SMSBAT = {**settings.SMSBAT, "APPROVE_ABOVE": 1}
        people(1, 2, 3)
        made = campaign()
        lifecycle.launch(made)
        self.fail(2)
        return made

    def fail(self, count):
        keys = list(Message.objects.order_by("pk").values_list("pk", flat=True)[:count])
        Message.objects.filter(pk__in=keys).update(status="undeliverable", attempts=1)

    def waiting(self):
        return Message.objects.filter(status="queued").count()

    def test_one_person_does_not(self, boss, failed):
        assert "need another person" in confirm(boss, failed, "retry").content.decode()
        assert self.waiting() == 1

    def test_neither_does_who_approved_it(self, boss, failed):
        confirm(boss, failed, "approve_retry")
        assert "approved it cannot send it" in confirm(boss, failed, "retry").content.decode()
        assert self.waiting() == 1

    def test_what_another_approved_is_sent_again_once(self, boss, failed, other):
        assert "is approved" in confirm(other, failed, "approve_retry").content.decode()
        confirm(boss, failed, "retry")
        assert self.waiting() == 3
        self.fail(2)
        assert "need another person" in confirm(boss, failed, "retry").content.decode()

    def test_more_than_were_approved_are_not(self, boss, failed, other):
        confirm(other, failed, "approve_retry")
        self.fail(3)
        assert "need another person" in confirm(boss, failed, "retry").content.decode()

    def test_few_need_no_approval(self, boss, failed, other):
        Message.objects.update(status="delivered")
        self.fail(1)
        assert confirm(other, failed, "approve_retry").status_code == 200
        confirm(boss, failed, "retry")
        assert self.waiting() == 1

    def test_code_answers_for_itself(self, failed):
        assert lifecycle.retry_failed(failed) == 2

    def test_approving_needs_its_own_permission(self, staff, failed):
        client = staff("view_campaign", "change_campaign", "send_campaign")
        assert client.post(control(failed, "approve_retry")).status_code == 403
