"""Import in the admin: a file is previewed, confirmed, and imported in the background."""

import io
import threading
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from django_smsbat.models import Recipient, RecipientList, RecipientUpload, UploadPart
from django_smsbat.runners import thread
from django_smsbat.services.recipients.imports import uploads
from django_smsbat.services.recipients.imports.traces import Traces
from django_smsbat.services.retention import erase, purge
from tests.conftest import phone

pytestmark = pytest.mark.django_db
IMPORT = reverse("admin:smsbat_recipient_import")
ROWS = f"phone,name,city\n{phone(1)},Olena,Kyiv\n12,Nobody,=cmd()\n{phone(2)},Ivan,\n"


def upload(client, text=ROWS, name="people.csv", **fields):
    data = text if isinstance(text, bytes) else text.encode()
    fields = fields or {"new_list": "Spring"}
    return client.post(IMPORT, {"file": SimpleUploadedFile(name, data), **fields}, follow=True)


def confirm(client):
    key = RecipientUpload.objects.latest("pk").pk
    return client.post(reverse("admin:smsbat_recipient_import_one", args=[key]), follow=True)


def test_a_file_is_looked_into_before_anything_is_written(boss):
    page = upload(boss)
    look = page.context["preview"]
    assert (look.result.created, look.result.rejected) == (2, 1)
    words = page.content.decode()
    assert "<td>3</td>" in words  # the row number, as a spreadsheet counts
    assert "phone:" in words
    assert "Nobody" in words
    assert not Recipient.objects.exists()
    assert not RecipientList.objects.exists()


def test_a_confirmed_file_is_imported_by_the_worker(
    boss, settings, django_capture_on_commit_callbacks
):
    settings.SMSBAT = {**settings.SMSBAT, "RUNNER": "inline"}
    upload(boss)
    with django_capture_on_commit_callbacks(execute=True):
        confirm(boss)
    told = RecipientUpload.objects.get()
    assert (told.state, told.rows) == ("done", 3)
    assert set(
        RecipientList.objects.get(name="Spring").recipients.values_list("name", flat=True)
    ) == {
        "Olena",
        "Ivan",
    }
    assert not UploadPart.objects.filter(is_rejects=False).exists()
    url = reverse("admin:smsbat_recipient_import_rejects", args=[told.pk])
    rejects = b"".join(boss.get(url).streaming_content).decode("utf-8-sig")
    assert "'=cmd()" in rejects


def test_without_a_worker_of_its_own_it_waits_for_the_command(boss):
    upload(boss)
    page = confirm(boss)
    assert "waits for a worker" in page.content.decode()
    out = io.StringIO()
    call_command("smsbat_import", "--uploaded", stdout=out)
    assert out.getvalue() == "Files imported: 1.\n"
    assert Recipient.objects.count() == 2


def test_a_second_click_imports_nothing_twice(boss):
    upload(boss)
    confirm(boss)
    confirm(boss)
    assert uploads.import_waiting() == 1
    assert uploads.import_waiting() == 0


def test_who_handed_it_over_is_kept(boss):
    upload(boss)
    assert RecipientUpload.objects.get().made_by == "admin"


def test_a_long_file_is_looked_into_at_its_beginning_only(boss, monkeypatch):
    monkeypatch.setattr(uploads, "PREVIEWED", 3)
    page = upload(boss, "phone\n" + "".join(f"{phone(n)}\n" for n in range(10)))
    assert page.context["preview"].result.created == 3


def test_of_many_rows_that_are_not_taken_the_first_twenty_are_shown(boss):
    page = upload(boss, "phone\n" + "x\n" * 25)
    assert page.context["preview"].result.rejected == 25
    assert [row[0] for row in page.context["preview"].rejects] == [str(n) for n in range(2, 22)]


def test_confirming_one_confirms_no_other(boss):
    upload(boss)
    upload(boss, new_list="Autumn")
    first, second = RecipientUpload.objects.order_by("pk")
    assert uploads.confirm(first)
    assert not uploads.confirm(first)
    second.refresh_from_db()
    assert second.state == "looked_at"


