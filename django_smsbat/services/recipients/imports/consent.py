"""Consent in a file: opt-outs, and opt-ins with a date and a source."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.utils import timezone

from django_smsbat.services.recipients.imports import values, words
from django_smsbat.services.recipients.imports.cells import Rejected, cell_at, is_error, text_of
from django_smsbat.services.recipients.imports.columns import Columns
from django_smsbat.services.recipients.imports.fields import Field

SOURCE_MAX: Final = 200  # characters
_CLOCKS_DIFFER: Final = timedelta(days=1)  # tolerance for the time zone of the file


class Consent(NamedTuple):
    """The consent to promotional messages in a row.

    Attributes:
        at: when the recipient decided; None if the file contains no date.
        source: where the recipient decided, according to the file.
    """

    is_opt_out: bool
    at: datetime | None = None
    source: str = ""


def stricter(first: Consent | None, second: Consent | None) -> Consent | None:
    """Return the later of two consents in a file. An undated opt-out takes precedence."""
    if first is None or second is None:
        return first or second
    for one in (first, second):
        if one.is_opt_out and one.at is None:
            return one
    return max(first, second, key=lambda one: (one.at.timestamp() if one.at else 0, one.is_opt_out))


class ConsentReader:
    """A reader of opt-outs, and of opt-ins with a date and a source."""

    def __init__(self, columns: Columns, *, is_opt_out: bool) -> None:
        self._is_opt_out = is_opt_out
        self._columns = [
            column
            for column in columns.columns
            if column.field in (Field.OPTED_OUT, Field.SUBSCRIBED, Field.STATUS)
        ]
        self._dates = [column.place for column in columns.of_field(Field.CONSENT_DATE)]
        self._sources = [column.place for column in columns.of_field(Field.CONSENT_SOURCE)]
        self._says_nothing = not (self._columns or (self._dates and self._sources) or is_opt_out)

    def __call__(self, cells: Sequence[Any]) -> Consent | None:
        if self._says_nothing:
            return None
        opt_outs = [
            consent
            for column in self._columns
            if _word(cell := cell_at(cells, column.place))
            and (consent := _READERS[column.field](cell))
        ]
        if opt_outs:
            return max(opt_outs, key=lambda one: one.at is not None)
        return Consent(is_opt_out=True) if self._is_opt_out else self._opt_in(cells)

    def opts_out(self, cells: Sequence[Any]) -> bool:
        """Return whether a rejected row opts the person out."""
        try:
            consent = self(cells)
        except Rejected:
            return self._is_opt_out
        return consent is not None and consent.is_opt_out

    def _opt_in(self, cells: Sequence[Any]) -> Consent | None:
        """Return the opt-in of a row. An opt-in counts only with a date and a source."""
        for date_place, source_place in zip(self._dates, self._sources, strict=False):
            date, source = cell_at(cells, date_place), cell_at(cells, source_place)
            if _is_nothing(date) or _is_nothing(source):
                return None
            return Consent(
                is_opt_out=False,
                at=_consent_date(date),
                source=text_of(source, "consent source", SOURCE_MAX),
            )
        return None


def _is_nothing(cell: Any) -> bool:
    return not (answer := _word(cell)) or answer in words.NO


def _consent_date(cell: Any) -> datetime:
    try:
        at = values.moment(cell)
    except ValueError:
        raise Rejected("consent date: not a clear date; write it like 2026-02-28") from None
    if at > timezone.now() + _CLOCKS_DIFFER:
        raise Rejected("consent date: lies in the future; write the date of the consent")
    return at


def _opted_out(cell: Any) -> Consent | None:
    if (answer := _word(cell)) in words.NO or answer in words.OPT_IN:
        return None
    if answer in words.YES or answer in words.OPT_OUT:
        return Consent(is_opt_out=True)
    try:
        return Consent(is_opt_out=True, at=values.moment(cell))
    except ValueError:
        if any(map(str.isdigit, answer)):  # a date in some other form
            return Consent(is_opt_out=True)
        raise Rejected("opted out: write yes, no, or a date like 2026-02-28") from None


def _unsubscribed(cell: Any) -> Consent | None:
    """Return an opt-out for "no" and the like; other values, such as "pending", are none."""
    if (answer := _word(cell)) in words.OPT_OUT or answer in words.NO:
        return Consent(is_opt_out=True)
    return None


def _has_opt_out_status(cell: Any) -> Consent | None:
    return Consent(is_opt_out=True) if _word(cell) in words.OPT_OUT_STATUS else None


_READERS: Final[Mapping[Field, Callable[[Any], Consent | None]]] = {
    Field.OPTED_OUT: _opted_out,
    Field.SUBSCRIBED: _unsubscribed,
    Field.STATUS: _has_opt_out_status,
}


def _word(cell: Any) -> str:
    return "" if cell is None or is_error(cell) else values.word(cell)
