"""Verifications and closed prefixes, read-only. No page shows a code."""

from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_smsbat.admin.base import ReadOnlyAdmin, phone_or_none, status_badge
from django_smsbat.admin.confirm import own_page
from django_smsbat.admin.formatting import columns
from django_smsbat.admin.pagination import KeysetAdmin
from django_smsbat.admin.phone_search import PhoneSearchAdmin
from django_smsbat.models import ClosedPrefix, Verification, VerificationStatus
from django_smsbat.services.verification import breaker

_TIMES: Final = columns(Verification, "created_at", "finished_at")
_ALL_TIMES: Final = columns(Verification, "created_at", "expires_at", "finished_at")
_CLOSED: Final = columns(ClosedPrefix, "closed_at", "closed_until")
# Colours have the same meaning as for messages.
_TONES: Final = {
    VerificationStatus.PENDING: "under-way",
    VerificationStatus.VERIFIED: "done",
}


@admin.register(Verification)
class VerificationAdmin(ReadOnlyAdmin, PhoneSearchAdmin, KeysetAdmin):
    phone_field = "phone"
    list_display = ("phone", "badge", "channel", "purpose", "attempts", *_TIMES)
    list_filter = ("status", "channel")
    search_fields = ("phone__exact",)
    search_help_text = _("A whole phone number, however it is written.")
    fields = (
        "phone",
        "badge",
        "channel",
        "purpose",
        "attempts",
        "prefix",
        "message",
        "delivery",
        *_ALL_TIMES,
    )
    readonly_fields = _ALL_TIMES
    list_select_related = ("message",)
    empty_words = _("No phone was verified yet: the site's own code asks for that.")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        term = search_term.strip()
        return (queryset.filter(phone=phone_or_none(term)) if term else queryset), False

    def searched_phone(self, term: str) -> str | None:
        """Accept phones only: nothing else can be searched here."""
        return phone_or_none(term) or ""

    @admin.display(description=_("status"), ordering="status")
    def badge(self, obj: Verification) -> SafeString:
        tone = _TONES.get(VerificationStatus(obj.status), "failed")
        label = obj.get_status_display()
        return format_html('<span class="smsbat-badge smsbat-{}">{}</span>', tone, label)

    @admin.display(description=_("what became of the message"))
    def delivery(self, obj: Verification) -> SafeString | str:
        return status_badge(obj.message.status) if obj.message else "—"


@admin.register(ClosedPrefix)
class ClosedPrefixAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "asked", "entered", *_CLOSED)
    fields = ("prefix", "asked", "entered", *_CLOSED)
    readonly_fields = _CLOSED
    actions = ("open_again",)

    def has_open_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("smsbat.open_closedprefix")

    @admin.action(permissions=["open"], description=_("Open the selected prefixes again…"))
    def open_again(
        self, request: HttpRequest, queryset: QuerySet[ClosedPrefix]
    ) -> HttpResponse | None:
        """Ask for confirmation: codes to the prefix will cost money again."""
        chosen = list(queryset)
        if request.POST.get("confirmed") != "open_again":
            template, label = "closedprefix/open_again.html", _("Open again")
            answer = {"name": "open_again", "label": label}
            return own_page(self, request, template, label, chosen=chosen, answer=answer)
        for one in chosen:
            breaker.open_again(one, timezone.now())
            self.log_change(request, one, str(_("Opened again.")))
        text = ngettext("%(count)d prefix is open.", "%(count)d prefixes are open.", len(chosen))
        self.message_user(request, text % {"count": len(chosen)}, messages.SUCCESS)
        return None
