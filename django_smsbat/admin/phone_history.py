"""One page for one phone: what was sent to it, what came back, and what it was left out of."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from django_smsbat.admin.read_only import status_badge
from django_smsbat.admin.sentences import told
from django_smsbat.gateway import phones
from django_smsbat.models import Recipient
from django_smsbat.services.phone_history import Happening, Kind, history_of

_LABELS: Final[dict[Kind, Promise]] = {
    Kind.SENT: _("sent to them"),
    Kind.RECEIVED: _("they wrote"),
    Kind.OPTED_OUT: _("opted out"),
    Kind.OPTED_IN: _("opted in"),
    Kind.LEFT_OUT: _("left out"),
}
_WHY_LEFT_OUT: Final[dict[str, Promise]] = {
    Kind.OPTED_OUT.value: _("They had opted out."),
    "": _(
        "They did not stand on its lists yet, had no value for a placeholder, or no valid number."
    ),
}
_URLS: Final = {
    Kind.SENT: "admin:django_smsbat_message_change",
    Kind.RECEIVED: "admin:django_smsbat_inboundmessage_change",
}


def history_page(page: Any, request: HttpRequest, phone: str) -> HttpResponse:
    """For who may see messages, incoming messages and recipients."""
    recipient = Recipient.objects.filter(phone=phone).first()
    context = {
        **page.admin_site.each_context(request),
        "title": _("Everything about one phone"),
        "opts": page.opts,
        "media": page.media,
        "phone": phone,
        "recipient": recipient,
        "rows": [_row(one) for one in history_of(phone, recipient)],
    }
    return TemplateResponse(request, "admin/django_smsbat/recipient/history.html", context)


def may_see(request: HttpRequest) -> bool:
    models = ("message", "inboundmessage", "recipient")
    return all(request.user.has_perm(f"django_smsbat.view_{model}") for model in models)


def _row(one: Happening) -> dict[str, Any]:
    is_left_out = one.kind is Kind.LEFT_OUT
    return {
        "at": one.at,
        "label": _LABELS[one.kind],
        "badge": status_badge(one.status) if one.status else "",
        "words": one.words,
        "campaign": one.campaign,
        "why": _WHY_LEFT_OUT[one.why] if is_left_out else phones.redact(told(one.why)),
        "url": _URLS.get(one.kind, ""),
        "key": one.key,
    }
