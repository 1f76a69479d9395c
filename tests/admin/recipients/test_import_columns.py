"""The user sees the assignment of each column and can change it before the import."""

import pytest
from django.urls import reverse
from django.utils import translation

from django_smsbat.models import ColumnMapping, Recipient, RecipientList, RecipientUpload
from django_smsbat.services.recipients.imports import uploads
from tests.admin.recipients.test_imports import upload
from tests.conftest import phone

pytestmark = pytest.mark.django_db
FILE = f"Contact,Town,Points\n{phone(1)},Kyiv,5\n{phone(2)},Lviv,7\n"


def page_of(client):
    key = RecipientUpload.objects.latest("pk").pk
    return client.get(reverse("admin:smsbat_recipient_import_one", args=[key]))


def post(client, **changes):
    """Submit the form as the page shows it, with these changes."""
    page = page_of(client)
    form = page.context["form"]
    data = {name: form[name].value() or "" for name in form.fields} | changes
    return client.post(page.request["PATH_INFO"], data, follow=True)


@pytest.fixture
def uploaded(boss):
    upload(boss, FILE)
    return RecipientUpload.objects.get()


def test_the_page_shows_what_each_column_is_taken_for(boss, uploaded):
    rows = list(page_of(boss).context["form"].rows())
    assert [(row.heading, row.use.value(), row.name.value()) for row in rows] == [
        ("Contact", "phone", ""),
        ("Town", "text", "Town"),
        ("Points", "text", "Points"),
    ]
    assert rows[1].samples == ("Kyiv", "Lviv")


def test_a_changed_column_is_shown_again_before_the_import(boss, uploaded):
    page = post(boss, use_2="number", name_2="bonus")
    assert "The columns have changed" in page.content.decode()
    uploaded.refresh_from_db()
    assert uploaded.state == "looked_at"
    [first, _] = page.context["preview"].people
    assert first.person.attributes == {"Town": "Kyiv", "bonus": 5}


def test_the_import_follows_the_changed_columns(boss, uploaded):
    post(boss, use_1="ignore", use_2="number", name_2="bonus")
    post(boss)
    uploads.import_waiting()
    assert Recipient.objects.get(phone=phone(1)).attributes == {"bonus": 5}


def test_an_unchanged_form_starts_the_import(boss, uploaded):
    post(boss)
    uploaded.refresh_from_db()
    assert uploaded.state == "queued"


def test_updating_the_preview_never_starts_the_import(boss, uploaded):
    post(boss, _preview="1")
    post(boss, _preview="1")
    uploaded.refresh_from_db()
    assert uploaded.state == "looked_at"


@pytest.mark.parametrize(
    ("name", "words"),
    [("", "has no name"), ("two words", "cannot be a placeholder"), ("a-b", "cannot be a")],
)
def test_a_name_that_no_placeholder_can_have_is_refused(boss, uploaded, name, words):
    page = post(boss, use_1="text", name_1=name)
    assert words in page.content.decode()
    uploaded.refresh_from_db()
    assert uploaded.columns == []


def test_the_choice_is_proposed_for_the_next_file_with_the_same_headings(boss, uploaded):
    post(boss, use_2="number", name_2="bonus", _preview="1")
    upload(boss, FILE.replace("Kyiv", "Odesa"), new_list="Autumn")
    rows = list(page_of(boss).context["form"].rows())
    assert (rows[2].use.value(), rows[2].name.value()) == ("number", "bonus")
    assert ColumnMapping.objects.get().updated_by == "admin"


def test_a_file_whose_phones_are_not_recognised_can_still_be_imported(boss):
    page = upload(boss, f"Who,Where\n{phone(1)},Kyiv\n")
    assert "no column holds phones" in page.content.decode()
    assert 'value="Import"' not in page.content.decode()
    page = post(boss, use_0="phone", name_0="", _preview="1")
    assert page.context["preview"].result.created == 1


def test_an_encoding_can_be_chosen(boss):
    upload(boss, "phone,name\n0670000001,Ü\n".encode("cp1252"))
    page = post(boss, encoding="cp1252", _preview="1")
    assert page.context["preview"].people[0].person.name == "Ü"


def test_the_page_is_equally_complete_in_ukrainian(boss, uploaded):
    with translation.override("uk"):
        words = boss.get(page_of(boss).request["PATH_INFO"], headers={"accept-language": "uk"})
    assert "Стовпці" in words.content.decode()
    assert "кома" in words.content.decode()


class TestOptOuts:
    def test_a_plain_list_of_numbers_opts_out_and_joins_no_list(self, boss):
        upload(boss, f"{phone(1)}\n{phone(2)}\n", opt_out="on")
        assert page_of(boss).context["preview"].result.opted_out == 2
        post(boss)
        uploads.import_waiting()
        assert Recipient.objects.exclude(opted_out_at=None).count() == 2
        assert not RecipientList.objects.exists()

    def test_columns_of_a_file_without_headings_can_be_chosen(self, boss):
        upload(boss, f"{phone(1)},Olena\n{phone(2)},Ivan\n", opt_out="on")
        page = post(boss, use_1="name", _preview="1")
        assert [one.person.name for one in page.context["preview"].people] == ["Olena", "Ivan"]

    def test_the_change_names_who_imported_which_file(self, boss):
        upload(boss, f"{phone(1)}\n", name="stop.csv", opt_out="on")
        post(boss)
        uploads.import_waiting()
        [change] = Recipient.objects.get().consent_changes.all()
        assert (change.entered_by, change.reason, change.source) == ("admin", "stop.csv", "import")

    def test_a_list_beside_opt_outs_is_refused(self, boss):
        page = upload(boss, f"{phone(1)}\n", opt_out="on", new_list="Spring")
        assert "join no list" in page.content.decode()
        assert not RecipientUpload.objects.exists()
