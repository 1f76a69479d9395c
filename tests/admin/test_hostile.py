"""Any input is shown as text on every page, and breaks none."""

import csv
import io

import pytest

from django_smsbat.models import (
    Campaign,
    ClosedPrefix,
    InboundMessage,
    Message,
    Recipient,
    RecipientList,
    RecipientUpload,
    StatusEvent,
    Verification,
)
from django_smsbat.services.inbound import receive
from django_smsbat.services.tracking import recorder
from tests.admin.test_permissions import PAGES, address, make_verified
from tests.conftest import NOON
from tests.services.inbound.test_receive import written
from tests.services.tracking.test_recorder import accepted, reported

pytestmark = pytest.mark.django_db
SCRIPTS = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
WORDS = f"{SCRIPTS}{{{{ 7|add:7 }}}}{{% now 'Y' %}}\u202e=cmd()"
LONG = WORDS * (10_000 // len(WORDS) + 1)
# Quotes in user input end no attribute.
FORBIDDEN = ("<script>alert", "<img src=x", "alert(1)>14")


@pytest.fixture
def world(people, campaign, queued):
    [person] = people(77, name=WORDS[:200], attributes={"a": LONG, WORDS: 1})
    RecipientList.objects.update(name=WORDS)
    people(79, name="=cmd()")
    made = campaign(name=WORDS, text=LONG, fallback_text="", started_at=NOON, pause_reason=LONG)
    message = queued(77, campaign=made, recipient=person, status="sending", attempts=1, text=LONG)
    recorder.record([accepted(message), reported("s-1", "delivered", after=9, note=LONG)], NOON)
    queued(80, campaign=made, text="=cmd()")
    queued(78, campaign=made, status="rejected", error_code=WORDS[:64], error_message=LONG)
    receive.receive(written(text=LONG))
    InboundMessage.objects.update(alpha_name=WORDS[:64])
    RecipientUpload.objects.create(
        list_name=WORDS, file_name=WORDS, made_by=WORDS, made_at=NOON, state="failed", failure=LONG
    )
    make_verified(message, purpose=WORDS[:32])
    models = (
        *(Campaign, Message, StatusEvent, InboundMessage, Recipient, RecipientList),
        *(Verification, ClosedPrefix),
    )
    return {model._meta.model_name: model.objects.latest("pk").pk for model in models}


@pytest.mark.parametrize("page", sorted(PAGES))
def test_hostile_words_are_words(boss, world, page):
    answer = boss.get(address(page, world))
    if answer.streaming:
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert not any(cell.startswith("=") for cell in cells)
        assert page == "recipient_import_rejects" or "'=cmd()" in cells
        return
    content = answer.content.decode()
    assert answer.status_code in (200, 403, 405)
    for forbidden in FORBIDDEN:
        assert forbidden not in content


def test_hostile_words_are_words_on_the_dashboard(boss, world):
    Campaign.objects.update(status="paused")
    page = boss.get("/admin/smsbat/").content.decode()
    assert "smsbat-dashboard" in page
    for forbidden in FORBIDDEN:
        assert forbidden not in page
