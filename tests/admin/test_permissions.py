"""The full matrix: every admin page and action against every permission.

Two tables define the expectations; a page in neither fails the first test. A user with exactly the
required permissions gets access, so no others are needed. A user with all other permissions gets
none, so no others suffice.
"""

from itertools import product

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from django_smsbat.admin.campaigns.actions import CAMPAIGN_ACTIONS
from django_smsbat.admin.recipients.imports import NEEDED
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
from tests.conftest import NOON
from tests.services.inbound.test_receive import written
from tests.services.tracking.test_recorder import accepted

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.django_db]
NEVER = [()]  # no permission opens it


def any_of(*names):
    return [names]


def see(model):
    """Django also lets users with change permission view."""
    return any_of(f"view_{model}", f"change_{model}")


CAMPAIGN = see("campaign")
PHONE = any_of("view_message") + any_of("view_inboundmessage") + any_of("view_recipient")
ANSWER = see("inboundmessage") + any_of("reply_inboundmessage")
DECIDE = see("inboundmessage") + any_of("change_recipient")
IMPORT = [(name,) for name in NEEDED]
# The permissions that open a page, by GET and by POST: at least one of each group.
PAGES = {
    **{
        f"{model}_{page}": (see(model), see(model))
        for model in (
            "campaign",
            "message",
            "statusevent",
            "inboundmessage",
            "recipient",
            "recipientlist",
            "verification",
            "closedprefix",
        )
        for page in ("changelist", "history")
    },
    **{
        f"{model}_add": (any_of(f"add_{model}"), any_of(f"add_{model}"))
        for model in ("campaign", "recipient", "recipientlist")
    },
    **{
        f"{model}_change": (see(model), any_of(f"change_{model}"))
        for model in ("campaign", "recipient", "recipientlist")
    },
    **{
        f"{model}_delete": (any_of(f"delete_{model}"), any_of(f"delete_{model}"))
        for model in ("campaign", "recipient", "recipientlist")
    },
    **{
        f"{model}_change": (see(model), NEVER)
        for model in ("message", "statusevent", "inboundmessage", "verification", "closedprefix")
    },
    **{
        f"{model}_{page}": (NEVER, NEVER)
        for model in ("message", "statusevent", "inboundmessage", "verification", "closedprefix")
        for page in ("add", "delete")
    },
    **{
        f"campaign_{name}": (CAMPAIGN + any_of(control.permission),) * 2
        for name, control in CAMPAIGN_ACTIONS.items()
    },
    **{
        f"{model}_search": (see(model), see(model))
        for model in ("message", "statusevent", "inboundmessage", "recipient", "verification")
    },
    "campaign_try": (CAMPAIGN + any_of("send_campaign"),) * 2,
    "campaign_progress": (CAMPAIGN, CAMPAIGN),
    "campaign_details": (CAMPAIGN, CAMPAIGN),
    "campaign_results": (CAMPAIGN + any_of("view_message"),) * 2,
    "campaign_phone": (any_of("add_campaign", "change_campaign"),) * 2,
    "message_phone": (PHONE, PHONE),
    "recipient_phone": (PHONE, PHONE),
    "recipient_export": (see("recipient"),) * 2,
    "recipient_import": (IMPORT, IMPORT),
    "recipient_import_one": (IMPORT, IMPORT),
    "recipient_import_progress": (IMPORT, IMPORT),
    "recipient_import_rejects": (IMPORT, IMPORT),
    "inboundmessage_reply": (ANSWER, ANSWER),
    "inboundmessage_read": (ANSWER, ANSWER),
    "inboundmessage_phone": (ANSWER, ANSWER),
    "inboundmessage_opt_out": (DECIDE, DECIDE),
    "inboundmessage_dismiss_opt_out": (DECIDE, DECIDE),
}
ACTIONS = {
    **{
        ("campaign", name): CAMPAIGN + any_of(CAMPAIGN_ACTIONS[name].permission)
        for name in ("send", "pause", "resume", "cancel", "retry", "duplicate")
    },
    ("campaign", "delete_selected"): CAMPAIGN + any_of("delete_campaign"),
    ("message", "resend"): see("message") + any_of("settle_message"),
    ("message", "give_up"): see("message") + any_of("settle_message"),
    ("message", "make_list"): see("message") + any_of("add_recipientlist"),
    ("inboundmessage", "opt_out_senders"): DECIDE,
    ("recipient", "opt_out"): any_of("change_recipient"),
    ("recipient", "opt_in"): any_of("change_recipient"),
    ("recipient", "erase"): see("recipient") + any_of("erase_recipient"),
    ("recipient", "make_list"): see("recipient") + any_of("add_recipientlist"),
    ("recipient", "add_to_list"): see("recipient") + any_of("change_recipientlist"),
    ("recipient", "take_from_list"): see("recipient") + any_of("change_recipientlist"),
    ("recipient", "delete_selected"): see("recipient") + any_of("delete_recipient"),
    ("closedprefix", "open_again"): see("closedprefix") + any_of("open_closedprefix"),
    ("recipientlist", "delete_selected"): see("recipientlist") + any_of("delete_recipientlist"),
}


