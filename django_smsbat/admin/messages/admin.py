"""Messages and their status events, read-only; unconfirmed messages can be settled."""

import json
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_smsbat.admin.accounts import with_account, without_account
from django_smsbat.admin.base import ReadOnlyAdmin, phone_or_none, status_badge
from django_smsbat.admin.filters import (
    AttentionFilter,
    BelongsFilter,
    CampaignFilter,
    DayFilter,
    FailureFilter,
    RecordedDayFilter,
    message_keys,
)
from django_smsbat.admin.formatting import column, columns, moment
from django_smsbat.admin.messages.settle import SETTLEMENTS, settle
from django_smsbat.admin.pagination import KeysetAdmin
from django_smsbat.admin.phone_search import PhoneSearchAdmin
from django_smsbat.admin.recipients.create_list import OF_MESSAGES, ask_for_name
from django_smsbat.admin.recipients.timeline import PhoneHistoryAdmin
from django_smsbat.admin.sentences import translated
from django_smsbat.gateway.statuses import Status
from django_smsbat.models import FallbackEmail, Message, StatusEvent
from django_smsbat.models.choices import STATUS_LABELS
from django_smsbat.models.message import MessageQuerySet

# A one-time code, or the digits of a flash call that serve as one: hidden from staff.
_CODES: Final = frozenset({"pin", "pattern", "callerId"})
_HIDDEN: Final = "••••"
_FOUND_MAX: Final = 500
_TIMES: Final = columns(Message, "created_at", "final_at")
_ALL_TIMES: Final = columns(Message, "created_at", "submitted_at", "final_at")
_OCCURRED: Final = column(StatusEvent, "occurred_at")
_RECORDED: Final = column(StatusEvent, "recorded_at")


def _without_codes(data: Any) -> Any:
    if isinstance(data, dict):
        hidden = {name: _HIDDEN if name in _CODES else data[name] for name in data}
        return {name: _without_codes(value) for name, value in hidden.items()}
    return [_without_codes(item) for item in data] if isinstance(data, list) else data


def shown_json(data: Any) -> SafeString | str:
    """Format JSON for people, without the codes that only the recipient may see."""
    if not data:
        return "—"
    text = json.dumps(_without_codes(data), ensure_ascii=False, indent=2)
    return format_html('<pre class="smsbat-data">{}</pre>', text)


