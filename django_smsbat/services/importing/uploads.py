"""Files that were handed to the admin: looked into at once, imported in the background.

An import whose worker died is taken up by the next one, where it was.
"""

import csv
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from django_smsbat import runners
from django_smsbat.models import RecipientUpload, UploadPart, UploadState
from django_smsbat.services.clock import Clock, SystemClock
from django_smsbat.services.importing.columns import UnknownColumns
from django_smsbat.services.importing.importer import Result, import_file
from django_smsbat.services.importing.tables import UnreadableTable

LOOKED_INTO: Final = 1_000  # rows, before it is imported
SHOWN: Final = 20  # rows that are not taken
_PART: Final = 524_288  # bytes: fits what databases take in one value
_SILENT: Final = timedelta(minutes=2)
_KEPT: Final = timedelta(days=30)
_NAME_MAX: Final = 200


@dataclass(frozen=True)
class Look:
    """The first rows, read as the import will read them.

    Attributes:
        rejects: the first that will not be taken: number, reason, cells.
        failure: why it is no table of recipients; empty where it is one.
    """

    result: Result
    rejects: list[list[str]]
    failure: str = ""


def keep(
    parts: Iterable[bytes], file_name: str, list_name: str, login: str, now: datetime | None = None
) -> RecipientUpload:
    """Store a file until somebody says that it is to be imported."""
    now = now or timezone.now()
    RecipientUpload.objects.filter(made_at__lt=now - _KEPT).delete()
    with transaction.atomic():
        made = RecipientUpload.objects.create(
            list_name=list_name, file_name=file_name[-_NAME_MAX:], made_by=login, made_at=now
        )
        _write(made, parts, is_rejects=False)
    return made


def look_into(upload: RecipientUpload) -> Look:
    """What the import would do with the first rows. Writes nothing."""
    with tempfile.TemporaryDirectory() as folder, _as_file(upload, Path(folder)) as path:
        rejects = Path(folder) / "rejects.csv"
        try:
            told = import_file(
                path, upload.list_name, dry_run=True, rejects=rejects, only_first=LOOKED_INTO
            )
        except (UnreadableTable, UnknownColumns) as error:
            return Look(Result(), [], _without_path(error, path, upload))
        rows = []
        if told.rejects:
            with rejects.open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.reader(file))[1 : SHOWN + 1]
        return Look(told, rows)


def confirm(upload: RecipientUpload) -> bool:
    """Have it imported; whether that was not asked for before."""
    looked_at = RecipientUpload.objects.filter(pk=upload.pk, state=UploadState.LOOKED_AT)
    if not looked_at.update(state=UploadState.QUEUED):
        return False
    transaction.on_commit(runners.wake_import)
    return True


def is_silent(upload: RecipientUpload, now: datetime | None = None) -> bool:
    """Whether its worker has died, or has not begun for long."""
    last = upload.beat_at or upload.made_at
    is_open = upload.state in (UploadState.QUEUED, UploadState.RUNNING)
    return is_open and (now or timezone.now()) - last > _SILENT


def import_waiting(clock: Clock | None = None) -> int:
    """Import what waits, and what a dead worker left; how many files are done."""
    clock, done = clock or SystemClock(), 0
    while not clock.stopping and (upload := _take(clock.now())):
        done += _import(upload, clock)
    return done


def rejects_of(upload: RecipientUpload) -> Iterator[bytes]:
    """The file of the rows that were not taken, as CSV."""
    return _read(upload, is_rejects=True)


def _take(now: datetime) -> RecipientUpload | None:
    free = Q(state=UploadState.QUEUED) | Q(state=UploadState.RUNNING, beat_at__lt=now - _SILENT)
    for upload in RecipientUpload.objects.filter(free).order_by("pk"):
        mine = RecipientUpload.objects.filter(free, pk=upload.pk)
        if mine.update(state=UploadState.RUNNING, beat_at=now):
            return upload
    return None


def _import(upload: RecipientUpload, clock: Clock) -> bool:
    """Import one file; whether it came to its end."""
    own = RecipientUpload.objects.filter(pk=upload.pk)

    def beat(rows: int) -> None:
        upload.rows += rows
        own.update(rows=upload.rows, beat_at=clock.now())

    with tempfile.TemporaryDirectory() as folder, _as_file(upload, Path(folder)) as path:
        rejects = Path(folder) / "rejects.csv"
        _restore(upload, rejects)
        try:
            told = import_file(
                path, upload.list_name, rejects=rejects, clock=clock, on_progress=beat
            )
        except (UnreadableTable, UnknownColumns) as error:
            _end(
                upload, UploadState.FAILED, clock.now(), failure=_without_path(error, path, upload)
            )
            return True
        with suppress(FileNotFoundError), rejects.open("rb") as file:
            _write(upload, iter(lambda: file.read(_PART), b""), is_rejects=True)
        if not told.is_complete:
            own.update(state=UploadState.QUEUED, rows=told.rows)
            return False
        _end(upload, UploadState.DONE, clock.now(), counts=told.counts(), rows=told.rows)
        return True


@transaction.atomic
def _end(upload: RecipientUpload, state: UploadState, now: datetime, **told: object) -> None:
    """Nobody needs the file any more."""
    UploadPart.objects.filter(upload=upload, is_rejects=False).delete()
    RecipientUpload.objects.filter(pk=upload.pk).update(state=state, finished_at=now, **told)


@transaction.atomic
def _write(upload: RecipientUpload, parts: Iterable[bytes], *, is_rejects: bool) -> None:
    UploadPart.objects.filter(upload=upload, is_rejects=is_rejects).delete()
    pieces = (part[at : at + _PART] for part in parts for at in range(0, len(part), _PART))
    for place, data in enumerate(pieces):
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


def _restore(upload: RecipientUpload, rejects: Path) -> None:
    """What an earlier worker had written of the rows that were not taken."""
    parts = list(_read(upload, is_rejects=True))
    if parts:
        rejects.write_bytes(b"".join(parts))


def _without_path(error: Exception, path: Path, upload: RecipientUpload) -> str:
    """In the words of who uploaded it; the options of a command say nothing to them."""
    words = str(error).replace(path.name, upload.file_name)
    return words.replace(" name its heading with --column phone=HEADING;", "")