def pages():
    """Return the names of all pages of the app's admin, from the site's own URLs."""
    found = get_resolver().namespace_dict["admin"][1].reverse_dict
    names = {name for name in found if isinstance(name, str) and name.startswith("smsbat_")}
    return {name.removeprefix("smsbat_") for name in names}


def first_keys():
    """Return the key of one row of each model that has pages."""
    models = (
        *(Campaign, Message, StatusEvent, InboundMessage, Recipient, RecipientList),
        *(Verification, ClosedPrefix),
    )
    return {model._meta.model_name: model.objects.first().pk for model in models}


def make_verified(message, **fields):
    """Create a verification and a closed prefix."""
    times = {"created_at": NOON, "expires_at": NOON}
    Verification.objects.create(
        phone=message.to, channel="sms", prefix="+380670", message=message, **times, **fields
    )
    times = {"closed_at": NOON, "closed_until": NOON, "counted_from": NOON}
    ClosedPrefix.objects.create(prefix="+380670", asked=20, entered=1, **times)


def codenames():
    own = Permission.objects.filter(content_type__app_label="smsbat")
    return sorted(own.values_list("codename", flat=True))


@pytest.fixture
def world(people, campaign, queued):
    """One object of every kind."""
    [person] = people(77)
    made = campaign(started_at=NOON)
    message = queued(77, campaign=made, recipient=person, status="sending", attempts=1)
    recorder.record([accepted(message)], NOON)
    receive.receive(written(text="Hi"))
    make_verified(message)
    RecipientUpload.objects.create(list_name="L", file_name="a.csv", made_by="x", made_at=NOON)
    return first_keys()


@pytest.fixture
def somebody(db, django_user_model):
    """Log in a user with these permissions; the same user for the same set."""
    known = {}

    def make(names):
        if names not in known:
            user = django_user_model.objects.create_user(f"user-{len(known)}", is_staff=True)
            user.user_permissions.set(Permission.objects.filter(codename__in=names))
            known[names] = Client()
            known[names].force_login(user)
        return known[names]

    return make


def cases(needed):
    """Yield sets of permissions, and whether they satisfy one of each required group."""
    everything = frozenset(codenames())
    yield everything, needed != NEVER
    if needed == NEVER:
        return
    for choice in product(*needed):
        yield frozenset(choice), True
    for group in needed:
        yield everything - set(group), False


def address(page, world):
    model, _, rest = page.partition("_")
    key = RecipientUpload.objects.get().pk if rest.startswith("import_") else world[model]
    try:
        return reverse(f"admin:smsbat_{page}", args=[key])
    except NoReverseMatch:
        return reverse(f"admin:smsbat_{page}")


def test_every_page_and_every_action_is_in_the_tables():
    from django.contrib import admin

    assert pages() == set(PAGES)
    own = {
        (model._meta.model_name, getattr(action, "__name__", action))
        for model, page in admin.site._registry.items()
        if model._meta.app_label == "smsbat"
        for action in page.actions or ()
    }
    assert own == {key for key in ACTIONS if key[1] != "delete_selected"}


@pytest.mark.parametrize("method", ["get", "post"])
def test_every_page_opens_for_exactly_those_who_may(world, somebody, method):
    wrong = []
    for page, needed in PAGES.items():
        url = address(page, world)
        for names, opens in cases(needed[method == "post"]):
            status = getattr(somebody(names), method)(url).status_code
            if (status != 403) != opens:
                wrong.append((method, page, sorted(names), status))
    assert wrong == []


def test_no_page_opens_for_nobody(world):
    for page in PAGES:
        url = address(page, world)
        for method in ("get", "post"):
            answer = getattr(Client(), method)(url)
            assert answer.status_code == 302, page
            assert "/login/" in answer["Location"]


def test_every_action_is_offered_to_exactly_those_who_may(world, somebody):
    wrong = []
    for (model, action), needed in ACTIONS.items():
        url = reverse(f"admin:smsbat_{model}_changelist")
        for names, opens in cases(needed):
            client = somebody(names)
            data = {"action": action, "_selected_action": [world[model]], "index": 0}
            asked = client.post(url, data)
            # Without permission, the user sees "no action selected" or the list; otherwise a
            # confirmation page, or the action is performed.
            is_list = asked.status_code == 200 and "cl" in asked.context
            told = client.get(url).context["messages"] if asked.status_code == 302 else ()
            refused = is_list or any("No action selected" in str(one) for one in told)
            refused = refused or asked.status_code == 403
            if refused == opens:
                wrong.append((model, action, sorted(names), asked.status_code))
    assert wrong == []


@pytest.mark.parametrize("name", sorted(CAMPAIGN_ACTIONS))
def test_a_get_changes_nothing(world, boss, name):
    before = list(Campaign.objects.values()), list(Message.objects.values())
    boss.get(address(f"campaign_{name}", world))
    assert (list(Campaign.objects.values()), list(Message.objects.values())) == before
