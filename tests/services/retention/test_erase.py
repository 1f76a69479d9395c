"""No table contains data of an erased person, whatever its source."""

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from django_smsbat.models import (
    InboundMessage,
    Message,
    Recipient,
    RecipientUpload,
    StatusEvent,
    UploadState,
    Verification,
)
from django_smsbat.services.consent import suppression
from django_smsbat.services.inbound import receive
from django_smsbat.services.recipients.imports import uploads
from django_smsbat.services.recipients.imports.traces import Traces
from django_smsbat.services.retention import erase
from tests.conftest import phone
from tests.services.inbound.test_receive import written
from tests.settings import SECRET
from tests.support.entry_points import NAME, NAMES, NATIONAL, PHONE, admin_url
from tests.support.whole_database import places_of

pytestmark = pytest.mark.django_db
OTHER = phone(88)
FIRST, LAST = NAME.split()
ROUTES = [name for name in NAMES if name not in ("erase", "admin_erase", "purge")]


def left():
    return places_of(PHONE, NAME, LAST)


@pytest.fixture
def known(db):
    return Recipient.objects.create(phone=PHONE, name=NAME, email="olena@example.com")


def reported(**body):
    told = {"messageId": "m-1", "deliverystatus": "delivered", **body}
    headers = {"X-Authorization-Key": SECRET}
    post = Client().post
    return post(
        reverse("smsbat:status"), json.dumps(told), content_type="application/json", headers=headers
    )


def test_a_person_who_came_by_every_way_is_in_no_table(entry_points):
    for name in ROUTES:
        getattr(entry_points, name)()()
    assert {"Message.to", "Recipient.phone", "UploadPart.data", "StatusEvent.payload"} <= left()
    erase.erase(PHONE)
    assert left() == set()
    assert suppression.since(PHONE)


@pytest.mark.parametrize("name", ROUTES)
def test_of_each_way_alone_nothing_is_left(entry_points, name):
    getattr(entry_points, name)()()
    erase.erase(PHONE)
    assert left() == set()


@pytest.mark.parametrize(
    "body",
    [
        {"phone": PHONE},
        {"phone": PHONE[1:], "name": NAME},
        {"to": {"number": "+38 (067) 456-12-37"}},
        {"list": [{"a": 380674561237}]},
        {"phone": "٣٨٠٦٧٤٥٦١٢٣٧"},
        {PHONE: "x"},
    ],
)
def test_reports_of_no_known_message_go_if_they_quote_the_phone(body):
    reported(messageId="m-2", phone=OTHER)
    reported(**body)
    erase.erase(PHONE)
    assert [event.smsbat_id for event in StatusEvent.objects.all()] == ["m-2"]


@pytest.mark.parametrize(
    "raw",
    ["380674561237 (viber)", "38 067 456 12 37 x", "viber:380674561237", "٣٨٠٦٧٤٥٦١٢٣٧ viber"],
)
def test_what_they_wrote_goes_in_whatever_form_the_number_came(raw):
    receive.receive(written("u-1", raw_phone=raw))
    receive.receive(written("u-2", raw_phone="380670000088 (viber)"))
    erase.erase(PHONE)
    assert [one.id_uuid for one in InboundMessage.objects.all()] == ["u-2"]


