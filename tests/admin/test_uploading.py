"""Import in the admin: a file is looked into, confirmed, imported behind the page."""

import csv
import io
import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from django_smsbat.models import Recipient, RecipientList, RecipientUpload, UploadPart
from django_smsbat.runners import thread
from django_smsbat.services import erasure, purging
from django_smsbat.services.importing import uploads
from tests.conftest import phone

pytestmark = pytest.mark.django_db
IMPORT = reverse("admin:django_smsbat_recipient_import")
ROWS = f"phone,name,city\n{phone(1)},Olena,Kyiv\n12,Nobody,=cmd()\n{phone(2)},Ivan,\n"


def upload(client, text=ROWS, name="people.csv", **fields):
    data = text if isinstance(text, bytes) else text.encode()
    fields = fields or {"new_list": "Spring"}
    return client.post(IMPORT, {"file": SimpleUploadedFile(name, data), **fields}, follow=True)


def confirm(client):
    key = RecipientUpload.objects.latest("pk").pk
    return client.post(reverse("admin:django_smsbat_recipient_import_one", args=[key]), follow=True)


def test_a_file_is_looked_into_before_anything_is_written(boss):
    page = upload(boss)
    look = page.context["look"]
    assert (look.result.created, look.result.rejected) == (2, 1)
    words = page.content.decode()
    assert "<td>3</td>" in words  # the row's number, as a spreadsheet counts
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
    url = reverse("admin:django_smsbat_recipient_import_rejects", args=[told.pk])
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
    monkeypatch.setattr(uploads, "LOOKED_INTO", 3)
    page = upload(boss, "phone\n" + "".join(f"{phone(n)}\n" for n in range(10)))
    assert page.context["look"].result.created == 3


def test_of_many_rows_that_are_not_taken_the_first_twenty_are_shown(boss):
    page = upload(boss, "phone\n" + "x\n" * 25)
    assert page.context["look"].result.rejected == 25
    assert [row[0] for row in page.context["look"].rejects] == [str(n) for n in range(2, 22)]


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
    monkeypatch.setattr("django_smsbat.services.importing.importer._CHUNK", 10)

    class Killed(BaseException):
        pass

    taken = []

    def die(*arguments, **options):
        taken.append(1)
        if len(taken) == 2:
            raise Killed
        return real(*arguments, **options)

    from django_smsbat.services.importing import importer

    real = importer._take
    monkeypatch.setattr(importer, "_take", die)
    with pytest.raises(Killed):
        uploads.import_waiting()
    assert Recipient.objects.count() == 10
    assert uploads.import_waiting() == 0  # it may be alive
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
        ("\n \n", "people.csv", "no column holds phones"),
        (b"PK\x03\x04 broken", "people.xlsx", "people.xlsx is no XLSX"),
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
    from django_smsbat.admin.uploading import NEEDED

    client = staff("view_recipient", *(name for name in NEEDED if name != lacking))
    assert client.get(IMPORT).status_code == 403
    assert upload(client).status_code == 403
    assert not RecipientUpload.objects.exists()


def test_people_are_exported_as_they_are_filtered_and_no_cell_is_a_formula(boss, people):
    people(1, name="=cmd()", attributes={"city": "Київ"})
    people(2, name="Ivan")
    url = reverse("admin:django_smsbat_recipient_export")
    text = b"".join(boss.get(url, {"q": phone(1)}).streaming_content).decode("utf-8-sig")
    assert text.count("\r\n") == 2
    assert f"{phone(1)},'=cmd()" in text
    assert '{""city"": ""Київ""}' in text


