"""The confirmation before recipients are opted out, opted in or erased, and the action itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_smsbat.admin.confirm import own_page
from django_smsbat.admin.parsing import number
from django_smsbat.admin.sentences import translated
from django_smsbat.models import ConsentSource, Recipient
from django_smsbat.services.consent import changes
from django_smsbat.services.consent.changes import ConsentReason
from django_smsbat.services.recipients.imports.uploads import StillImporting
from django_smsbat.services.retention import erase

_AT_ONCE_MAX: Final = 900  # recipients, one form field each; Django's limit is 1,000 fields
_SHOWN: Final = 10


def _erase(person: Recipient, reason: ConsentReason) -> bool:
    erase.erase(person.phone)
    return True


@dataclass(frozen=True)
class Question:
    """One action on recipients: its question, and the service that performs it."""

    name: str
    label: Promise
    question: Promise
    run: Callable[[Recipient, ConsentReason], bool]
    asks_for_reason: bool = True
    is_logged: bool = True


QUESTIONS: Final[dict[str, Question]] = {
    one.name: one
    for one in (
        Question(
            "opt_out",
            _("Opt out"),
            _("Send nothing promotional to them any more? It can be reversed."),
            changes.opt_out,
        ),
        Question(
            "opt_in",
            _("Opt in again"),
            _("Send promotional messages to them again? Only if they have asked for it."),
            changes.opt_in,
        ),
        Question(
            "erase",
            _("Erase"),
            _(
                "Erase them with everything that was sent to them and everything that they wrote? "
                "This cannot be undone. Only the numbers of campaigns stay, and a hash of the "
                "phone, so that no import brings them back."
            ),
            _erase,
            asks_for_reason=False,
            is_logged=False,  # a log entry would name the erased recipient
        ),
    )
}


def ask(
    page: Any, request: HttpRequest, chosen: QuerySet[Recipient], question: Question
) -> HttpResponse | None:
    """Ask for confirmation, or perform the confirmed action and return None."""
    count = chosen.count()
    if count > _AT_ONCE_MAX:
        text = _("Choose %(most)d people at most.") % {"most": _AT_ONCE_MAX}
        page.message_user(request, text, messages.ERROR)
        return None
    if request.POST.get("confirmed") == question.name:
        _do(page, request, list(chosen), question)
        return HttpResponseRedirect(back) if (back := _back(request)) else None
    return own_page(
        page,
        request,
        "recipient/ask.html",
        question.label,
        question=question,
        count=count,
        reason_max=changes.REASON_MAX,
        shown=[str(person) for person in chosen[:_SHOWN]],
        back=request.POST.get("conversation", ""),
        back_url=_back(request),
        selected=chosen.values_list("pk", flat=True),
        action_checkbox_name=ACTION_CHECKBOX_NAME,
    )


def _back(request: HttpRequest) -> str:
    """Return the URL of the originating conversation; "" for the list of recipients."""
    key = number(request.POST.get("conversation"))
    if key is None:
        return ""
    return reverse("admin:smsbat_inboundmessage_change", args=[key])


def _do(page: Any, request: HttpRequest, people: list[Recipient], question: Question) -> None:
    reason = ConsentReason(
        source=ConsentSource.PERSON,
        reason=request.POST.get("reason", "").strip(),
        entered_by=request.user.get_username(),
    )
    done = 0
    for person in people:
        try:
            changed = question.run(person, reason)
        except (erase.StillSending, StillImporting) as error:
            page.message_user(request, f"{person}: {translated(error)}", messages.ERROR)
            continue
        done += changed
        if changed and question.is_logged:
            page.log_change(request, person, f"{question.label}: {reason.reason}")
    text = ngettext("%(count)d person.", "%(count)d people.", done) % {"count": done}
    page.message_user(request, f"{question.label}: {text}", messages.SUCCESS)
