"""One page for a phone: messages to it, replies from it, and campaigns that excluded it."""

from typing import Any, ClassVar, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from django_smsbat.admin.base import StyledAdmin, status_badge
from django_smsbat.admin.confirm import own_page
from django_smsbat.admin.sentences import translated
from django_smsbat.gateway import phones
from django_smsbat.models import Recipient
from django_smsbat.services.recipients.timeline import Happening, Kind, history_of

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
    Kind.SENT: "admin:smsbat_message_change",
    Kind.RECEIVED: "admin:smsbat_inboundmessage_change",
}


class PhoneHistoryAdmin(StyledAdmin):
    """Adds a page with everything about the phone of a row."""

    change_form_template = "admin/smsbat/with_phone.html"
    phone_field: ClassVar[str]

    def get_urls(self) -> list[URLPattern]:
        history = path(
            "<int:key>/phone/",
            self.admin_site.admin_view(self._history_view),
            name=f"smsbat_{self.opts.model_name}_phone",
        )
        return [history, *super().get_urls()]

    def _history_view(self, request: HttpRequest, key: int) -> HttpResponse:
        if not may_see(request):
            raise PermissionDenied
        row = self.get_object(request, str(key))
        if row is None:
            raise Http404
        phone = getattr(row, self.phone_field)
        recipient = Recipient.objects.filter(phone=phone).first()
        return own_page(
            self,
            request,
            "recipient/history.html",
            _("Everything about one phone"),
            phone=phone,
            recipient=recipient,
            rows=[_row(one) for one in history_of(phone, recipient)],
        )

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["may_see_phone"] = may_see(request)
        return super().render_change_form(request, context, *args, **kwargs)


def may_see(request: HttpRequest) -> bool:
    """Return whether the user may view messages, incoming messages and recipients."""
    models = ("message", "inboundmessage", "recipient")
    return all(request.user.has_perm(f"smsbat.view_{model}") for model in models)


def _row(one: Happening) -> dict[str, Any]:
    is_left_out = one.kind is Kind.LEFT_OUT
    return {
        "at": one.at,
        "label": _LABELS[one.kind],
        "badge": status_badge(one.status) if one.status else "",
        "words": one.words,
        "campaign": one.campaign,
        "why": _WHY_LEFT_OUT[one.why] if is_left_out else phones.redact(translated(one.why)),
        "url": _URLS.get(one.kind, ""),
        "key": one.key,
    }