class TestWorkers:
    """Killed, stalled and failing ones: nothing is lost, told wrong, or tried for ever."""

    @pytest.fixture
    def small_chunks(self, monkeypatch):
        monkeypatch.setattr("django_smsbat.services.importing.importer._CHUNK", 10)

    @pytest.fixture
    def mixed(self, boss):
        """Thirty rows, every third of which holds no phone."""
        rows = [f"{phone(n) if n % 3 else 'x'},N{n}" for n in range(30)]
        upload(boss, "phone,name\n" + "\n".join(rows) + "\n")
        confirm(boss)
        return RecipientUpload.objects.get()

    @pytest.fixture
    def failing_once(self, monkeypatch):
        """The chunk at that place raises, the first time that it is stored."""
        from django_smsbat.services.importing import importer

        real, taken = importer._store, []

        def make(error, at=2, times=1):
            def store(*arguments):
                taken.append(1)
                if at <= len(taken) < at + times:
                    raise error
                return real(*arguments)

            monkeypatch.setattr(importer, "_store", store)

        return make

    def rejects(self, told):
        text = b"".join(uploads.rejects_of(told)).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text)))[1:]

    @pytest.mark.usefixtures("small_chunks")
    def test_rows_that_were_not_taken_survive_a_kill_and_stand_there_once(
        self, mixed, failing_once, monkeypatch
    ):
        class Killed(BaseException):
            pass

        failing_once(Killed())
        with pytest.raises(Killed):
            uploads.import_waiting()
        assert len(self.rejects(mixed)) == 4
        assert RecipientUpload.objects.get().rows == 10
        RecipientUpload.objects.update(beat_at="2026-01-01T00:00Z")
        uploads.import_waiting()
        told = RecipientUpload.objects.get()
        assert (told.state, told.rows) == ("done", 30)
        assert (told.counts["created"], told.counts["rejected"]) == (20, 10)
        assert told.finished_at is not None
        numbers = [int(row[0]) for row in self.rejects(told)]
        assert numbers == [n + 2 for n in range(0, 30, 3)]

    @pytest.mark.usefixtures("small_chunks")
    def test_one_attempt_is_enough_for_many_chunks(self, mixed, clock, caplog):
        clock.forward(hours=1)
        assert uploads.import_waiting(clock) == 1
        told = RecipientUpload.objects.get()
        assert (told.attempts, told.beat_at, told.finished_at) == (1, clock.now(), clock.now())
        assert not caplog.records

    @pytest.mark.usefixtures("small_chunks")
    def test_each_chunk_is_a_sign_of_life(self, mixed, clock, monkeypatch):
        from django_smsbat.services.importing import importer

        real = importer._store

        def slowly(*arguments):
            clock.forward(minutes=1)
            return real(*arguments)

        monkeypatch.setattr(importer, "_store", slowly)
        assert uploads.import_waiting(clock) == 1
        assert RecipientUpload.objects.get().beat_at == clock.now()

    @pytest.mark.usefixtures("small_chunks")
    def test_after_a_chunk_that_was_done_the_attempts_begin_anew(
        self, mixed, clock, failing_once, caplog
    ):
        RecipientUpload.objects.update(attempts=2)
        clock.forward(hours=1)
        failing_once(RuntimeError("boom"))
        assert uploads.import_waiting(clock) == 1
        assert "attempt 1: RuntimeError" in caplog.text

    def test_the_same_file_again_is_another_import(self, boss):
        for _ in range(2):
            upload(boss)
            confirm(boss)
            uploads.import_waiting()
        told = RecipientUpload.objects.latest("pk").counts
        assert (told["rows"], told["created"], told["unchanged"]) == (3, 0, 2)

    def test_who_takes_one_shows_a_sign_of_life(self, mixed, clock):
        clock.forward(hours=1)
        taken = uploads._take(clock.now())
        assert RecipientUpload.objects.get().beat_at == clock.now()
        assert uploads._take(clock.now()) is None
        assert not uploads.is_silent(taken, clock.now())

    def test_what_is_over_is_not_taken_up_again(self, mixed):
        RecipientUpload.objects.update(state="done", beat_at="2026-01-01T00:00Z")
        assert uploads._take(uploads.timezone.now()) is None

    @pytest.mark.usefixtures("small_chunks")
    def test_a_failure_is_tried_again_and_the_next_file_is_not_held_up(
        self, boss, mixed, failing_once
    ):
        upload(boss, f"phone\n{phone(99)}\n", new_list="Other")
        confirm(boss)
        failing_once(RuntimeError(f"boom {phone(7)}"))
        uploads.import_waiting()
        assert set(RecipientUpload.objects.values_list("state", flat=True)) == {"done"}
        assert Recipient.objects.count() == 21

    @pytest.mark.usefixtures("small_chunks")
    def test_what_fails_three_times_is_told_with_what_was_done(self, mixed, failing_once, caplog):
        failing_once(RuntimeError(f"boom {phone(7)}"), times=99)
        assert uploads.import_waiting() == 1
        told = RecipientUpload.objects.get()
        assert (told.state, told.attempts) == ("failed", 3)
        assert told.failure == "the import failed 3 times: RuntimeError"
        assert told.counts["created"] == 6
        assert len(self.rejects(told)) == 4
        assert phone(7) not in caplog.text

    def test_who_was_silent_and_comes_back_changes_nothing(self, mixed):
        first = uploads._take(uploads.timezone.now())
        RecipientUpload.objects.update(beat_at="2026-01-01T00:00Z")
        assert uploads.import_waiting() == 1
        assert uploads._Import(first, uploads.SystemClock()).run() is False
        told = RecipientUpload.objects.get()
        assert (told.state, told.counts["created"]) == ("done", 20)

    def test_what_is_no_table_fails_in_words_and_ends_no_other(self, boss):
        upload(boss, "name\nOlena\n")
        RecipientUpload.objects.update(state="queued")
        upload(boss, ROWS, new_list="Other")
        assert uploads.import_waiting() == 1
        told, other = RecipientUpload.objects.order_by("pk")
        assert (told.state, other.state) == ("failed", "looked_at")
        assert told.failure == "no column holds phones: there are name"

    def test_what_kills_its_worker_is_given_up_after_a_while(self, mixed):
        died = {"attempts": 10, "claim": uploads.uuid4(), "beat_at": "2026-01-01T00:00Z"}
        RecipientUpload.objects.update(state="running", **died)
        assert uploads.import_waiting() == 0
        told = RecipientUpload.objects.get()
        assert (told.state, told.failure) == (
            "failed",
            "the import failed 10 times: its worker died",
        )
        assert told.finished_at is not None

    def test_of_what_is_given_up_the_rejects_are_kept_and_the_file_is_not(self, mixed):
        UploadPart.objects.create(upload=mixed, is_rejects=True, place=0, data=b"2,no phone")
        RecipientUpload.objects.update(state="running", attempts=10, beat_at="2026-01-01T00:00Z")
        uploads.import_waiting()
        assert [part.is_rejects for part in UploadPart.objects.all()] == [True]

    def test_what_was_imported_to_its_end_is_not_imported_again(self, mixed, monkeypatch):
        class Killed(BaseException):
            pass

        def die(self, told):
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(uploads._Import, "_end_with", die)
            with pytest.raises(Killed):
                uploads.import_waiting()
        RecipientUpload.objects.update(beat_at="2026-01-01T00:00Z")
        assert uploads.import_waiting() == 1
        counts = RecipientUpload.objects.get().counts
        assert (counts["created"], counts["unchanged"], counts["rejected"]) == (20, 0, 10)

    def test_giving_one_up_holds_up_no_other(self, boss, mixed):
        RecipientUpload.objects.update(state="running", attempts=10, beat_at="2026-01-01T00:00Z")
        upload(boss, f"phone\n{phone(99)}\n", new_list="Other")
        confirm(boss)
        assert uploads.import_waiting() == 1
        assert Recipient.objects.get().phone == phone(99)

    def test_giving_one_up_ends_no_other(self, boss, mixed):
        RecipientUpload.objects.update(state="running", attempts=10, beat_at="2026-01-01T00:00Z")
        upload(boss, f"phone\n{phone(99)}\n", new_list="Other")
        assert uploads.import_waiting() == 0
        given_up, other = RecipientUpload.objects.order_by("pk")
        assert (other.state, other.finished_at) == ("looked_at", None)
        kept = UploadPart.objects.filter(is_rejects=False).values_list("upload", flat=True)
        assert given_up.pk not in kept
        assert other.pk in kept

    @pytest.mark.parametrize("meanwhile", [{"claim": uuid4()}, {"state": "done"}])
    def test_one_that_was_taken_over_or_ended_meanwhile_is_not_given_up(self, mixed, meanwhile):
        RecipientUpload.objects.update(state="running", attempts=10, claim=uuid4())
        seen = RecipientUpload.objects.get()
        RecipientUpload.objects.update(**meanwhile)
        uploads._give_up(seen, uploads.timezone.now())
        assert RecipientUpload.objects.get().failure == ""

    def test_the_rejected_rows_can_be_mended_and_imported_again(self, boss, mixed):
        uploads.import_waiting()
        text = b"".join(uploads.rejects_of(mixed)).decode("utf-8-sig")
        assert text.splitlines()[0] == "row,reason,phone,name"
        mended = text.replace(",x,N3", f",{phone(103)},N3")
        page = upload(boss, mended, new_list="Mended")
        assert page.context["look"].result.created == 1
        confirm(boss)
        uploads.import_waiting()
        assert Recipient.objects.get(phone=phone(103)).attributes == {}

    def test_one_that_is_told_to_stop_goes_on_later(self, mixed, clock, small_chunks):
        clock.moment = uploads.timezone.now()
        real = clock.now

        class Stopping(type(clock)):
            beats = 0

            @property
            def stopping(self):
                self.beats += 1
                return self.beats > 2

            @stopping.setter
            def stopping(self, value):
                pass

            def now(self):
                return real()

        assert uploads.import_waiting(Stopping()) == 0
        told = RecipientUpload.objects.get()
        assert (told.state, told.attempts) == ("queued", 0)
        assert uploads.import_waiting() == 1
        assert RecipientUpload.objects.get().counts["rejected"] == 10

    def test_a_number_that_no_database_keeps_is_text(self, boss):
        upload(boss, f"phone,n\n{phone(1)},1e999\n")
        confirm(boss)
        uploads.import_waiting()
        assert Recipient.objects.get().attributes == {"n": "1e999"}


