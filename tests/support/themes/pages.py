"""Opens every page of the admin, in a process with another theme in its settings."""

from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment

from django_smsbat.models import (
    Campaign,
    InboundMessage,
    Message,
    Recipient,
    RecipientList,
    RecipientUpload,
    StatusEvent,
)
from tests.admin.test_permissions import PAGES, address, first_keys, make_verified
from tests.conftest import NOON

OURS = {
    "campaign_change": "smsbat-report",
    "campaign_add": "smsbat-composer",
    "message_changelist": "smsbat-pages",
    "inboundmessage_change": "smsbat-thread",
}
BY_POST = (
    "campaign_phone",
    "inboundmessage_phone",
    "inboundmessage_read",
    "inboundmessage_opt_out",
    "inboundmessage_dismiss_opt_out",
)


def make_world():
    """Create one object of each kind."""
    person = Recipient.objects.create(phone="+380670000077", name="Olena")
    everybody = RecipientList.objects.create(name="All")
    everybody.recipients.add(person)
    made = Campaign.objects.create(name="Sale", type="sms", text="Sale!", started_at=NOON)
    made.lists.set([everybody])
    own = {"to": person.phone, "type": "sms", "campaign": made, "recipient": person}
    message = Message.objects.create(**own)
    StatusEvent.objects.create(
        message=message,
        smsbat_id="s-1",
        fingerprint="00000000-0000-4000-8000-000000000001",
        status="delivered",
        source="poll",
        occurred_at=NOON,
        recorded_at=NOON,
    )
    InboundMessage.objects.create(id_uuid="u", phone=person.phone, text="Hi", received_at=NOON)
    RecipientUpload.objects.create(list_name="L", file_name="a.csv", made_by="x", made_at=NOON)
    make_verified(message)
    return first_keys()


def open_all():
    setup_test_environment()
    call_command("migrate", verbosity=0)
    world = make_world()
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    for page, (opens, _by_post) in PAGES.items():
        status = client.get(address(page, world)).status_code
        is_by_post = page in BY_POST or page.endswith("_search")
        expected = 403 if opens == [()] else 405 if is_by_post else 200
        assert status == expected, (page, status)
    for page, ours in OURS.items():
        assert ours in client.get(address(page, world)).content.decode(), page
    assert "smsbat-dashboard" in client.get("/admin/smsbat/").content.decode()
