"""Incoming messages: what they answer, the whole conversation, and the page to reply."""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from django_smsbat.admin.read_only import PhoneSearchAdmin, ReadOnlyAdmin, status_badge
from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.models import InboundMessage, Message
from django_smsbat.services import replies
from django_smsbat.services.conversations import Entry, conversation

_PREVIEW: Final = 80  # characters
_OURS: Final = ("in_reply_to", "answers", "thread")
_TWICE: Final = timedelta(minutes=1)  # the same answer so soon is a second click
_CHANGE: Final = "admin:django_smsbat_inboundmessage_change"


class ReplyForm(forms.Form):
    text = forms.CharField(
        label=_("Your answer"), widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"})
    )


@admin.register(InboundMessage)
class InboundMessageAdmin(PhoneSearchAdmin, ReadOnlyAdmin):
    list_display = ("received_at", "phone", "recipient", "preview", "alpha_name", "answers")
    list_filter = ("alpha_name", "received_at")
    list_select_related = ("recipient", "in_reply_to__campaign")
    search_fields = ("phone__exact",)
    fields = (
        "phone",
        "recipient",
        "alpha_name",
        "received_at",
        "text",
        "in_reply_to",
        "answers",
        "thread",
    )
    change_form_template = "admin/django_smsbat/inboundmessage/change_form.html"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What we sent is for those who may see messages."""
        if self._may_see_ours(request):
            return super().get_fields(request, obj)
        return [name for name in self.fields if name not in _OURS]

    def get_list_display(self, request: HttpRequest) -> Any:
        may = self._may_see_ours(request)
        return [name for name in self.list_display if may or name not in _OURS]

    def _may_see_ours(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("django_smsbat.view_message"))

    def has_reply_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("django_smsbat.reply_inboundmessage")

    @admin.display(description=_("text"))
    def preview(self, obj: InboundMessage) -> str:
        return Truncator(obj.text).chars(_PREVIEW)

    @admin.display(description=_("what it answers"))
    def answers(self, obj: InboundMessage) -> str:
        message = obj.in_reply_to
        if message is None:
            return "—"
        text = Truncator(message.text or message.get_type_display()).chars(_PREVIEW)
        return f"{message.campaign}: {text}" if message.campaign else text

    @admin.display(description=_("conversation"))
    def thread(self, obj: InboundMessage) -> SafeString:
        rows = [_line(entry) for entry in conversation(obj.phone)]
        items = format_html_join("", '<li class="{}"><time>{}</time> {} <span>{}</span></li>', rows)
        return format_html('<ol class="smsbat-thread">{}</ol>', items)

    def get_urls(self) -> list[URLPattern]:
        reply = path(
            "<int:key>/reply/",
            self.admin_site.admin_view(self._reply_view),
            name="django_smsbat_inboundmessage_reply",
        )
        return [reply, *super().get_urls()]

    def _reply_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """GET asks for the words, POST sends them."""
        if not (self.has_view_permission(request) and self.has_reply_permission(request)):
            raise PermissionDenied
        inbound = self.get_object(request, str(key))
        if inbound is None:
            raise Http404
        form = ReplyForm(request.POST or None)
        if form.is_valid() and self._reply(request, inbound, form):
            return HttpResponseRedirect(reverse(_CHANGE, args=[inbound.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Reply"),
            "opts": self.opts,
            "media": self.media,
            "inbound": inbound,
            "conversation": self.thread(inbound) if self._may_see_ours(request) else inbound.text,
            "form": form,
        }
        template = "admin/django_smsbat/inboundmessage/reply.html"
        return TemplateResponse(request, template, context)

    def _reply(self, request: HttpRequest, inbound: InboundMessage, form: ReplyForm) -> bool:
        text = form.cleaned_data["text"]
        lately = Message.objects.filter(to=inbound.phone, created_at__gt=timezone.now() - _TWICE)
        if lately.filter(text=text).exists():
            form.add_error(None, _("The same answer was sent a moment ago."))
            return False
        try:
            answer = replies.reply(inbound, text)
        except (InvalidMessage, ImproperlyConfigured) as error:
            form.add_error(None, str(error))
            return False
        told = _("Your answer: %(status)s.") % {"status": answer.get_status_display()}
        self.log_change(request, inbound, told)
        level = messages.WARNING if answer.error_message else messages.SUCCESS
        self.message_user(request, " ".join(filter(None, [told, answer.error_message])), level)
        return True

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["may_reply"] = self.has_reply_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)


def _line(entry: Entry) -> tuple[str, str, SafeString | str, str]:
    moment = date_format(localtime(entry.at), "Y-m-d H:i:s T")
    if entry.is_incoming:
        return "smsbat-theirs", moment, format_html("<strong>{}</strong>", _("they")), entry.text
    return "smsbat-ours", moment, status_badge(entry.status), entry.text
