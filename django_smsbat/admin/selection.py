"""The rows selected in a change list: some rows, or all that match its filters, as a snapshot.

A million rows are identified by their filters and their last key, never by a list of keys.
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
    """The rows that a question is about.

    Attributes:
        rows: the selected rows that existed when the question was shown.
        ticked: the keys of the ticked rows on the page.
        is_across: whether all rows that match the filters are selected, not only the ticked ones.
    """

    rows: Any
    ticked: list[str]
    is_across: bool
    seen_up_to: int

    @classmethod
    def of(cls, request: HttpRequest, queryset: QuerySet[Any]) -> "Selection":
        """Read the selection from a request.

        Args:
            queryset: the queryset that the admin passes to an action.
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
        """The hidden fields that carry the selection from the question to its confirmation."""
        return [
            *((ACTION_CHECKBOX_NAME, key) for key in self.ticked),
            ("select_across", str(int(self.is_across))),
            (_SEEN, str(self.seen_up_to)),  # templates add separators to numbers
        ]
