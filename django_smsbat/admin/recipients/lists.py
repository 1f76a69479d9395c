"""Recipient lists, with their number of members."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_smsbat.admin.base import StyledAdmin
from django_smsbat.admin.formatting import columns
from django_smsbat.models import RecipientList
from django_smsbat.services.recipients import lists


@admin.register(RecipientList)
class RecipientListAdmin(StyledAdmin):
    fields = ("name", "people", "created_at")
    readonly_fields = ("people", "created_at")
    list_display = ("name", "people", *columns(RecipientList, "created_at"))
    search_fields = ("name",)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Protect a list that a campaign was sent to: the record needs it to show the audience."""
        deleted, counts, needed, protected = super().get_deleted_objects(objs, request)
        used = [
            f"{one}: {name}"
            for one in objs
            for name in one.campaigns.values_list("name", flat=True)
        ]
        return deleted, counts, needed, [*protected, *used]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RecipientList]:
        return lists.with_counts()

    @admin.display(description=_("recipients"), ordering="people_count")
    def people(self, obj: RecipientList) -> SafeString | str:
        count = getattr(obj, "people_count", None)
        if count is None:
            return str(_("Save the list, then add recipients to it on their own page."))
        url = reverse("admin:smsbat_recipient_changelist")
        return format_html('<a href="{}?lists__id__exact={}">{}</a>', url, obj.pk, count)
