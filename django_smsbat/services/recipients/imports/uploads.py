"""Files uploaded in the admin: previewed immediately, imported in the background.

If a worker dies, the next worker continues its import after the last chunk.
"""

import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from django_smsbat import runners
from django_smsbat.gateway import phones
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.models import RecipientUpload, UploadPart, UploadState
from django_smsbat.services.clock import Clock, SystemClock
from django_smsbat.services.recipients.imports import mappings, stored_preview
from django_smsbat.services.recipients.imports.importer import ImportResult, import_file
from django_smsbat.services.recipients.imports.opening import Reading
from django_smsbat.services.recipients.imports.preview import (
    UNUSABLE,
    ImportPreview,
    headings_of,
    preview,
)
from django_smsbat.services.recipients.imports.readers import Deadline, limits
from django_smsbat.services.recipients.imports.traces import Traces

logger = logging.getLogger("django_smsbat")

PREVIEWED: Final = 1_000  # rows
_PART: Final = 524_288  # bytes; within the size that databases allow for a value
SILENT: Final = timedelta(minutes=10)  # without a heartbeat, after which a worker counts as dead
KEPT: Final = timedelta(days=30)
_NAME_MAX: Final = 200
_ATTEMPTS_MAX: Final = 3  # without a finished chunk
_KILLED_MAX: Final = 2  # likewise, if the worker was killed: the file may exhaust its memory
_OPEN: Final = (UploadState.QUEUED, UploadState.RUNNING)


@private_frames
def keep(
    parts: Iterable[bytes],
    file_name: str,
    list_name: str,
    login: str,
    now: datetime | None = None,
    *,
    opt_out: bool = False,
) -> RecipientUpload:
    """Store a file until a user confirms the import.

    Raises:
        LimitExceeded: if the file is too large; nothing is stored.
    """
    now = now or timezone.now()
    forget_old(now - KEPT)
    with transaction.atomic():
        upload = RecipientUpload.objects.create(
            list_name=list_name,
            file_name=file_name[-_NAME_MAX:],
            made_by=login,
            made_at=now,
            is_opt_out=opt_out,
        )
        _write(upload, limits.within_upload(parts), is_rejects=False)
    deadline = Deadline.in_seconds(limits.PREVIEW_SECONDS)
    upload.columns = mappings.remembered(_headings_of(upload, deadline))
    _store_preview(upload, deadline)
    return upload


def preview_of(upload: RecipientUpload) -> ImportPreview:
    """Return the preview of the first rows, computed when the upload last changed."""
    return stored_preview.load(upload.preview)


def _store_preview(upload: RecipientUpload, deadline: Deadline) -> None:
    """Preview the first rows of the file and store the preview."""
    with tempfile.TemporaryDirectory() as folder, _as_file(upload, Path(folder)) as path:
        result = preview(path, replace(_reading(upload), deadline=deadline), only_first=PREVIEWED)
        shown = replace(result, failure=_for_admin(result.failure, path, upload))
    upload.preview = stored_preview.dump(shown)
    # The upload may have been confirmed or erased in the meantime.
    same = RecipientUpload.objects.filter(pk=upload.pk, state=UploadState.LOOKED_AT)
    same.update(columns=upload.columns, preview=upload.preview)


def _headings_of(upload: RecipientUpload, deadline: Deadline) -> list[str]:
    with tempfile.TemporaryDirectory() as folder, _as_file(upload, Path(folder)) as path:
        return headings_of(path, replace(_reading(upload), columns=(), deadline=deadline))


def _reading(upload: RecipientUpload) -> Reading:
    return Reading(tuple(upload.columns), upload.encoding, upload.is_opt_out)


def choose_columns(
    upload: RecipientUpload,
    columns: Sequence[str],
    encoding: str,
    login: str,
    now: datetime | None = None,
) -> bool:
    """Change the column assignments, also for the next file with the same headings.

    Returns:
        Whether the interpretation of the file changed.
    """
    if (columns, encoding) == (upload.columns, upload.encoding):
        return False
    deadline = Deadline.in_seconds(limits.PREVIEW_SECONDS)
    if columns != upload.columns:
        headings = _headings_of(upload, deadline)
        mappings.remember(headings, columns, login, now or timezone.now())
    waiting = RecipientUpload.objects.filter(pk=upload.pk, state=UploadState.LOOKED_AT)
    if waiting.update(columns=columns, encoding=encoding):
        upload.columns, upload.encoding = list(columns), encoding
        _store_preview(upload, deadline)
    upload.refresh_from_db()
    return True


def confirm(upload: RecipientUpload, now: datetime | None = None) -> bool:
    """Queue an upload for import.

    Returns:
        Whether this call queued it.
    """
    previewed = RecipientUpload.objects.filter(pk=upload.pk, state=UploadState.LOOKED_AT)
    now = now or timezone.now()
    if not previewed.update(state=UploadState.QUEUED, beat_at=now, preview={}):
        return False
    transaction.on_commit(runners.wake_import)
    return True


def is_silent(upload: RecipientUpload, now: datetime | None = None) -> bool:
    """Return whether the import has stalled: its worker died, or no worker has started it."""
    last = upload.beat_at or upload.made_at
    return upload.state in _OPEN and (now or timezone.now()) - last > SILENT


@private_frames
def import_waiting(clock: Clock | None = None) -> int:
    """Import queued files, continue those of dead workers, and return how many are finished."""
    clock, done = clock or SystemClock(), 0
    while not clock.stopping and (upload := _take(clock.now())):
        done += _Import(upload, clock).run()
    return done


def rejects_of(upload: RecipientUpload) -> Iterator[bytes]:
    """Yield the CSV file of rejected rows."""
    return _read(upload, is_rejects=True)


def forget_old(before: datetime) -> None:
    """Delete files uploaded before that time, and their rejects, except during their import."""
    RecipientUpload.objects.filter(made_at__lt=before).exclude(state__in=_OPEN).delete()


class StillImporting(Exception):
    """A file that may name the person is being imported. The text says what to do."""


def forget(person: Traces) -> None:
    """Delete the files that may name a person, with their rejects. Workbooks always count.

    Raises:
        StillImporting: if such a file is queued or being imported: its import would store a
            rejected row again that has no readable phone.
    """
    for upload in RecipientUpload.objects.order_by("pk"):
        files = (b"".join(_read(upload, is_rejects=one)) for one in (False, True))
        is_shown = person.phone in stored_preview.phones(upload.preview)
        is_named = is_shown or person.are_in_row(upload.file_name)
        if is_named or any(person.are_in(file) for file in files):
            # The upload may have been confirmed in the meantime.
            others = RecipientUpload.objects.filter(pk=upload.pk)
            others.exclude(state__in=_OPEN).delete()
            if others.exists():
                raise StillImporting(
                    "A file that may name this person is being imported: try again in a few "
                    "minutes."
                )


def _take(now: datetime) -> RecipientUpload | None:
    free = Q(state=UploadState.QUEUED) | Q(state=UploadState.RUNNING, beat_at__lt=now - SILENT)
    for upload in RecipientUpload.objects.filter(free).order_by("pk"):
        if upload.state == UploadState.RUNNING and upload.attempts >= _KILLED_MAX:
            _give_up(upload, now)
            continue
        upload.claim, upload.attempts = uuid4(), upload.attempts + 1
        claimed = {"claim": upload.claim, "attempts": upload.attempts}
        mine = RecipientUpload.objects.filter(free, pk=upload.pk)
        if mine.update(state=UploadState.RUNNING, beat_at=now, **claimed):
            return upload
    return None


def _give_up(upload: RecipientUpload, now: datetime) -> None:
    """Fail the upload. Without this, it would kill a worker again and again."""
    same = RecipientUpload.objects.filter(pk=upload.pk, claim=upload.claim, state__in=_OPEN)
    failure = (
        f"the import failed {upload.attempts} times: its worker was killed, perhaps because the "
        "file needs too much memory; divide the file, or save it as CSV"
    )
    if same.update(state=UploadState.FAILED, failure=failure, finished_at=now):
        UploadPart.objects.filter(upload=upload, is_rejects=False).delete()


class _Lost(Exception):
    """Another worker has claimed the file, since this worker sent no heartbeat for too long."""


