"""Every admin page in a real browser: no error, no policy violation, no accessibility barrier.

In English and Ukrainian, light and dark, at desktop and phone widths.
"""

import os
from pathlib import Path

import pytest
from django.urls import reverse

from django_smsbat.models import InboundMessage, Message, RecipientList, StatusEvent, Verification
from django_smsbat.services.campaigns import preflight
from django_smsbat.services.inbound import receive
from django_smsbat.services.recipients.imports import uploads
from django_smsbat.services.tracking import recorder
from tests.admin.test_permissions import make_verified
from tests.conftest import NOON
from tests.services.inbound.test_receive import written
from tests.services.tracking.test_recorder import accepted, reported

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [("en", "light", 1280), ("uk", "dark", 400)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
PICTURES = os.environ.get("PICTURES")  # a folder for screenshots


@pytest.fixture
def story(people, campaign, queued):
    """A site with every kind of event; returns the URLs of its pages."""
    [person] = people(77, name="Олена", attributes={"city": "Київ"})
    people(78, opted_out_at=NOON)
    made = campaign(name="Весняний розпродаж", text="Вітаємо, {{ name }}!")
    draft = campaign(
        name="Draft",
        type="viber_carousel",
        text="Дивіться!",
        message_data={
            "carousel": {
                "items": [
                    {
                        "title": "Чай",
                        "imageUrl": "https://shop.example.com/tea.png",
                        "primaryButton": {
                            "label": "Купити",
                            "actionUrl": "https://shop.example.com/",
                        },
                    }
                ]
            }
        },
    )
    preflight.look(made)
    sent = {"campaign": made, "recipient": person, "attempts": 1, "text": "Вітаємо, Олено!"}
    message = queued(77, status="sending", **sent)
    recorder.record([accepted(message), reported("s-1", "delivered", after=9)], NOON)
    queued(78, campaign=made, status="unconfirmed", attempts=1)
    queued(79, campaign=made, status="rejected", error_code="1003", error_message="invalid")
    made.status, made.started_at = "sending", NOON
    made.save()
    rows = b"phone,name\n380671112233,Ivan\n12,Nobody\n"
    kept = uploads.keep([rows], "people.csv", "Spring", "admin")
    receive.receive(written(text="Дякую, а коли привезуть? І не пишіть мені більше"))
    make_verified(message, status="verified", purpose="login")
    return {
        "home": reverse("admin:index"),
        "dashboard": reverse("admin:app_list", args=["smsbat"]),
        "campaigns": reverse("admin:smsbat_campaign_changelist"),
        "composer": reverse("admin:smsbat_campaign_add"),
        "draft": reverse("admin:smsbat_campaign_change", args=[draft.pk]),
        "campaign": reverse("admin:smsbat_campaign_change", args=[made.pk]),
        "preflight": reverse("admin:smsbat_campaign_send", args=[draft.pk]),
        "test": reverse("admin:smsbat_campaign_try", args=[draft.pk]),
        "messages": reverse("admin:smsbat_message_changelist"),
        "message": reverse("admin:smsbat_message_change", args=[Message.objects.first().pk]),
        "events": reverse("admin:smsbat_statusevent_changelist"),
        "event": reverse("admin:smsbat_statusevent_change", args=[StatusEvent.objects.first().pk]),
        "inbox": reverse("admin:smsbat_inboundmessage_changelist"),
        "conversation": reverse(
            "admin:smsbat_inboundmessage_change", args=[InboundMessage.objects.get().pk]
        ),
        "reply": reverse(
            "admin:smsbat_inboundmessage_reply", args=[InboundMessage.objects.get().pk]
        ),
        "import": reverse("admin:smsbat_recipient_import"),
        "file": reverse("admin:smsbat_recipient_import_one", args=[kept.pk]),
        "recipients": reverse("admin:smsbat_recipient_changelist"),
        "recipient": reverse("admin:smsbat_recipient_change", args=[person.pk]),
        "phone": reverse("admin:smsbat_recipient_phone", args=[person.pk]),
        "verifications": reverse("admin:smsbat_verification_changelist"),
        "verification": reverse(
            "admin:smsbat_verification_change", args=[Verification.objects.get().pk]
        ),
        "prefixes": reverse("admin:smsbat_closedprefix_changelist"),
        "prefix": reverse("admin:smsbat_closedprefix_change", args=["+380670"]),
        "verify": reverse("smsbat-verification:start"),
        "lists": reverse("admin:smsbat_recipientlist_changelist"),
        "list": reverse(
            "admin:smsbat_recipientlist_change", args=[RecipientList.objects.first().pk]
        ),
    }


@pytest.mark.parametrize(("language", "theme", "width"), LOOKS)
def test_no_page_complains_under_a_strict_policy(log_in, story, language, theme, width):
    page = log_in(language=language, theme=theme, width=width)
    for name, path in story.items():
        page.goto(path)
        page.wait_for_load_state("networkidle")
        scrolls = page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1")
        assert not scrolls, f"{name} is wider than the screen"


@pytest.mark.parametrize(("language", "theme", "width"), LOOKS)
def test_no_page_stands_in_anybody_s_way(log_in, story, language, theme, width):
    checker = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe")
    # The checker injects styles, which the strict policy blocks.
    page = log_in(language=language, theme=theme, width=width, bypass_csp=True)
    found = {}
    for name, path in story.items():
        page.goto(path)
        page.wait_for_load_state("networkidle")
        if PICTURES:
            picture = Path(PICTURES) / f"{name}-{language}-{theme}-{width}.png"
            page.screenshot(path=picture, full_page=True)
        told = checker.Axe().run(page, options=RULES)
        found |= {
            (name, one["id"]): [node["html"] for node in one["nodes"]]
            for one in told.response["violations"]
        }
    assert found == {}, "\n".join(f"{key}: {value}" for key, value in found.items())
