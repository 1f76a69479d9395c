"""The preview of an upload is computed when the upload changes, and afterwards only displayed."""

import json

import pytest
from django.urls import reverse

from django_smsbat.models import Recipient, RecipientUpload
from django_smsbat.services.recipients.imports import stored_preview, uploads
from django_smsbat.services.recipients.imports.readers import limits
from django_smsbat.services.retention import erase
from tests.admin.recipients.test_imports import IMPORT, ROWS, confirm, upload
from tests.conftest import phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def unreadable(monkeypatch):
    """Make every later attempt to read a file fail."""

    def refuse():
        def fail(*args, **kwargs):
            raise AssertionError("the file is read again")

        for name in ("preview", "headings_of"):
            monkeypatch.setattr(uploads, name, fail)

    return refuse


def page_of(client):
    key = RecipientUpload.objects.latest("pk").pk
    return client.get(reverse("admin:smsbat_recipient_import_one", args=[key]))


def test_the_page_reads_no_file(boss, unreadable):
    first = upload(boss)
    unreadable()
    for _ in range(2):
        assert page_of(boss).context["preview"] == first.context["preview"]
    assert confirm(boss).status_code == 200


def test_the_page_shows_what_was_computed(boss):
    Recipient.objects.create(phone=phone(2), name="Petro", attributes={"city": "Lviv"})
    rows = f"{ROWS}{phone(3)},{'x' * 190},\n"
    content = upload(boss, f"{rows}").content.decode()
    for shown in ("Olena", "Ivan", "Lviv", "Kyiv", "existing", "Nobody"):
        assert shown in content


def test_other_columns_make_another_preview(boss):
    upload(boss, "phone,town\n0671112233,Kyiv\n")
    before = RecipientUpload.objects.get().preview
    url = reverse("admin:smsbat_recipient_import_one", args=[RecipientUpload.objects.get().pk])
    data = {"use_0": "phone", "name_0": "", "use_1": "name", "name_1": "", "_preview": "1"}
    boss.post(url, data)
    after = RecipientUpload.objects.get().preview
    assert before["people"][0]["name"] == ""
    assert after["people"][0]["name"] == "Kyiv"


def test_nothing_is_shown_of_a_preview_that_was_not_finished(boss, unreadable):
    upload(boss)
    RecipientUpload.objects.update(preview={})
    unreadable()
    assert "The preview was not finished" in page_of(boss).context["preview"].failure


def test_what_is_confirmed_needs_no_preview(boss):
    upload(boss)
    confirm(boss)
    assert RecipientUpload.objects.get().preview == {}


def test_who_is_erased_is_in_no_preview(boss):
    # The file search does not match these digits, but the preview shows the number.
    upload(boss, "phone,name\n٠٦٧١١١٢٢٣٣,Olena\n")
    assert RecipientUpload.objects.get().preview["people"][0]["phone"] == "+380671112233"
    erase.erase("+380671112233")
    assert not RecipientUpload.objects.exists()


def test_long_values_are_cut(boss):
    upload(boss, f"phone,note\n0671112233,{'a' * 900}\nx,{'b' * 900}\n")
    assert len(json.dumps(RecipientUpload.objects.get().preview)) < 2_500


def test_it_comes_back_as_it_was_stored(boss):
    rows = f"phone,subscribed,city\n{phone(1)},no,Kyiv\n{phone(2)},,\n"
    upload(boss, rows)
    made = RecipientUpload.objects.get()
    again = json.loads(json.dumps(stored_preview.dump(uploads.preview_of(made))))
    assert again == made.preview
    assert [one.opts_out for one in uploads.preview_of(made).people] == [True, False]


def test_a_file_that_takes_too_long_is_not_previewed(boss, monkeypatch):
    monkeypatch.setattr(limits, "PREVIEW_SECONDS", -1)
    found = upload(boss).context["preview"]
    assert "smsbat_import" in found.failure


def test_a_file_that_is_too_large_is_refused(boss, monkeypatch):
    monkeypatch.setattr(limits, "UPLOAD_MAX", 30)
    content = upload(boss).content.decode()
    assert "the file is larger than 0 MB" in content
    assert not RecipientUpload.objects.exists()
    assert boss.get(IMPORT).status_code == 200