def _word(status: str) -> str:
    """Return our label for a channel's status, or SMSBAT's own text."""
    known = status in list(Status)
    return str(STATUS_LABELS[Status(status)]) if known else status


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin, PhoneSearchAdmin, KeysetAdmin, PhoneHistoryAdmin):
    actions = ("resend", "give_up", "make_list")
    list_display = ("to", "badge", "type", "campaign", "delivered_by", *_TIMES)
    list_filter = (AttentionFilter, "status", "type", CampaignFilter, FailureFilter, DayFilter)
    list_select_related = ("campaign",)
    phone_field = "to"
    readonly_fields = _ALL_TIMES
    empty_words = _("No message yet: campaigns make them, and “send” in the site's own code.")
    search_fields = ("to__exact",)  # and SMSBAT's ids, see `get_search_results`
    search_help_text = _("A whole phone number, however it is written, or SMSBAT's id.")
    fieldsets = (
        (None, {"fields": ("to", "badge", "error", "campaign", "recipient")}),
        (
            _("Content"),
            {"fields": ("account", "type", "sender", "text", "data", "ttl", "fallback_text")},
        ),
        (_("What became of it"), {"fields": ("timeline",)}),
        (
            _("Numbers"),
            {
                "fields": (
                    ("delivered_by", "by_channel", "email"),
                    ("parts", "cost", "currency"),
                    ("attempts", "polls"),
                    ("smsbat_id", "messagelist_id", "customer_message_id"),
                    _ALL_TIMES,
                )
            },
        ),
    )

    def get_list_display(self, request: HttpRequest) -> Any:
        return with_account(super().get_list_display(request))

    def get_fieldsets(self, request: HttpRequest, obj: Message | None = None) -> Any:
        return without_account(super().get_fieldsets(request, obj), obj)

    @property
    def media(self) -> forms.Media:
        """Add the script that the campaign filter needs."""
        relation = Message._meta.get_field("campaign")
        widget = AutocompleteSelect(relation, self.admin_site)
        names = forms.Media(js=["django_smsbat/named_selects.js"])
        return super().media + widget.media + names

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Search by whole values only: anything else would scan the whole table."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if phone := phone_or_none(term):
            return queryset.filter(to=phone), False
        named = StatusEvent.objects.filter(smsbat_id=term).exclude(message=None)
        keys = set(named.values_list("message", flat=True)[:_FOUND_MAX])
        return queryset.filter(pk__in=keys), False

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("smsbat.settle_message")

    def has_make_list_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("smsbat.add_recipientlist")

    @admin.action(permissions=["make_list"], description=_("Make a list of their recipients…"))
    def make_list(self, request: HttpRequest, queryset: QuerySet[Message]) -> HttpResponse:
        return ask_for_name(self, request, queryset, OF_MESSAGES)

    @admin.action(permissions=["settle"], description=_("Send the unconfirmed again…"))
    def resend(self, request: HttpRequest, queryset: MessageQuerySet) -> HttpResponse | None:
        return settle(self, request, queryset, SETTLEMENTS["resend"])

    @admin.action(permissions=["settle"], description=_("Give the unconfirmed up…"))
    def give_up(self, request: HttpRequest, queryset: MessageQuerySet) -> HttpResponse | None:
        return settle(self, request, queryset, SETTLEMENTS["give_up"])

    @admin.display(description=_("status"), ordering="status")
    def badge(self, obj: Message) -> SafeString:
        return status_badge(obj.status)

    @admin.display(description=_("error"))
    def error(self, obj: Message) -> str:
        return ": ".join(filter(None, [obj.error_code, translated(obj.error_message)])) or "—"

    @admin.display(description=_("message data"))
    def data(self, obj: Message) -> SafeString | str:
        return shown_json(obj.message_data)

    @admin.display(description=_("our id on the wire"))
    def customer_message_id(self, obj: Message) -> str:
        return obj.customer_message_id

    @admin.display(description=_("channels"))
    def by_channel(self, obj: Message) -> str:
        channels = [f"{name}: {_word(status)}" for name, status in obj.channels.items()]
        return ", ".join(channels) or "—"

    @admin.display(description=_("e-mail"))
    def email(self, obj: Message) -> str:
        asked = FallbackEmail.objects.filter(pk=obj.pk).first()
        return asked.get_state_display() if asked else "—"

    @admin.display(description=_("timeline"))
    def timeline(self, obj: Message) -> SafeString:
        """Render all status events in the order in which they happened."""
        rows = [(moment(obj.created_at), status_badge("queued"), "", "")]
        rows += [
            (
                moment(event.occurred_at),
                status_badge(event.status),
                event.raw_status,
                event.get_source_display(),
            )
            for event in obj.events.order_by("occurred_at", "id")
        ]
        items = format_html_join(
            "", "<li><time>{}</time> {} <span>{}</span> <small>{}</small></li>", rows
        )
        return format_html('<ol class="smsbat-timeline">{}</ol>', items)


@admin.register(StatusEvent)
class StatusEventAdmin(ReadOnlyAdmin, PhoneSearchAdmin, KeysetAdmin):
    phone_field, phone_model = "to", Message
    list_display = (_OCCURRED, "badge", "raw_status", "source", "message", "smsbat_id")
    list_filter = ("status", "source", BelongsFilter, RecordedDayFilter)
    list_select_related = ("message",)
    search_fields = ("smsbat_id__exact",)  # and phones, see `get_search_results`
    search_help_text = MessageAdmin.search_help_text
    readonly_fields = (_OCCURRED, _RECORDED)
    empty_words = _("No report yet: SMSBAT tells here what becomes of each message.")
    fields = (
        "message",
        "smsbat_id",
        "badge",
        "raw_status",
        "source",
        _OCCURRED,
        _RECORDED,
        "attempt",
        "payload_text",
    )

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(smsbat_id=term), False

    def may_search_phones(self, request: HttpRequest) -> bool:
        """Allow a search by phone only to users who may see phones: the page itself shows none."""
        return request.user.has_perm("smsbat.view_message")

    def with_phone(self, queryset: Any, phone: str) -> Any:
        return queryset.filter(message__in=message_keys(phone, _FOUND_MAX))

    @admin.display(description=_("status"), ordering="status")
    def badge(self, obj: StatusEvent) -> SafeString:
        return status_badge(obj.status)

    @admin.display(description=_("payload"))
    def payload_text(self, obj: StatusEvent) -> SafeString | str:
        return shown_json(obj.payload)