# Invalid rows of an import: the value in place of the phone.
PHONES = ["", "x", "3.80674E+11", "3,80674561E+11", "٠٦٧٤٥٦١٢٣٧", "067-456-12-37 or later"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1251"])
@pytest.mark.parametrize("cell", PHONES)
def test_files_that_name_the_person_go_though_the_phone_is_broken(known, cell, encoding):
    name = "Олена Коваленко"
    Recipient.objects.filter(pk=known.pk).update(name=name)
    if encoding == "cp1251" and not cell.isascii():
        pytest.skip("this encoding has no such digits")
    rows = f"phone,name\n{cell},{name.upper()}\n".encode(encoding)
    uploads.keep([rows], "people.csv", "Spring", "admin")
    erase.erase(PHONE)
    assert not RecipientUpload.objects.exists()


def test_rejects_that_name_the_person_go(known):
    rows = f"phone,name\n,{NAME}\n0670000099,Ivan\n".encode()
    uploads.confirm(uploads.keep([rows], "people.csv", "Spring", "admin"))
    uploads.import_waiting()
    assert LAST in b"".join(uploads.rejects_of(RecipientUpload.objects.get())).decode()
    erase.erase(PHONE)
    assert left() == set()


def test_a_file_named_after_the_person_goes(known):
    uploads.keep([b"phone\n0670000099\n"], f"{LAST} {FIRST}.csv", "Spring", "admin")
    erase.erase(PHONE)
    assert left() == set()


@pytest.mark.parametrize(
    "row",
    [
        f"{OTHER},{FIRST}",  # the first of several names
        f"{OTHER},Ivan {LAST}",
        "3.80501E+11,Ivan Petrenko",
        ",Ivan",
        "0674561,Ivan",
    ],
)
def test_files_of_other_people_stay(known, row):
    uploads.keep([f"phone,name\n{row}\n".encode()], "people.csv", "Spring", "admin")
    erase.erase(PHONE)
    assert RecipientUpload.objects.count() == 1


def test_a_first_name_alone_counts_if_no_other_phone_is_in_the_row():
    person = Traces(PHONE, names=frozenset({FIRST}))
    assert person.are_in_row(f"x,{FIRST}")
    assert not person.are_in_row(f"067 000 00 88,{FIRST}")


@pytest.mark.parametrize("state", [UploadState.QUEUED, UploadState.RUNNING])
@pytest.mark.parametrize("row", [f",{NAME}", f"{NATIONAL} ext,{NAME}"])
def test_while_a_file_that_names_them_is_imported_nothing_is_erased(known, state, row):
    """Otherwise a row without a readable phone would be written to the rejected rows again."""
    uploads.keep([f"phone,name\n{row}\n".encode()], "people.csv", "Spring", "admin")
    RecipientUpload.objects.update(state=state)
    with pytest.raises(uploads.StillImporting, match="try again"):
        erase.erase(PHONE)
    assert Recipient.objects.exists()
    assert suppression.since(PHONE) is None


def test_the_admin_says_that_it_has_to_wait(known, admin_client):
    uploads.keep([f"phone,name\n,{NAME}\n".encode()], "people.csv", "Spring", "admin")
    RecipientUpload.objects.update(state=UploadState.RUNNING)
    fields = {"_selected_action": known.pk, "action": "erase", "confirmed": "erase"}
    page = admin_client.post(admin_url("recipient_changelist"), fields, follow=True)
    assert "is being imported: try again" in page.content.decode()
    assert Recipient.objects.exists()


class TestTheAdminsLog:
    """The log outlives a deleted recipient, so it never names one."""

    def test_an_entry_has_a_key_and_no_name(self, admin_client, known):
        change = admin_url("recipient_change", known.pk)
        fields = {"phone": PHONE, "name": NAME, "email": "", "attributes": "{}"}
        admin_client.post(admin_url("recipient_add"), {**fields, "phone": OTHER})
        admin_client.post(change, {**fields, "email": "new@example.com"})
        admin_client.post(admin_url("recipient_delete", known.pk), {"post": "yes"})
        shown = set(LogEntry.objects.values_list("object_repr", flat=True))
        assert LogEntry.objects.count() == 3
        assert all(one.startswith("#") for one in shown), shown

    def test_of_several_deleted_at_once_neither(self, admin_client, known):
        fields = {"_selected_action": known.pk, "action": "delete_selected", "post": "yes"}
        admin_client.post(admin_url("recipient_changelist"), fields)
        assert not Recipient.objects.exists()
        assert LogEntry.objects.get().object_repr == f"#{known.pk}"

    def test_the_name_of_an_older_entry_goes(self, admin_user, known):
        key = known.pk
        LogEntry.objects.log_actions(admin_user.pk, [known], 3)
        known.delete()
        Recipient.objects.create(phone=PHONE, name=NAME)
        erase.erase(PHONE)
        assert LogEntry.objects.get().object_repr == f"#{key}"


def test_other_people_keep_what_is_known_of_them(known):
    Recipient.objects.create(phone=OTHER, name="Ivan Petrenko")
    Message.objects.create(to=OTHER, type="sms", sender="AcmeShop", text="Hi", status="delivered")
    receive.receive(written("u-2", raw_phone=OTHER[1:]))
    before = places_of(OTHER, "Petrenko")
    erase.erase(PHONE)
    assert places_of(OTHER, "Petrenko") == before
    assert not Verification.objects.exists()
