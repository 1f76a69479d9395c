"""Base classes of the admin pages, and read-only pages for the record of sent messages."""

from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters

from django_smsbat import conf
from django_smsbat.admin import lookups
from django_smsbat.gateway import phones
from django_smsbat.gateway.private_frames import private_view
from django_smsbat.gateway.statuses import UNSENT, Status
from django_smsbat.models.choices import STATUS_LABELS

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
else:
    _Admin = admin.ModelAdmin


def _tone(status: Status) -> str:
    """Return the colour of a status, derived from its properties, not from a second list."""
    if status is Status.UNCONFIRMED:
        return "doubt"
    if status.is_failure:
        return "failed"
    return "done" if status.is_final else "under-way"


def status_badge(value: str) -> SafeString:
    """Render a status as a coloured badge. The label is complete without the colour."""
    if not value:
        return format_html('<span class="smsbat-badge">{}</span>', "—")
    status = Status(value)
    return format_html(
        '<span class="smsbat-badge smsbat-{}">{}</span>', _tone(status), STATUS_LABELS[status]
    )


_TICKS: Final = {"done": "✓✓", "under-way": "✓", "failed": "✗", "doubt": "?"}


def ticks(value: str) -> str:
    """Render a status as a messenger's tick marks, shown next to the badge with its label."""
    return "…" if Status(value) in UNSENT else _TICKS[_tone(Status(value))]


class StyledAdmin(_Admin):
    """The base of all pages: the package's styles; lookups limited to the page's own filters."""

    class Media:
        css = {"all": ("django_smsbat/admin.css",)}

    @property
    def urls(self) -> list[URLPattern]:
        """Return the page's URLs; error reports show none of their form fields or variables."""
        patterns: list[URLPattern] = self.get_urls()
        for pattern in patterns:
            pattern.callback = private_view(sensitive_post_parameters()(pattern.callback))
        return patterns

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Refuse lookups that no filter of the page sends; see `lookups`."""
        is_own = lookups.is_declared(self, request, lookup)
        return is_own or lookups.limits_a_relation(self.model, lookup, value)


class ReadOnlyAdmin(StyledAdmin):
    """A page on which nothing can be added, changed or deleted, whatever the permissions."""

    show_full_result_count = False
    actions: Any = None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def phone_or_none(text: str) -> str | None:
    """Return a phone typed into a search box in E.164, or None if it is not a phone."""
    try:
        return phones.normalise(text, conf.current().default_region)
    except phones.InvalidPhone:
        return None
