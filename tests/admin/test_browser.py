"""The product as a user sees it: a real Chromium, the sandbox, a live server."""

import pytest

from django_smsbat.models import Campaign, InboundMessage, Message
from django_smsbat.services.polling import poller
from django_smsbat.services.sending import worker

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_campaign_is_sent_from_the_admin_and_answered_on_the_phone(
    page, live_server, start_sandbox, settings, people, campaign, admin_user
):
    callbacks = live_server.url.replace("http://", f"http://smsbat:{settings.SECRET}@") + "/smsbat/"
    sandbox = start_sandbox(callback_url=callbacks, status_callbacks=False)
    settings.SMSBAT = {**settings.SMSBAT, "BASE_URL": sandbox.url}
    made = campaign(text="Hi {{ name }}")
    people(77, name="Olena")

    page.goto(f"{live_server.url}/admin/smsbat/campaign/{made.pk}/change/")
    page.fill("#id_username", "admin")
    page.fill("#id_password", "password")
    page.press("#id_password", "Enter")
    page.click(".object-tools >> text=Send")
    assert page.inner_text(".smsbat-prospect th:has-text('Recipients') + td") == "1"
    page.click("input[type=submit][value=Send]")
    page.wait_for_selector("text=sending to 1 recipient")

    worker.submit_queued()
    Message.objects.update(next_poll_at="2026-01-01T00:00Z")
    poller.sync()
    page.reload()
    assert page.inner_text(".smsbat-step:nth-child(5) dd:first-of-type") == "1"  # delivered

    page.goto(sandbox.url)
    page.wait_for_selector(".bubble >> text=Hi Olena")
    page.fill("input[name=text]", "<b>Дякую!</b>")
    page.press("input[name=text]", "Enter")
    page.wait_for_selector("text=The site has it.")
    page.wait_for_selector(".bubble.reply >> text=<b>Дякую!</b>")
    stored = InboundMessage.objects.select_related("in_reply_to").get()
    assert (stored.text, stored.in_reply_to.campaign_id) == ("<b>Дякую!</b>", made.pk)
    assert Campaign.objects.get().status == "sent"


def test_what_changed_since_it_was_looked_at_is_said_and_what_is_in_doubt_is_settled(
    page, live_server, people, campaign, admin_user, queued
):
    people(77)
    made = campaign()
    page.goto(f"{live_server.url}/admin/smsbat/campaign/{made.pk}/change/")
    page.fill("#id_username", "admin")
    page.fill("#id_password", "password")
    page.press("#id_password", "Enter")
    page.click(".object-tools >> text=Send")
    assert page.inner_text("th:has-text('Billed parts') + td") == "1"
    people(78)  # a recipient joins the list while the confirmation page is open
    page.click("input[type=submit][value=Send]")
    page.wait_for_selector("text=who gets it (1 then, 2 now) has changed: look again")
    page.click(".object-tools >> text=Send")
    page.click("input[type=submit][value=Send]")
    page.wait_for_selector("text=sending to 2 recipients")

    Message.objects.update(status="unconfirmed", attempts=1)
    page.reload()
    page.click("text=Settle the unconfirmed")
    page.wait_for_selector(".action-select")
    for box in page.locator(".action-select").all():
        box.check()
    page.select_option("select[name=action]", "give_up")
    page.click("button[name=index]")
    page.wait_for_selector("text=2 unconfirmed messages are concerned")
    page.click("input[type=submit][value='Give up']")
    page.wait_for_selector("text=2 messages settled")
    assert set(Message.objects.values_list("status", flat=True)) == {"failed"}