def test_an_import_whose_worker_died_goes_on(boss, monkeypatch):
    rows = "".join(f"{phone(n)},N{n}\n" for n in range(1, 30))
    upload(boss, f"phone,name\n{rows}")
    confirm(boss)
    monkeypatch.setattr("django_smsbat.services.recipients.imports.importer._CHUNK", 10)

    class Killed(BaseException):
        pass

    taken = []

    def die(*arguments, **options):
        taken.append(1)
        if len(taken) == 2:
            raise Killed
        return real(*arguments, **options)

    from django_smsbat.services.recipients.imports import importer

    real = importer._Job.take
    monkeypatch.setattr(importer._Job, "take", die)
    with pytest.raises(Killed):
        uploads.import_waiting()
    assert Recipient.objects.count() == 10
    assert uploads.import_waiting() == 0  # the worker may be alive
    RecipientUpload.objects.update(beat_at="2026-01-01T00:00Z")
    assert uploads.is_silent(RecipientUpload.objects.get())
    assert uploads.import_waiting() == 1
    assert Recipient.objects.count() == 29
    assert RecipientUpload.objects.get().counts["created"] == 29


def test_a_file_of_several_parts_comes_out_as_it_went_in(db, monkeypatch):
    monkeypatch.setattr(uploads, "_PART", 7)
    kept = uploads.keep([ROWS.encode()[:10], ROWS.encode()[10:]], "a.csv", "L", "me")
    assert b"".join(uploads._read(kept, is_rejects=False)) == ROWS.encode()
    assert UploadPart.objects.count() > 5


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("a,b\n1,2\n", "people.csv", "no column holds phones"),
        ("\n \n", "people.csv", "the table is empty"),
        (b"PK\x03\x04 broken", "people.xlsx", "people.xlsx is damaged"),
    ],
)
def test_what_is_no_table_is_said_in_words(boss, text, name, words):
    page = upload(boss, text, name)
    assert words in page.content.decode()
    assert "--column" not in page.content.decode()
    assert 'value="Import"' not in page.content.decode()


@pytest.mark.parametrize("fields", [{}, {"list": "1", "new_list": "Other"}])
def test_one_list_is_chosen(boss, fields):
    RecipientList.objects.create(pk=1, name="Old")
    page = upload(boss, **(fields or {"new_list": ""}))
    assert "Choose a list, or give a new one a title." in page.content.decode()
    assert not RecipientUpload.objects.exists()


def test_old_uploads_are_forgotten(boss):
    upload(boss)
    RecipientUpload.objects.update(made_at="2020-01-01T00:00Z")
    upload(boss)
    assert RecipientUpload.objects.count() == 1


@pytest.mark.parametrize("lacking", ["add_recipient", "change_recipientlist"])
def test_who_may_not_change_people_or_lists_imports_nothing(staff, lacking):
    from django_smsbat.admin.recipients.imports import NEEDED

    client = staff("view_recipient", *(name for name in NEEDED if name != lacking))
    assert client.get(IMPORT).status_code == 403
    assert upload(client).status_code == 403
    assert not RecipientUpload.objects.exists()


def test_people_are_exported_as_they_are_filtered_and_no_cell_is_a_formula(boss, people):
    people(1, name="=cmd()", attributes={"city": "Київ"})
    people(2, name="Ivan")
    url = reverse("admin:smsbat_recipient_export")
    text = b"".join(boss.get(url, {"q": phone(1)}).streaming_content).decode("utf-8-sig")
    assert text.count("\r\n") == 2
    assert f"{phone(1)},'=cmd()" in text
    assert text.splitlines()[0].endswith(",city")
    assert text.splitlines()[1].endswith(",Київ")


