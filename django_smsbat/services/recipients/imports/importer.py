"""Import a file in chunks. Each chunk is committed together with the progress of the import.

A killed import continues after its last chunk. Memory use does not depend on the file size.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from django_smsbat import conf
from django_smsbat.gateway.private_frames import private_frames
from django_smsbat.models import RecipientImport, RecipientList
from django_smsbat.services.clock import Clock
from django_smsbat.services.consent import suppression
from django_smsbat.services.recipients.imports import readers, storing
from django_smsbat.services.recipients.imports.cells import Rejected
from django_smsbat.services.recipients.imports.consent import Consent
from django_smsbat.services.recipients.imports.opening import AS_DETECTED, Reading, open_people
from django_smsbat.services.recipients.imports.readers import Deadline, Row, limits
from django_smsbat.services.recipients.imports.readers.table import RowSource
from django_smsbat.services.recipients.imports.rejects import Rejects
from django_smsbat.services.recipients.imports.rows import Person, RowReader
from django_smsbat.services.recipients.imports.storing import Target

_CHUNK: Final = 5_000  # rows
_PIECE: Final = 50  # rows between two checks of the size of a chunk
_ERASED: Final = "phone: this person was erased on request"
COUNTED: Final = (
    *("rows", "created", "updated", "unchanged", "repeated", "rejected"),
    *("opted_out", "opted_in", "left_out"),
)


@dataclass
class ImportResult:
    """The counts of an import.

    Attributes:
        created, updated, unchanged: recipients by outcome.
        repeated: rows that repeat the number of a row in the same chunk; they are merged.
        rejected: rows that were not imported; they are in the file `rejects`.
        opted_out, opted_in: recipients with a changed consent.
        left_out: recipients with an unreadable value, which was ignored.
        resumed_after: the number of the last row that an earlier run imported.
        is_complete: False if the import was stopped before the end.
    """

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: int = 0
    rejected: int = 0
    opted_out: int = 0
    opted_in: int = 0
    left_out: int = 0
    resumed_after: int = 0
    is_complete: bool = True
    rejects: Path | None = None

    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in COUNTED}

    def is_stopped_by(self, clock: Clock | None) -> bool:
        self.is_complete = not (clock and clock.stopping)
        return not self.is_complete

    def add(self, counts: Mapping[str, int]) -> None:
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + counts.get(name, 0))


@private_frames
def import_file(
    path: Path,
    list_name: str = "",
    reading: Reading = AS_DETECTED,
    *,
    dry_run: bool = False,
    restart: bool = False,
    rejects: Path | None = None,
    only_first: int | None = None,
    run: str = "",
    file_name: str = "",
    entered_by: str = "",
    on_chunk: Callable[[Mapping[str, int]], object] = lambda counts: None,
    clock: Clock | None = None,
    on_progress: Callable[[int], object] = lambda rows: None,
) -> ImportResult:
    """Import recipients from a CSV or XLSX file into a list, which is created if it is missing.

    Args:
        list_name: may be empty if all people in the file opt out.
        dry_run: only read and count.
        restart: start again, even if an earlier run was interrupted.
        rejects: the file for rejected rows; by default beside the imported file.
        only_first: read at most this number of rows.
        run: distinguishes imports of the same file. A finished import is not repeated.
        file_name: the file name that users know; by default the name of `path`.
        entered_by: the login of the user who imports.
        on_chunk: called with the counts in the transaction of each chunk, after its rejects.
        clock: stops the import; the next run continues at that row.
        on_progress: called after each chunk with its number of rows.

    Raises:
        UnreadableTable: if the file is not a table.
        UnknownColumns, InvalidAssignment: if its columns cannot be used.
    """
    progress = None if dry_run else _begin(path, list_name, reading, restart, run)
    result = _so_far(progress)
    if run and progress and progress.finished_at:
        return result
    refused = rejects or path.with_name(f"{path.name}.rejects.csv")
    target = Target(progress.list if progress else None, file_name or path.name, entered_by)
    job = _Job(reading, result, target, progress, on_chunk)
    for count in job.run(path, refused, only_first):
        on_progress(count)
        if result.is_stopped_by(clock):
            break
    return _ended(result, progress, refused)


def _ended(result: ImportResult, progress: RecipientImport | None, refused: Path) -> ImportResult:
    if progress and result.is_complete:
        RecipientImport.objects.filter(pk=progress.pk).update(finished_at=timezone.now())
    result.rejects = refused if result.rejected else None
    return result


def _so_far(progress: RecipientImport | None) -> ImportResult:
    result = ImportResult(resumed_after=progress.rows_done if progress else 0)
    result.add(progress.counts if progress else {})
    return result


def _begin(
    path: Path, list_name: str, reading: Reading, restart: bool, run: str
) -> RecipientImport:
    """Return the import of an interrupted run, or a new import."""
    how = [sorted(reading.columns), reading.encoding, reading.is_opt_out]
    digest = readers.digest_of(path, f"{how}{conf.current().default_region}{run}")
    target = RecipientList.objects.get_or_create(name=list_name)[0] if list_name else None
    defaults: dict[str, Any] = {"started_at": timezone.now()}
    # get_or_create alone is not enough: without a list, no constraint prevents duplicates.
    known = RecipientImport.objects.filter(list=target, digest=digest).order_by("pk").first()
    if known is None:
        known, _ = RecipientImport.objects.get_or_create(
            list=target, digest=digest, defaults=defaults
        )
    if restart or (known.finished_at and not run):
        known.rows_done, known.counts, known.finished_at = 0, {}, None
        known.started_at = defaults["started_at"]
        known.save()
    return known


def _chunks(rows: Iterable[Row], source: RowSource, rows_done: int) -> Iterator[list[Row]]:
    """Yield the remaining rows in chunks. Chunks of long rows contain fewer rows."""
    left = (row for row in rows if row.number > rows_done)
    size = min(_PIECE, _CHUNK)
    chunk: list[Row] = []
    begin = 0
    while piece := list(islice(left, size)):
        chunk += piece
        if len(chunk) >= _CHUNK or source.size - begin > limits.CHUNK_MAX:
            yield chunk
            chunk, begin = [], source.size
    if chunk:
        yield chunk


@dataclass
class _Chunk:
    """The people of a chunk, by phone."""

    people: dict[str, Person] = field(default_factory=dict)
    repeated: int = 0
    rejected: int = 0

    def opt_out(self, phones: Iterable[str]) -> None:
        """Opt out the numbers of rejected rows, and additional numbers of a person."""
        for phone in filter(None, phones):
            bare = Person(phone, consent=Consent(is_opt_out=True))
            known = self.people.setdefault(phone, bare)
            if known is not bare:
                known.merge(bare)


@dataclass
class _Job:
    """An import of a file into a target, chunk by chunk."""

    reading: Reading
    result: ImportResult
    target: Target
    progress: RecipientImport | None
    on_chunk: Callable[[Mapping[str, int]], object]

    def run(self, path: Path, refused: Path, only_first: int | None) -> Iterator[int]:
        """Import the remaining rows. Yield the number of rows of each chunk."""
        region, is_opt_out = conf.current().default_region, self.reading.is_opt_out
        with (
            open_people(path, self.reading) as (table, columns),
            Rejects(refused, self.result.resumed_after, columns.headings) as rejects,
        ):
            reader = RowReader(columns.require_phone(), region, is_opt_out=is_opt_out)
            rows = islice(table.rows, only_first)
            for chunk in _chunks(rows, table.source, self.result.resumed_after):
                self.take(chunk, reader, rejects)
                yield len(chunk)

    def take(self, rows: list[Row], reader: RowReader, rejects: Rejects) -> None:
        """Import a chunk and commit it together with the progress."""
        chunk = _read(rows, reader, rejects, self.reading.deadline)
        now = timezone.now()
        with transaction.atomic():
            if self.progress:
                counts = storing.store(chunk.people, self.target, now)
            else:
                counts = storing.count(chunk.people, now)
            counts += Counter(rows=len(rows), repeated=chunk.repeated, rejected=chunk.rejected)
            self.result.add(counts)
            rejects.flush()
            self.on_chunk(self.result.counts())
            if self.progress:
                self.progress.rows_done = rows[-1].number
                self.progress.counts = self.result.counts()
                self.progress.save(update_fields=["rows_done", "counts"])


def _read(
    rows: Iterable[Row], reader: RowReader, rejects: Rejects, deadline: Deadline | None
) -> _Chunk:
    chunk = _Chunk()
    read = [(row, _person(row, reader)) for row in rows]
    erased = suppression.among({one.phone for _, one in read} - {""})
    for row, person in read:
        if deadline:
            deadline.check()
        is_erased = person.phone in erased
        if isinstance(person, Rejected) or is_erased:
            # The data of an erased person must not be stored, not even among the rejects.
            reason = _ERASED if is_erased else str(person)
            rejects.add(row.number, reason, () if is_erased else row.cells)
            chunk.rejected += 1
            if isinstance(person, Rejected) and person.is_opt_out and not is_erased:
                chunk.opt_out([person.phone])
            continue
        known = chunk.people.setdefault(person.phone, person)
        if known is not person:
            known.merge(person)
            chunk.repeated += 1
        chunk.opt_out(reader.other_phones(row.cells, person))
    return chunk


def _person(row: Row, reader: RowReader) -> Person | Rejected:
    try:
        return reader(row.cells, row.problem)
    except Rejected as reason:
        return reason
