"""What was ticked in a list: some rows, or all that its filters find, as they stood when asked.

A million rows are named by their filters and their last key, never by a list of keys.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Max, QuerySet
from django.http import HttpRequest

from django_smsbat.admin.parsing import number

_SEEN: Final = "seen_up_to"


@dataclass(frozen=True)
class Selection:
    """
    Attributes:
        rows: those that were there when the question was asked.
        ticked: the keys that were ticked, on the page that was shown.
        is_across: whether all that the filters find is meant, and not those alone.
    """

    rows: Any
    ticked: list[str]
    is_across: bool
    seen_up_to: int

    @classmethod
    def of(cls, request: HttpRequest, queryset: QuerySet[Any]) -> "Selection":
        """
        Args:
            queryset: what the admin hands to an action.
        """
        last = number(request.POST.get(_SEEN))
        if last is None:
            last = queryset.order_by().aggregate(last=Max("pk"))["last"] or 0
        return cls(
            queryset.filter(pk__lte=last),
            request.POST.getlist(ACTION_CHECKBOX_NAME),
            request.POST.get("select_across", "0") == "1",
            last,
        )

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """The fields by which a question hands the same selection on to its answer."""
        return [
            *((ACTION_CHECKBOX_NAME, key) for key in self.ticked),
            ("select_across", str(int(self.is_across))),
            (_SEEN, str(self.seen_up_to)),  # text: numbers are shown with separators in templates
        ]