class TestPrivacy:
    def test_who_was_erased_is_written_nowhere_again(self, boss, people):
        people(1)
        erase.erase(phone(1))
        upload(boss, f"phone,name\n{phone(1)},Olena\n")
        confirm(boss)
        uploads.import_waiting()
        kept = b"".join(uploads.rejects_of(RecipientUpload.objects.get())).decode()
        assert "erased on request" in kept
        assert "Olena" not in kept
        assert phone(1)[-7:] not in kept

    def test_nor_where_another_cell_of_their_row_is_wrong(self, boss, people):
        people(1)
        erase.erase(phone(1))
        upload(boss, f"phone,name,opted out\n{phone(1)},Olena,perhaps\n")
        confirm(boss)
        uploads.import_waiting()
        kept = b"".join(uploads.rejects_of(RecipientUpload.objects.get())).decode()
        assert "Olena" not in kept

    @pytest.mark.parametrize("written", [phone(1), "(067) 000-00-01", "0670000001 ext"])
    def test_files_in_which_somebody_stands_go_with_them(self, boss, people, written):
        people(1)
        upload(boss, f"phone,name\n{written},Olena\n")
        upload(boss, f"phone,name\n{phone(2)},Ivan\n", new_list="Other")
        erase.erase(phone(1))
        assert [one.list_name for one in RecipientUpload.objects.all()] == ["Other"]

    def test_so_do_the_rows_that_were_not_taken(self, boss, people):
        people(1)
        upload(boss, f"phone,opted out\n{phone(1)},perhaps\n")
        confirm(boss)
        uploads.import_waiting()
        assert not UploadPart.objects.filter(is_rejects=False).exists()
        erase.erase(phone(1))
        assert not RecipientUpload.objects.exists()

    def test_what_is_no_phone_takes_no_file_along(self, boss):
        upload(boss)
        uploads.forget(Traces("Acme"))
        uploads.forget(Traces("102"))
        assert RecipientUpload.objects.count() == 1

    def test_purging_removes_files_after_thirty_days_whatever_else_is_kept(self, boss, clock):
        upload(boss)
        RecipientUpload.objects.update(made_at=clock.now() - timedelta(days=40))
        purge.purge(clock.now() - timedelta(days=365), clock)
        assert not RecipientUpload.objects.exists()

    def test_purging_leaves_younger_files(self, boss, clock):
        upload(boss)
        RecipientUpload.objects.update(made_at=clock.now() - timedelta(days=29))
        purge.purge(clock.now() - timedelta(days=30), clock)
        assert RecipientUpload.objects.exists()

    def test_purging_removes_old_files_and_not_what_is_being_imported(self, boss, clock):
        for state in ("looked_at", "done", "running"):
            upload(boss, new_list=state)
        for one in RecipientUpload.objects.all():
            RecipientUpload.objects.filter(pk=one.pk).update(
                state=one.list_name, made_at="2020-01-01T00:00Z"
            )
        purge.purge(clock.now(), clock)
        assert [one.state for one in RecipientUpload.objects.all()] == ["running"]


class TestRunners:
    def test_a_thread_imports_while_the_page_is_answered(self, monkeypatch):
        done = threading.Event()
        monkeypatch.setattr(
            "django_smsbat.services.recipients.imports.uploads.import_waiting",
            lambda clock: done.set(),
        )
        thread.wake_import()
        assert done.wait(5)

    def test_a_failing_thread_says_so_without_phones(self, monkeypatch, caplog):
        def fail(clock):
            raise RuntimeError(f"boom {phone(7)}")

        monkeypatch.setattr(
            "django_smsbat.services.recipients.imports.uploads.import_waiting", fail
        )
        monkeypatch.setattr("django_smsbat.runners.thread.connections.close_all", lambda: None)
        thread._import()
        assert "the import failed" in caplog.text
        assert phone(7) not in caplog.text

    def test_celery_s_task_imports_and_the_schedule_sends_it(self, boss):
        from django_smsbat import tasks

        upload(boss)
        confirm(boss)
        tasks.import_uploads(again=False)
        assert RecipientUpload.objects.get().state == "done"
        assert "django_smsbat.import" in tasks.BEAT_SCHEDULE


def test_an_import_that_was_just_confirmed_is_not_called_silent(boss):
    upload(boss)
    RecipientUpload.objects.update(made_at="2026-01-01T00:00Z")
    assert "has not been heard of" not in confirm(boss).content.decode()
