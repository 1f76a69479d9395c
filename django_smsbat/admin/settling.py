"""The question before unconfirmed messages are settled, and what is done on a yes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_smsbat.gateway.statuses import Status
from django_smsbat.models import Campaign, Message
from django_smsbat.models.set_based import keys_in
from django_smsbat.services import unconfirmed

_LOGGED_SINGLY: Final = 100


@dataclass(frozen=True)
class Settlement:
    """One way to settle them: what is asked, and the service that does it."""

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
            _("Send them again? Whoever did get the first one gets it twice, and it costs twice."),
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
    page: Any, request: HttpRequest, chosen: QuerySet[Message], settlement: Settlement
) -> HttpResponse | None:
    """Ask, or do what was confirmed; None when it is done."""
    found = chosen.filter(status=Status.UNCONFIRMED.value)
    seen_up_to = request.POST.get("seen_up_to", "")
    if seen_up_to.isdigit():  # what became unconfirmed since was not asked about
        found = found.filter(pk__lte=int(seen_up_to))
    if request.POST.get("confirmed") == settlement.name:
        keys = list(found.values_list("pk", flat=True))
        count = settlement.run(keys)
        words = ngettext("%(count)d message settled.", "%(count)d messages settled.", count)
        told = f"{settlement.label}: {words % {'count': count}}"
        _log(page, request, keys, told)
        page.message_user(request, told, messages.SUCCESS)
        return None
    context = {
        **page.admin_site.each_context(request),
        "title": settlement.label,
        "opts": page.opts,
        "media": page.media,
        "settlement": settlement,
        "count": found.count(),
        "seen_up_to": found.aggregate(last=Max("pk"))["last"] or 0,
        "left_alone": chosen.count() - found.count(),
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/django_smsbat/message/settle.html", context)


def _log(page: Any, request: HttpRequest, keys: list[int], told: str) -> None:
    """In the history of each campaign concerned, and of a few messages that belong to none."""
    settled = Message.objects.filter(pk__in=keys_in(Message, keys))
    for campaign in Campaign.objects.filter(pk__in=settled.values("campaign")):
        page.log_change(request, campaign, told)
    for message in settled.filter(campaign=None)[:_LOGGED_SINGLY]:
        page.log_change(request, message, told)
