"""The thread of a conversation, and the page for a reply."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_smsbat.admin.base import status_badge, ticks
from django_smsbat.admin.campaigns.composer import phone
from django_smsbat.admin.confirm import own_page
from django_smsbat.admin.formatting import moment
from django_smsbat.admin.sentences import translated
from django_smsbat.gateway.messages import InvalidMessage
from django_smsbat.models import InboundMessage
from django_smsbat.services.composer.preview import preview
from django_smsbat.services.inbound import inbox, replies
from django_smsbat.services.inbound.conversations import Entry, conversation

_CHANGE: Final = "admin:smsbat_inboundmessage_change"


class ReplyForm(forms.Form):
    text = forms.CharField(
        label=_("Your answer"), widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"})
    )


def thread_of(number: str) -> SafeString:
    """Render both directions, the oldest first."""
    rows = [_line(entry) for entry in conversation(number)]
    items = format_html_join("", '<li class="{}"><time>{}</time> {} <span>{}</span></li>', rows)
    return format_html('<ol class="smsbat-thread">{}</ol>', items)


def _line(entry: Entry) -> tuple[str, str, SafeString | str, str]:
    at = moment(entry.at)
    if entry.is_incoming:
        return "smsbat-theirs", at, format_html("<strong>{}</strong>", _("they")), entry.text
    mark = '<span class="smsbat-ticks" aria-hidden="true">{}</span> {}'
    badge = format_html(mark, ticks(entry.status), status_badge(entry.status))
    return "smsbat-ours", at, badge, entry.text


def reply_page(
    page: Any, request: HttpRequest, inbound: InboundMessage, may_see_ours: bool
) -> HttpResponse:
    """GET shows the reply form, POST sends the reply."""
    form = ReplyForm(request.POST or None)
    if form.is_valid() and _reply(page, request, inbound, form):
        return HttpResponseRedirect(reverse(_CHANGE, args=[inbound.pk]))
    return own_page(
        page,
        request,
        "inboundmessage/reply.html",
        _("Reply"),
        inbound=inbound,
        conversation=thread_of(inbound.phone) if may_see_ours else inbound.text,
        form=form,
    )


def live_phone(request: HttpRequest, inbound: InboundMessage) -> HttpResponse:
    """Render the phone for the reply while the user types it."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    draft = replies.draft_of(inbound, request.POST.get("text", ""))
    return TemplateResponse(
        request, phone.TEMPLATE, phone.context_of(preview(draft, is_literal=True))
    )


def _reply(page: Any, request: HttpRequest, inbound: InboundMessage, form: ReplyForm) -> bool:
    text = form.cleaned_data["text"]
    if replies.was_sent_lately(inbound.phone, text):
        form.add_error(None, _("The same answer was sent a moment ago."))
        return False
    try:
        answer = replies.reply(inbound, text)
    except (InvalidMessage, ImproperlyConfigured) as error:
        form.add_error(None, translated(error))
        return False
    inbox.mark_read(inbound)
    outcome = _("Your answer: %(status)s.") % {"status": answer.get_status_display()}
    page.log_change(request, inbound, outcome)
    level = messages.WARNING if answer.error_message else messages.SUCCESS
    page.message_user(
        request, " ".join(filter(None, [outcome, translated(answer.error_message)])), level
    )
    return True
