"""Accounts in the admin: hidden on a site with one account, a choice on a site with several."""

import pytest
from django.urls import reverse

from django_smsbat.models import Campaign, RecipientList

SHOP = {"ACCOUNTS": {"shop": {"API_KEY": "k", "SENDER": "TheShop"}}}


@pytest.fixture
def shop(settings):
    settings.SMSBAT = {**settings.SMSBAT, **SHOP}


def add(boss, **more):
    everybody = RecipientList.objects.get_or_create(name="All")[0]
    data = {"name": "Sale", "type": "sms", "text": "Sale! STOP", "lists": [everybody.pk], **more}
    return boss.post(reverse("admin:smsbat_campaign_add"), data)


def page_of(boss, made):
    url = reverse(f"admin:smsbat_{made._meta.model_name}_change", args=[made.pk])
    return boss.get(url).content.decode()


def test_a_site_with_one_is_asked_nothing(boss):
    page = boss.get(reverse("admin:smsbat_campaign_add")).content.decode()
    assert 'name="account"' not in page
    assert add(boss).status_code == 302
    assert Campaign.objects.get().account == "default"


def test_nor_told_anything(boss, queued, campaign):
    for made in (queued(), campaign(), campaign(status="sent", started_at="2026-03-02T12:00Z")):
        assert "field-account" not in page_of(boss, made)


@pytest.mark.usefixtures("shop")
def test_with_several_one_is_chosen(boss):
    page = boss.get(reverse("admin:smsbat_campaign_add")).content.decode()
    assert '<option value="shop">shop</option>' in page
    assert add(boss, account="shop").status_code == 302
    assert Campaign.objects.get().account == "shop"


@pytest.mark.parametrize("several", [True, False])
def test_the_list_of_campaigns_tells_them_apart_where_there_are_several(
    boss, campaign, settings, several
):
    settings.SMSBAT = {**settings.SMSBAT, **(SHOP if several else {})}
    campaign(name="By the shop", account="shop")
    campaign(name="By default")
    url = reverse("admin:smsbat_campaign_changelist")
    assert ("column-account" in boss.get(url).content.decode()) is several
    if several:
        assert "By default" not in boss.get(url, {"account": "shop"}).content.decode()


@pytest.mark.usefixtures("shop")
def test_none_that_is_not_there(boss):
    assert add(boss, account="elsewhere").status_code == 200
    assert not Campaign.objects.exists()


@pytest.mark.usefixtures("shop")
def test_the_phone_shows_the_sender_of_the_account(boss):
    typed = {"account": "shop", "type": "sms", "text": "Hi"}
    shown = boss.post(reverse("admin:smsbat_campaign_phone"), typed).content.decode()
    assert "TheShop" in shown


@pytest.mark.usefixtures("shop")
def test_what_was_sent_says_by_which(boss, queued, campaign):
    started = {"status": "sent", "started_at": "2026-03-02T12:00Z", "account": "shop"}
    for made in (queued(account="shop"), campaign(**started)):
        assert "field-account" in page_of(boss, made)


def test_one_that_was_retired_is_still_told(boss, queued, campaign):
    for made in (queued(account="gone"), campaign(account="gone")):
        assert "gone" in page_of(boss, made)


def test_a_retired_one_sends_nothing_and_says_why(boss, people, campaign):
    people(77)
    made = campaign(account="gone")
    url = reverse("admin:smsbat_campaign_send", args=[made.pk])
    page = boss.get(url, follow=True, headers={"accept-language": "uk"}).content.decode()
    assert "такого облікового запису в налаштуваннях немає" in page
