"""Verifications and closed prefixes in the admin."""

import pytest
from django.urls import reverse
from django.utils import timezone

from django_smsbat.models import ClosedPrefix
from django_smsbat.services.verification import breaker
from django_smsbat.services.verification.refusals import NotStarted
from tests.conftest import phone

LIST = "admin:smsbat_verification_changelist"


@pytest.fixture
def boss(client, admin_user):
    client.force_login(admin_user)
    return client


def test_the_story_is_told_without_the_code(boss, start, service):
    made = start(purpose="login")
    page = boss.get(reverse("admin:smsbat_verification_change", args=[made.pk]))
    shown = page.content.decode()
    assert phone(77) in shown
    assert "waits for the code" in shown
    message = boss.get(reverse("admin:smsbat_message_change", args=[made.message_id]))
    for text in (shown, message.content.decode(), boss.get(reverse(LIST)).content.decode()):
        assert service.code not in text
        assert made.code_hash not in text


def test_a_phone_is_found_however_it_is_written(boss, start):
    start(77)
    start(78)
    page = boss.get(reverse(LIST), {"q": "067 000 00 78"}, follow=True).content.decode()
    assert phone(78) in page
    assert phone(77) not in page
    assert phone(77) not in boss.get(reverse(LIST), {"q": "nobody"}, follow=True).content.decode()


class TestClosedPrefixes:
    @pytest.fixture
    def closed(self, db):
        breaker._close("+380670", 20, 1, timezone.now())
        return ClosedPrefix.objects.get()

    def post(self, boss, **more):
        data = {"action": "open_again", "_selected_action": ["+380670"], **more}
        return boss.post(reverse("admin:smsbat_closedprefix_changelist"), data)

    def test_it_is_asked_before_codes_cost_money_again(self, boss, closed):
        page = self.post(boss).content.decode()
        assert "1 of 20 codes were entered" in page
        with pytest.raises(NotStarted):
            breaker.insist_on_open("+380670", timezone.now())

    def test_a_yes_opens_it(self, boss, closed):
        self.post(boss, confirmed="open_again")
        breaker.insist_on_open("+380670", timezone.now())
        assert ClosedPrefix.objects.get().closed_until < closed.closed_until
