"""The confirmation before unconfirmed messages are settled, and the action itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_smsbat.admin.confirm import own_page
from django_smsbat.admin.selection import Selection
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Campaign
from django_smsbat.models.message import MessageQuerySet
from django_smsbat.services import unconfirmed

_LOGGED_SINGLY: Final = 100
_CHUNK: Final = 2_000


@dataclass(frozen=True)
class Settlement:
    """One way to settle messages: its question, and the service that performs it."""

    name: str
    label: Promise
    question: Promise
    run: Callable[[Iterable[int]], int]


SETTLEMENTS: Final[dict[str, Settlement]] = {
    one.name: one
    for one in (
        Settlement(
            "resend",
            _("Send again"),
            _(
                "Send them again? Recipients who did get the first one get it twice, "
                "and it costs twice."
            ),
            unconfirmed.resend,
        ),
        Settlement(
            "give_up",
            _("Give up"),
            _("Take them for failed? A later report of their delivery still counts."),
            unconfirmed.give_up,
        ),
    )
}


def settle(
    page: Any, request: HttpRequest, chosen: MessageQuerySet, settlement: Settlement
) -> HttpResponse | None:
    """Ask for confirmation, or perform the confirmed action and return None.

    Args:
        chosen: may match a million rows. It is a snapshot and is iterated, never listed.
    """
    selection = Selection.of(request, chosen)  # excludes later unconfirmed messages
    rows = selection.rows.filter(status=Status.UNCONFIRMED.value)
    if request.POST.get("confirmed") == settlement.name:
        concerned = _concerned(rows)
        count = settlement.run(chain.from_iterable(rows.batches_of_keys(_CHUNK)))
        text = ngettext("%(count)d message settled.", "%(count)d messages settled.", count)
        message = f"{settlement.label}: {text % {'count': count}}"
        for one in concerned:
            page.log_change(request, one, message)
        page.message_user(request, message, messages.SUCCESS)
        return None
    return own_page(
        page,
        request,
        "message/settle.html",
        settlement.label,
        settlement=settlement,
        count=rows.count(),
        left_alone=selection.rows.count() - rows.count(),
        selection=selection,
    )


def _concerned(rows: MessageQuerySet) -> list[Model]:
    """Return the objects that get a log entry: campaigns, and a few messages without a campaign."""
    campaigns = Campaign.objects.filter(pk__in=rows.order_by().values("campaign"))
    return [*campaigns, *rows.filter(campaign=None)[:_LOGGED_SINGLY]]
