"""Change lists that stay fast with a million rows: keyset pagination, no full count, no OFFSET.

Django's own list counts the table for each page and reads all rows before the one that it shows.
"""

from typing import TYPE_CHECKING, Any, Final

from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise

from django_smsbat.admin.base import StyledAdmin
from django_smsbat.admin.parsing import number

if TYPE_CHECKING:
    _ChangeList = ChangeList
else:
    _ChangeList = ChangeList

COUNTED: Final = 1_000  # rows; beyond that, the list shows "1000+"
_OLDER_THAN, _NEWER_THAN, _OLDEST = "b", "a", "z"


class AtLeast(int):
    """A lower bound: the count stopped at a limit."""

    def __str__(self) -> str:
        return f"{int(self)}+"


class KeysetChangeList(_ChangeList):
    """Pages by key, the newest first: ``?p=b500`` shows rows with keys below 500."""

    newest: str = ""
    newer: str = ""
    older: str = ""
    oldest: str = ""

    def get_ordering(self, request: HttpRequest, queryset: Any) -> Any:
        return ["-pk"]

    def get_ordering_field_columns(self) -> Any:
        return {}

    def get_results(self, request: HttpRequest) -> None:
        size = self.list_per_page
        rows, more_after, more_before = _page(self.queryset, request.GET.get(PAGE_VAR, ""), size)
        self.result_list = rows
        self.result_count = self._counted(rows, is_whole=not (more_after or more_before))
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = bool(rows)
        self.can_show_all = False
        self.multi_page = more_after or more_before
        self.paginator = self.model_admin.get_paginator(request, self.queryset, size)
        if more_before:
            self.newest = self.get_query_string({PAGE_VAR: None})
            self.newer = self.get_query_string({PAGE_VAR: f"{_NEWER_THAN}{rows[0].pk}"})
        if more_after:
            self.older = self.get_query_string({PAGE_VAR: f"{_OLDER_THAN}{rows[-1].pk}"})
            self.oldest = self.get_query_string({PAGE_VAR: _OLDEST})

    def _counted(self, rows: list[Any], *, is_whole: bool) -> int:
        if is_whole:
            return len(rows)
        counted = self.queryset.order_by()[: COUNTED + 1].count()
        return AtLeast(COUNTED) if counted > COUNTED else counted


def _page(rows: QuerySet[Any], place: str, size: int) -> tuple[list[Any], bool, bool]:
    """Return one page, and whether older and newer rows exist."""
    kind, key = place[:1], place[1:]
    bound = number(key)
    if kind == _OLDER_THAN and bound is not None:
        fetched = list(rows.filter(pk__lt=bound)[: size + 1])
        # An empty page offers no way back, so show the first page instead.
        return (fetched[:size], len(fetched) > size, True) if fetched else _page(rows, "", size)
    if (kind == _NEWER_THAN and bound is not None) or place == _OLDEST:
        ascending = rows.order_by("pk")
        newer = ascending if bound is None else ascending.filter(pk__gt=bound)
        fetched = list(newer[: size + 1])
        page = fetched[:size][::-1]
        if fetched and (len(fetched) > size or place == _OLDEST):
            return page, bound is not None, len(fetched) > size
    fetched = list(rows[: size + 1])
    return fetched[:size], len(fetched) > size, False


class KeysetAdmin(StyledAdmin):
    """A list that may contain a million rows."""

    change_list_template = "admin/smsbat/walked_list.html"
    empty_words: Promise | str = ""  # shown on an empty list: what to do first
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    sortable_by = ()
    ordering = ("-pk",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList
