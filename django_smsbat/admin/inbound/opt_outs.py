"""Opting out the senders of incoming messages: with one click, or for selected messages."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_smsbat.admin.confirm import own_page
from django_smsbat.admin.selection import Selection
from django_smsbat.models import InboundMessage
from django_smsbat.services.consent import changes
from django_smsbat.services.inbound import inbox

_SENDERS_MAX: Final = 900  # each runs in its own transaction
_SHOWN: Final = 10


@dataclass(frozen=True)
class _Answer:
    """The button that confirms an action."""

    name: str
    label: Promise


_OPT_OUT: Final = _Answer("opt_out_senders", _("Opt out"))


def opt_out(page: Any, request: HttpRequest, inbound: InboundMessage) -> None:
    """Opt out the sender of one message, and report the result."""
    if _opt_out(page, request, inbound):
        page.message_user(request, _("The sender was opted out."), messages.SUCCESS)
    else:
        text = _("Nothing was changed: the sender has opted out already, or is no recipient.")
        page.message_user(request, text, messages.WARNING)


def dismiss(page: Any, request: HttpRequest, inbound: InboundMessage) -> None:
    """Clear the flag on one message; the sender still gets promotional messages."""
    if inbox.dismiss_opt_out(inbound):
        page.log_change(request, inbound, str(_("Not an opt-out")))


def ask(page: Any, request: HttpRequest, chosen: QuerySet[InboundMessage]) -> HttpResponse | None:
    """Ask for confirmation, or opt out the senders of the selected messages and return None."""
    selection = Selection.of(request, chosen)
    rows = selection.rows.filter(recipient__isnull=False, recipient__opted_out_at=None)
    count = rows.order_by().values("recipient").distinct().count()
    if count > _SENDERS_MAX:
        text = _("Choose messages of %(most)d senders at most.") % {"most": _SENDERS_MAX}
        page.message_user(request, text, messages.ERROR)
        return None
    if request.POST.get("confirmed") == _OPT_OUT.name:
        senders = list(_one_of_each_sender(rows))
        done = sum(_opt_out(page, request, _reason_among(inbound)) for inbound in senders)
        text = ngettext("%(count)d person.", "%(count)d people.", done) % {"count": done}
        page.message_user(request, f"{_OPT_OUT.label}: {text}", messages.SUCCESS)
        return None
    return own_page(
        page,
        request,
        "inboundmessage/opt_out_senders.html",
        _OPT_OUT.label,
        answer=_OPT_OUT,
        count=count,
        shown=[str(one.recipient) for one in _one_of_each_sender(rows, _SHOWN)],
        selection=selection,
    )


def _opt_out(page: Any, request: HttpRequest, inbound: InboundMessage) -> bool:
    changed = changes.opt_out_sender(inbound, request.user.get_username())
    if changed:
        page.log_change(request, inbound.recipient, f"{_OPT_OUT.label}: {inbound}")
    return changed


def _reason_among(inbound: InboundMessage) -> InboundMessage:
    """Return the flagged message of the conversation, not its latest: it is the better evidence."""
    if inbound.may_be_opt_out:
        return inbound
    return inbox.probable_opt_out_of(inbound.phone) or inbound


def _one_of_each_sender(
    rows: QuerySet[InboundMessage], most: int | None = None
) -> Iterator[InboundMessage]:
    """Yield the latest message of each sender."""
    seen: set[int | None] = set()
    for inbound in rows.select_related("recipient").order_by("-pk"):
        if inbound.recipient_id not in seen:
            seen.add(inbound.recipient_id)
            yield inbound
        if most is not None and len(seen) >= most:
            return