class TestPrivacy:
    def test_who_was_erased_is_written_nowhere_again(self, boss, people):
        people(1)
        upload(boss, f"phone,name\n{phone(1)},Olena\n")
        confirm(boss)
        erasure.erase(phone(1))
        uploads.import_waiting()
        kept = b"".join(uploads.rejects_of(RecipientUpload.objects.get())).decode()
        assert "erased on request" in kept
        assert "Olena" not in kept
        assert phone(1)[-7:] not in kept

    def test_nor_where_another_cell_of_their_row_is_wrong(self, boss, people):
        people(1)
        upload(boss, f"phone,name,email\n{phone(1)},Olena,no address\n")
        confirm(boss)
        erasure.erase(phone(1))
        uploads.import_waiting()
        kept = b"".join(uploads.rejects_of(RecipientUpload.objects.get())).decode()
        assert "Olena" not in kept

    @pytest.mark.parametrize("written", [phone(1), "(067) 000-00-01", "0670000001 ext"])
    def test_files_in_which_somebody_stands_go_with_them(self, boss, people, written):
        people(1)
        upload(boss, f"phone,name\n{written},Olena\n")
        upload(boss, f"phone,name\n{phone(2)},Ivan\n", new_list="Other")
        erasure.erase(phone(1))
        assert [one.list_name for one in RecipientUpload.objects.all()] == ["Other"]

    def test_so_do_the_rows_that_were_not_taken(self, boss, people):
        people(1)
        upload(boss, f"phone,email\n{phone(1)},no address\n")
        confirm(boss)
        uploads.import_waiting()
        assert not UploadPart.objects.filter(is_rejects=False).exists()
        erasure.erase(phone(1))
        assert not RecipientUpload.objects.exists()

    def test_what_is_no_phone_takes_no_file_along(self, boss):
        upload(boss)
        uploads.forget("Acme")
        uploads.forget("102")
        assert RecipientUpload.objects.count() == 1

    def test_purging_removes_files_after_thirty_days_whatever_else_is_kept(self, boss, clock):
        upload(boss)
        RecipientUpload.objects.update(made_at=clock.now() - timedelta(days=40))
        purging.purge(clock.now() - timedelta(days=365), clock)
        assert not RecipientUpload.objects.exists()

    def test_purging_leaves_younger_files(self, boss, clock):
        upload(boss)
        RecipientUpload.objects.update(made_at=clock.now() - timedelta(days=29))
        purging.purge(clock.now() - timedelta(days=30), clock)
        assert RecipientUpload.objects.exists()

    def test_purging_removes_old_files_and_not_what_is_being_imported(self, boss, clock):
        for state in ("looked_at", "done", "running"):
            upload(boss, new_list=state)
        for one in RecipientUpload.objects.all():
            RecipientUpload.objects.filter(pk=one.pk).update(
                state=one.list_name, made_at="2020-01-01T00:00Z"
            )
        purging.purge(clock.now(), clock)
        assert [one.state for one in RecipientUpload.objects.all()] == ["running"]


class TestRunners:
    def test_a_thread_imports_while_the_page_is_answered(self, monkeypatch):
        done = threading.Event()
        monkeypatch.setattr(
            "django_smsbat.services.importing.uploads.import_waiting", lambda clock: done.set()
        )
        thread.wake_import()
        assert done.wait(5)

    def test_a_failing_thread_says_so_without_phones(self, monkeypatch, caplog):
        def fail(clock):
            raise RuntimeError(f"boom {phone(7)}")

        monkeypatch.setattr("django_smsbat.services.importing.uploads.import_waiting", fail)
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
