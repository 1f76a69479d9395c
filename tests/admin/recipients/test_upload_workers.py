"""Workers import an upload: claimed, retried, killed, given up, and never imported twice."""

import csv
import io
from uuid import uuid4

import pytest

from django_smsbat.models import Recipient, RecipientUpload, UploadPart
from django_smsbat.services.recipients.imports import importer, storing, uploads
from tests.admin.recipients.test_imports import ROWS, confirm, upload
from tests.conftest import phone

pytestmark = pytest.mark.django_db


class TestWorkers:
    """Killed, stalled and failing workers: no row is lost, misreported or retried for ever."""

    @pytest.fixture
    def small_chunks(self, monkeypatch):
        monkeypatch.setattr(importer, "_CHUNK", 10)

    @pytest.fixture
    def mixed(self, boss):
        """Thirty rows; every third has no phone."""
        rows = [f"{phone(n) if n % 3 else 'x'},N{n}" for n in range(30)]
        upload(boss, "phone,name\n" + "\n".join(rows) + "\n")
        confirm(boss)
        return RecipientUpload.objects.get()

    @pytest.fixture
    def failing_once(self, monkeypatch):
        """Make storing the chunk at that position fail once."""
        real, taken = storing.store, []

        def make(error, at=2, times=1):
            def store(*arguments):
                taken.append(1)
                if at <= len(taken) < at + times:
                    raise error
                return real(*arguments)

            monkeypatch.setattr(storing, "store", store)

        return make

    def let_workers_die(self, **more):
        """Let the maximum number of workers die without a report."""
        died = {"state": "running", "attempts": 2, "beat_at": "2026-01-01T00:00Z"}
        RecipientUpload.objects.update(**died, **more)

    def rejects(self, told):
        text = b"".join(uploads.rejects_of(told)).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text)))[1:]

    @pytest.mark.parametrize("part", [7, 1_000])
    @pytest.mark.usefixtures("small_chunks")
    def test_rows_that_were_not_taken_survive_a_kill_and_stand_there_once(
        self, mixed, failing_once, monkeypatch, part
    ):
        monkeypatch.setattr(uploads, "_PART", part)

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
        real = storing.store

        def slowly(*arguments):
            clock.forward(minutes=1)
            return real(*arguments)

        monkeypatch.setattr(storing, "store", slowly)
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

    def test_who_comes_second_takes_nothing(self, mixed, clock, monkeypatch):
        def meanwhile():
            other = {"state": "running", "beat_at": clock.now(), "claim": uuid4()}
            RecipientUpload.objects.update(**other)
            return uuid4()

        monkeypatch.setattr(uploads, "uuid4", meanwhile)
        assert uploads._take(clock.now()) is None

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

    def test_three_attempts_are_made_where_nothing_can_be_done(self, mixed, failing_once, caplog):
        failing_once(RuntimeError("boom"), at=1, times=99)
        assert uploads.import_waiting() == 1
        assert RecipientUpload.objects.get().failure == "the import failed 3 times: RuntimeError"
        assert len(caplog.records) == 3

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
        self.let_workers_die(claim=uuid4())
        assert uploads.import_waiting() == 0
        told = RecipientUpload.objects.get()
        assert (told.state, told.failure) == (
            "failed",
            "the import failed 2 times: its worker was killed, perhaps because the file needs too "
            "much memory; divide the file, or save it as CSV",
        )
        assert told.finished_at is not None

    def test_a_file_that_failed_and_waits_again_is_not_taken_for_one_that_kills(self, mixed):
        RecipientUpload.objects.update(state="queued", attempts=2)
        assert uploads.import_waiting() == 1
        assert RecipientUpload.objects.get().state == "done"

    def test_of_what_is_given_up_the_rejects_are_kept_and_the_file_is_not(self, mixed):
        UploadPart.objects.create(upload=mixed, is_rejects=True, place=0, data=b"2,no phone")
        self.let_workers_die()
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
        self.let_workers_die()
        upload(boss, f"phone\n{phone(99)}\n", new_list="Other")
        confirm(boss)
        assert uploads.import_waiting() == 1
        assert Recipient.objects.get().phone == phone(99)

    def test_giving_one_up_ends_no_other(self, boss, mixed):
        self.let_workers_die()
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
        assert page.context["preview"].result.created == 1
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
