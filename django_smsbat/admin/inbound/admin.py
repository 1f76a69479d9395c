"""The inbox: conversations, the newest first, with a page for each and a reply form."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_smsbat.admin.accounts import with_account
from django_smsbat.admin.base import ReadOnlyAdmin, phone_or_none
from django_smsbat.admin.formatting import column
from django_smsbat.admin.inbound import opt_outs
from django_smsbat.admin.inbound.reply import ReplyForm, live_phone, reply_page, thread_of
from django_smsbat.admin.pagination import KeysetAdmin
from django_smsbat.admin.phone_search import PhoneSearchAdmin
from django_smsbat.models import InboundMessage
from django_smsbat.services.inbound import inbox

_RECEIVED: Final = column(InboundMessage, "received_at")
_PREVIEW: Final = 80  # characters
_OURS: Final = ("in_reply_to", "answers", "thread")
_PEOPLE: Final = ("who", "recipient", "consent")
_CHANGE: Final = "admin:smsbat_inboundmessage_change"


class ShownFilter(admin.SimpleListFilter):
    """Show conversations by default, or single messages."""

    title = _("what is shown")
    parameter_name = "shown"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [
            ("unread", _("unread messages")),
            ("opt_outs", _("may be an opt-out")),
            ("all", _("all messages")),
        ]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": _("conversations")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "all":
            return queryset
        if self.value() == "unread":
            return inbox.of_unread(queryset)
        if self.value() == "opt_outs":
            return inbox.probable_opt_outs(queryset)
        return inbox.latest_of_each(queryset)


@admin.register(InboundMessage)
class InboundMessageAdmin(ReadOnlyAdmin, PhoneSearchAdmin, KeysetAdmin):
    phone_field = "phone"
    actions = ("opt_out_senders",)
    list_display = ("who", "preview", "unread", "opt_out_mark", _RECEIVED, "alpha_name", "answers")
    list_filter = (ShownFilter,)
    list_select_related = ("recipient", "in_reply_to__campaign")
    search_fields = ("phone__exact",)
    search_help_text = _("A whole phone number, however it is written.")
    fields = (
        "phone",
        "recipient",
        "consent",
        "alpha_name",
        _RECEIVED,
        "text",
        "in_reply_to",
        "answers",
        "thread",
    )
    readonly_fields = (_RECEIVED,)
    empty_words = _(
        "No messages yet. SMSBAT needs to know your address for them: see the documentation."
    )
    change_form_template = "admin/smsbat/inboundmessage/change_form.html"

    class Media:
        js = ("django_smsbat/composer.js", "django_smsbat/live.js")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        term = search_term.strip()
        return (queryset.filter(phone=phone_or_none(term) or term) if term else queryset), False

    def searched_phone(self, term: str) -> str | None:
        """Accept any text: an unreadable sender number is stored as SMSBAT sent it."""
        return phone_or_none(term) or term

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Require permission to view messages for ours, to view recipients for the recipient."""
        return [name for name in self.fields if name not in self._hidden(request)]

    def get_list_display(self, request: HttpRequest) -> Any:
        hidden = self._hidden(request)
        first = "phone" if "who" in hidden else "who"
        rest = (name for name in self.list_display[1:] if name not in hidden)
        return with_account([first, *rest])

    def _hidden(self, request: HttpRequest) -> set[str]:
        ours = () if self._may_see_ours(request) else _OURS
        people = () if request.user.has_perm("smsbat.view_recipient") else _PEOPLE
        return {*ours, *people}

    def _may_see_ours(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("smsbat.view_message"))

    def has_reply_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("smsbat.reply_inboundmessage")

    def has_change_consent_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("smsbat.change_recipient")

    @admin.action(
        permissions=["change_consent"],
        description=_("Opt out the senders of the selected messages…"),
    )
    def opt_out_senders(
        self, request: HttpRequest, queryset: QuerySet[InboundMessage]
    ) -> HttpResponse | None:
        return opt_outs.ask(self, request, queryset)

    @admin.display(description=_("who"))
    def who(self, obj: InboundMessage) -> str:
        name = obj.recipient.name if obj.recipient else ""
        return " · ".join(filter(None, [name, obj.phone]))

    @admin.display(description=_("text"))
    def preview(self, obj: InboundMessage) -> str:
        return Truncator(obj.text).chars(_PREVIEW)

    @admin.display(description=_("unread"))
    def unread(self, obj: InboundMessage) -> SafeString | str:
        count = getattr(obj, "unread_count", int(obj.read_at is None))
        if not count:
            return ""
        label = ngettext("%(count)d new", "%(count)d new", count) % {"count": count}
        return format_html('<span class="smsbat-badge smsbat-doubt">{}</span>', label)

    @admin.display(description=_("opt-out"))
    def opt_out_mark(self, obj: InboundMessage) -> SafeString | str:
        """Mark a message, or a conversation with any message, that awaits a decision."""
        if not getattr(obj, "has_probable_opt_out", inbox.is_probable_opt_out(obj)):
            return ""
        mark = (
            '<span class="smsbat-badge smsbat-failed"><span aria-hidden="true">⚠</span> {}</span>'
        )
        return format_html(mark, _("may be an opt-out"))

    @admin.display(description=_("what it answers"))
    def answers(self, obj: InboundMessage) -> str:
        message = obj.in_reply_to
        if message is None:
            return "—"
        text = Truncator(message.text or message.get_type_display()).chars(_PREVIEW)
        return f"{message.campaign}: {text}" if message.campaign else text

    @admin.display(description=_("consent"))
    def consent(self, obj: InboundMessage) -> str:
        person = obj.recipient
        if person is None:
            return "—"
        opted_out = _("opted out: nothing promotional is sent to them")
        return str(opted_out if person.opted_out_at else _("gets promotional messages"))

    @admin.display(description=_("conversation"))
    def thread(self, obj: InboundMessage) -> SafeString:
        return thread_of(obj.phone)

    def get_urls(self) -> list[URLPattern]:
        views = {
            "reply": self._reply_view,
            "phone": self._phone_view,
            "read": self._read_view,
            "opt_out": self._opt_out_view,
            "dismiss_opt_out": self._dismiss_opt_out_view,
        }
        own = [
            path(
                f"<int:key>/{name}/",
                self.admin_site.admin_view(view),
                name=f"smsbat_inboundmessage_{name}",
            )
            for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def _found(
        self, request: HttpRequest, key: int, permission: str = "reply_inboundmessage"
    ) -> InboundMessage:
        """Return the message if the user may view it and has a further permission."""
        may = request.user.has_perm(f"smsbat.{permission}")
        if not (self.has_view_permission(request) and may):
            raise PermissionDenied
        inbound: InboundMessage | None = self.get_object(request, str(key))
        if inbound is None:
            raise Http404
        return inbound

    def _reply_view(self, request: HttpRequest, key: int) -> HttpResponse:
        return reply_page(self, request, self._found(request, key), self._may_see_ours(request))

    def _phone_view(self, request: HttpRequest, key: int) -> HttpResponse:
        return live_phone(request, self._found(request, key))

    def _read_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Mark the conversation as read up to this message."""
        inbound = self._found(request, key)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        inbox.mark_read(inbound)
        return HttpResponseRedirect(reverse(_CHANGE, args=[inbound.pk]))

    def _opt_out_view(self, request: HttpRequest, key: int) -> HttpResponse:
        return self._decide(request, key, opt_outs.opt_out)

    def _dismiss_opt_out_view(self, request: HttpRequest, key: int) -> HttpResponse:
        return self._decide(request, key, opt_outs.dismiss)

    def _decide(
        self,
        request: HttpRequest,
        key: int,
        decide: Callable[[Any, HttpRequest, InboundMessage], None],
    ) -> HttpResponse:
        """Apply a user's decision on a message that may be an opt-out request."""
        inbound = self._found(request, key, "change_recipient")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        decide(self, request, inbound)
        return HttpResponseRedirect(reverse(_CHANGE, args=[inbound.pk]))

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        inbound = context.get("original")
        context["may_reply"] = self.has_reply_permission(request)
        context["is_unread"] = inbound is not None and inbound.read_at is None
        context["reply_form"] = ReplyForm()
        context["may_change_consent"] = bool(
            inbound and inbound.recipient_id
        ) and self.has_change_consent_permission(request)
        context["probable_opt_out"] = inbound and inbox.probable_opt_out_of(inbound.phone)
        return super().render_change_form(request, context, *args, **kwargs)
