"""Incoming messages, with what they answer."""

from django.contrib import admin
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from django_smsbat.admin.read_only import PhoneSearchAdmin, ReadOnlyAdmin
from django_smsbat.models import InboundMessage

_PREVIEW = 80  # characters


@admin.register(InboundMessage)
class InboundMessageAdmin(PhoneSearchAdmin, ReadOnlyAdmin):
    list_display = ("received_at", "phone", "recipient", "preview", "alpha_name", "answers")
    list_filter = ("alpha_name", "received_at")
    list_select_related = ("recipient", "in_reply_to__campaign")
    search_fields = ("phone__exact",)
    fields = ("phone", "recipient", "alpha_name", "received_at", "text", "in_reply_to", "answers")

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