class _Import:
    """An import of a claimed file. A worker that lost the claim writes nothing any more."""

    def __init__(self, upload: RecipientUpload, clock: Clock) -> None:
        self._upload = upload
        self._clock = clock
        self._mine = RecipientUpload.objects.filter(pk=upload.pk, claim=upload.claim)
        self._saved = 0  # stored bytes of the rejects

    def run(self) -> bool:
        """Import the file and return whether it is finished."""
        with tempfile.TemporaryDirectory() as folder, _as_file(self._upload, Path(folder)) as path:
            rejects = Path(folder) / "rejects.csv"
            rejects.write_bytes(b"".join(_read(self._upload, is_rejects=True)))
            try:
                return self._tried(path, rejects)
            except _Lost:
                return False

    def _tried(self, path: Path, rejects: Path) -> bool:
        try:
            return self._end_with(self._import(path, rejects))
        except _Lost:
            raise
        except UNUSABLE as error:
            return self._fail(_for_admin(str(error), path, self._upload))
        except Exception as error:
            return self._fail_or_try_again(error)

    def _import(self, path: Path, rejects: Path) -> ImportResult:
        return import_file(
            path,
            self._upload.list_name,
            _reading(self._upload),
            file_name=self._upload.file_name,
            entered_by=self._upload.made_by,
            rejects=rejects,
            run=str(self._upload.pk),
            on_chunk=partial(self._keep, rejects),
            clock=self._clock,
            on_progress=self._beat,
        )

    def _beat(self, rows: int) -> None:
        self._upload.attempts = 1
        self._write(attempts=1)

    def _keep(self, rejects: Path, counts: Mapping[str, int]) -> None:
        """Store the counts and rejects so far, in the transaction of the chunk."""
        self._write(counts=dict(counts), rows=counts["rows"])
        if not rejects.exists():
            return
        with rejects.open("rb") as file:
            file.seek(self._saved)
            _write(
                self._upload, iter(lambda: file.read(_PART), b""), is_rejects=True, at=self._saved
            )
            self._saved = file.tell()

    def _end_with(self, result: ImportResult) -> bool:
        if not result.is_complete:
            self._write(state=UploadState.QUEUED, attempts=0)
            return False
        self._end(state=UploadState.DONE, counts=result.counts(), rows=result.rows)
        return True

    def _fail(self, failure: str) -> bool:
        """Fail the import. Committed chunks stay and are reported."""
        self._end(state=UploadState.FAILED, failure=failure)
        return True

    def _fail_or_try_again(self, error: Exception) -> bool:
        reason = f"{type(error).__name__}: {phones.redact(str(error))}"
        logger.error("an import failed, attempt %d: %s", self._upload.attempts, reason)
        if self._upload.attempts < _ATTEMPTS_MAX:
            self._write(state=UploadState.QUEUED)
            return False
        kind = type(error).__name__
        return self._fail(f"the import failed {self._upload.attempts} times: {kind}")

    def _end(self, **fields: object) -> None:
        """Finish the import and delete the file, but not its rejects."""
        with transaction.atomic():
            self._write(finished_at=self._clock.now(), **fields)
            UploadPart.objects.filter(upload=self._upload, is_rejects=False).delete()

    def _write(self, **fields: object) -> None:
        if not self._mine.update(beat_at=self._clock.now(), **fields):
            raise _Lost


@transaction.atomic
def _write(
    upload: RecipientUpload, parts: Iterable[bytes], *, is_rejects: bool, at: int = 0
) -> None:
    """Store a file in parts; with `at`, append to it."""
    kept = UploadPart.objects.filter(upload=upload, is_rejects=is_rejects)
    if not at:
        kept.delete()
    first = kept.count()
    pieces = (part[i : i + _PART] for part in parts for i in range(0, len(part), _PART))
    for place, data in enumerate(pieces, start=first):
        UploadPart.objects.create(upload=upload, is_rejects=is_rejects, place=place, data=data)


def _read(upload: RecipientUpload, *, is_rejects: bool) -> Iterator[bytes]:
    parts = UploadPart.objects.filter(upload=upload, is_rejects=is_rejects).order_by("place")
    for key in list(parts.values_list("pk", flat=True)):  # one at a time in memory
        yield bytes(UploadPart.objects.get(pk=key).data)


@contextmanager
def _as_file(upload: RecipientUpload, folder: Path) -> Iterator[Path]:
    path = folder / f"upload{Path(upload.file_name).suffix.lower()[:8]}"
    with path.open("wb") as file:
        file.writelines(_read(upload, is_rejects=False))
    yield path


def _for_admin(failure: str, path: Path, upload: RecipientUpload) -> str:
    """Adapt a failure to the admin: use the uploaded file's name, and omit command options."""
    sentence = failure.replace(path.name, upload.file_name)
    return sentence.replace(" name its heading with --column phone=HEADING;", "")
