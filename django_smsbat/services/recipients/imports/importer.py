"""The import itself: chunk by chunk, each committed with how far it came.

A run that was killed goes on behind its last chunk; memory does not grow with the file. Who is
known already is merged, never overwritten by what a file leaves empty, and stays opted out.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from django_smsbat import conf
from django_smsbat.models import Recipient, RecipientImport, RecipientList
from django_smsbat.models.set_based import insert_rows, texts_in, update_rows
from django_smsbat.services import suppression
from django_smsbat.services.clock import Clock
from django_smsbat.services.recipients.imports import readers, rows
from django_smsbat.services.recipients.imports.columns import Columns
from django_smsbat.services.recipients.imports.readers import Row
from django_smsbat.services.recipients.imports.rejects import Rejects
from django_smsbat.services.recipients.imports.rows import Person, Rejected

_CHUNK: Final = 5_000  # rows
_ERASED: Final = "phone: this person was erased on request"
_COUNTED: Final = ("rows", "created", "updated", "unchanged", "repeated", "rejected")


@dataclass
class Result:
    """What became of the rows of a file.

    Attributes:
        created, updated, unchanged: people, by what the import did to them.
        repeated: rows of a phone that stood in a row shortly before; merged.
        rejected: rows in which no person could be read; they stand in `rejects`.
        resumed_after: the number of the last row that an earlier run had done.
        is_complete: False where it was told to stop before the end.
    """

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: int = 0
    rejected: int = 0
    resumed_after: int = 0
    is_complete: bool = True
    rejects: Path | None = None

    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in _COUNTED}

    def is_stopped_by(self, clock: Clock | None) -> bool:
        self.is_complete = not (clock and clock.stopping)
        return not self.is_complete

    def add(self, counts: Mapping[str, int]) -> None:
        for name, count in counts.items():
            setattr(self, name, getattr(self, name) + count)


def import_file(
    path: Path,
    list_name: str,
    *,
    columns: Mapping[str, str] | None = None,
    dry_run: bool = False,
    restart: bool = False,
    rejects: Path | None = None,
    only_first: int | None = None,
    run: str = "",
    on_chunk: Callable[[Mapping[str, int]], object] = lambda counts: None,
    clock: Clock | None = None,
    on_progress: Callable[[int], object] = lambda rows: None,
) -> Result:
    """Read recipients from a CSV or XLSX file into a list, which is made if there is none.

    Args:
        columns: headings by what they hold, where they do not say so themselves.
        dry_run: only read and count.
        restart: begin anew, also where an earlier run was broken off.
        rejects: the file of rows that were not taken; beside the other if not given.
        only_first: read no more rows than that.
        run: tells it from others of the same file; one that is done is not begun again.
        on_chunk: called with the counts in the transaction of each chunk, its rejects written.
        clock: says when to stop; the next run goes on there.
        on_progress: called after each chunk with the number of its rows.

    Raises: UnreadableTable, when the file is no table; UnknownColumns, when none holds phones.
    """
    said, region = dict(columns or {}), conf.current().default_region
    digest = readers.digest_of(path, f"{sorted(said.items())}{region}{run}")
    done = None if dry_run else _begin(list_name, digest, restart, once=bool(run))
    result = _so_far(done)
    if run and done and done.finished_at:
        return result
    refused = rejects or path.with_name(f"{path.name}.rejects.csv")
    with (
        readers.open_table(path) as table,
        Rejects(refused, result.resumed_after, table.headings) as rejected,
    ):
        read = _Reader(Columns.of(table.headings, said), region, rejected)
        for chunk in _chunks(islice(table.rows, only_first), result.resumed_after):
            _take(chunk, read, done, result, on_chunk)
            on_progress(len(chunk))
            if result.is_stopped_by(clock):
                break
    return _ended(result, done, refused)


def _ended(result: Result, done: RecipientImport | None, refused: Path) -> Result:
    if done and result.is_complete:
        RecipientImport.objects.filter(pk=done.pk).update(finished_at=timezone.now())
    result.rejects = refused if result.rejected else None
    return result


def _so_far(done: RecipientImport | None) -> Result:
    result = Result(resumed_after=done.rows_done if done else 0)
    result.add(done.counts if done else {})
    return result


def _take(
    chunk: list[Row],
    read: "_Reader",
    done: RecipientImport | None,
    result: Result,
    on_chunk: Callable[[Mapping[str, int]], object],
) -> None:
    """One chunk, committed together with how far the import has come."""
    found = read(chunk)
    with transaction.atomic():
        counts = _store(found, done.list if done else None)
        counts.update(rows=len(chunk), repeated=found.repeated, rejected=found.rejected)
        result.add(counts)
        read.rejects.flush()
        on_chunk(result.counts())
        if done:
            done.rows_done, done.counts = chunk[-1][0], result.counts()
            done.save(update_fields=["rows_done", "counts"])


def _begin(list_name: str, digest: str, restart: bool, *, once: bool) -> RecipientImport:
    """The import that a broken run left, or a new one."""
    target, _ = RecipientList.objects.get_or_create(name=list_name)
    defaults: dict[str, Any] = {"started_at": timezone.now()}
    known, _ = RecipientImport.objects.get_or_create(list=target, digest=digest, defaults=defaults)
    if restart or (known.finished_at and not once):
        known.rows_done, known.counts, known.finished_at = 0, {}, None
        known.started_at = defaults["started_at"]
        known.save()
    return known


def _chunks(rows: Iterator[Row], rows_done: int) -> Iterator[list[Row]]:
    left = (row for row in rows if row[0] > rows_done)
    while chunk := list(islice(left, _CHUNK)):
        yield chunk


@dataclass
class _Found:
    """The people of one chunk, by phone."""

    people: dict[str, Person]
    repeated: int = 0
    rejected: int = 0


@dataclass
class _Reader:
    columns: Columns
    region: str
    rejects: Rejects

    def __call__(self, chunk: Iterable[Row]) -> _Found:
        found = _Found({})
        read = [(row.number, row.cells, self._read(row)) for row in chunk]
        erased = suppression.among({one.phone for *_, one in read} - {""})
        for number, cells, person in read:
            is_erased = person.phone in erased
            if isinstance(person, Rejected) or is_erased:
                # Of who was erased nothing is written anywhere any more.
                reason = _ERASED if is_erased else str(person)
                self.rejects.add(number, reason, () if is_erased else cells)
                found.rejected += 1
                continue
            known = found.people.setdefault(person.phone, person)
            if known is not person:
                known.merge(person)
                found.repeated += 1
        return found

    def _read(self, row: Row) -> Person | Rejected:
        person: Person | Rejected
        try:
            person = rows.read(row.cells, self.columns, self.region)
        except Rejected as reason:
            person = reason
        if not row.problem:
            return person
        refused = Rejected(row.problem)
        refused.phone = person.phone
        return refused


def _store(found: _Found, target: RecipientList | None) -> Counter[str]:
    """Write one chunk; only count where there is no list to write to."""
    known = Recipient.objects.filter(phone__in=texts_in(Recipient, found.people)).order_by("pk")
    if target is not None:  # in one order, so that two imports at once wait and do not deadlock
        known = known.select_for_update()
    changed, unchanged, fresh = [], 0, dict(found.people)
    for key, phone, *said in known.values_list("pk", "phone", "name", "email", "attributes"):
        name, email, attributes = said
        old = Person(phone, name, email, attributes if isinstance(attributes, dict) else {})
        new = Person(phone, name, email, dict(old.attributes))
        new.merge(fresh.pop(phone))
        if new == old:
            unchanged += 1
        else:
            changed.append((key, new.name, new.email, new.attributes))
    if target is not None:
        update_rows(Recipient, ("name", "email", "attributes"), changed)
        _create(fresh.values(), timezone.now())
        _enlist(found.people, target)
    return Counter(created=len(fresh), updated=len(changed), unchanged=unchanged)


def _create(fresh: Iterable[Person], now: datetime) -> None:
    names = ("phone", "name", "email", "attributes", "created_at")
    rows = [(one.phone, one.name, one.email, one.attributes, now) for one in fresh]
    # Another import may have made the same people in this very moment.
    insert_rows(Recipient, names, rows, known_are_left=True)


def _enlist(phones: Iterable[str], target: RecipientList) -> None:
    keys = Recipient.objects.filter(phone__in=texts_in(Recipient, phones))
    rows = [(target.pk, key) for key in keys.values_list("pk", flat=True)]
    through = Recipient.lists.through
    insert_rows(through, ("recipientlist", "recipient"), rows, known_are_left=True)
