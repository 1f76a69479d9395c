"""Filters of long lists. Each query uses an index or the order of primary keys."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from django_smsbat.admin.parsing import number
from django_smsbat.db.key_search import SLACK, keys_around
from django_smsbat.gateway.statuses import FAILURES, Status
from django_smsbat.models import Campaign, Message, RecipientList, memberships
from django_smsbat.models.choices import STATUS_LABELS
from django_smsbat.services.campaigns import statistics

if TYPE_CHECKING:
    _ListFilter = admin.SimpleListFilter
else:
    _ListFilter = admin.SimpleListFilter

CAMPAIGN: Final = "campaign__id__exact"
FAILURE: Final = "failure"
STATUS: Final = "status__exact"
_NO_CODE: Final = "-"
_LOOKED_AT: Final = 1_000  # failed messages


def failure_value(status: str, code: str) -> str:
    """Return the filter's parameter for a failure reason."""
    return f"{status}:{code or _NO_CODE}"


class CampaignFilter(_ListFilter):
    """One campaign, searched by title: a list of all campaigns would grow without limit."""

    title = _("campaign")
    parameter_name = CAMPAIGN
    template = "admin/smsbat/campaign_filter.html"
    field_name: ClassVar[str] = "campaign"

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self._is_by_status = bool(request.GET.get(STATUS) or request.GET.get(FAILURE))
        relation = model._meta.get_field(self.field_name)
        widget = AutocompleteSelect(relation, model_admin.admin_site)
        widget.choices = forms.ModelChoiceField(Campaign.objects.all(), required=False).choices
        self._widget = widget
        self._others = [
            (name, value)
            for name, value in request.GET.items()
            if name not in (self.parameter_name, FAILURE, "p", "e")
        ]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return []

    def has_output(self) -> bool:
        return True

    def value(self) -> str | None:
        value = super().value()
        return None if number(value) is None else value

    def choices(self, changelist: Any) -> Iterator[Any]:
        shown = self._widget.render(
            self.parameter_name, self.value(), {"id": "smsbat-campaign-filter"}
        )
        yield {"widget": shown, "others": self._others, "selected": self.value() is not None}
        if self.value() is not None:
            everything = changelist.get_query_string(remove=[self.parameter_name, FAILURE])
            yield {"query_string": everything, "selected": False, "display": _("All")}

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        key = number(self.value())
        if key is None:
            return queryset
        if self._is_by_status:
            return queryset.filter(campaign=key)
        return queryset.of_campaign_by_key(key)


class FailureFilter(_ListFilter):
    """The reason why messages of the chosen campaign failed. The campaign page shows the counts.

    Offered only for failures, because the list of reasons costs one more query.
    """

    title = _("reason of failure")
    parameter_name = FAILURE

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        campaign = number(request.GET.get(CAMPAIGN))
        if campaign is None:
            return []
        is_failure = request.GET.get(STATUS) in [status.value for status in FAILURES]
        if not (is_failure or self.parameter_name in request.GET):
            return []
        return [
            (failure_value(one.status, one.code), one.words)
            for one in statistics.reasons_of_failure(campaign, _LOOKED_AT)
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        status, colon, code = (self.value() or "").partition(":")
        if not colon or status not in [one.value for one in FAILURES]:
            return queryset
        return queryset.filter(status=status, error_code="" if code == _NO_CODE else code)


class AttentionFilter(_ListFilter):
    """Messages that need a person's attention: unconfirmed, or with an expired lease."""

    title = _("needs attention")
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [
            ("unconfirmed", STATUS_LABELS[Status.UNCONFIRMED]),
            ("silent", _("its worker fell silent")),
            ("yes", _("either")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        unconfirmed = Q(status=Status.UNCONFIRMED.value)
        silent = Q(status=Status.SENDING.value, lease_until__lt=timezone.now())
        asked = {"unconfirmed": unconfirmed, "silent": silent, "yes": unconfirmed | silent}
        wanted = asked.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(wanted)


class DayFilter(_ListFilter):
    """By day in the user's time zone, found by key: needs neither an index nor a full scan."""

    title = _("date")
    parameter_name = "day"
    time_field: ClassVar[str] = "created_at"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(name, label) for name, (label, _from, _to) in _DAYS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in _DAYS:
            return queryset
        _label, begin, end = _DAYS[str(self.value())]
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        since, until = midnight + timedelta(days=begin), midnight + timedelta(days=end)
        rows: QuerySet[Any] = queryset.model._default_manager.all()
        return self._within(queryset, rows, since, until)

    def _within(self, queryset: Any, rows: Any, since: datetime, until: datetime) -> Any:
        [(low, _), (_, high)] = keys_around(rows, self.time_field, [since, until + 2 * SLACK])
        inside = {f"{self.time_field}__gte": since, f"{self.time_field}__lt": until, "pk__gte": low}
        if until < timezone.now() - 2 * SLACK:
            inside["pk__lte"] = high
        return queryset.filter(**inside)


_DAYS: Final[dict[str, tuple[Promise, int, int]]] = {
    "today": (_("today"), 0, 1),
    "yesterday": (_("yesterday"), -1, 0),
    "week": (_("the past 7 days"), -6, 1),
    "month": (_("the past 30 days"), -29, 1),
}


class ListFilter(_ListFilter):
    """The members of a list."""

    title = _("list")
    parameter_name = "lists__id__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(key), name) for key, name in RecipientList.objects.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        key = number(self.value())
        if key is None:
            return queryset
        places = memberships().filter(recipientlist=key)
        return queryset.filter(pk__in=places.values("recipient"))


class RecordedDayFilter(DayFilter):
    time_field = "recorded_at"


class BelongsFilter(_ListFilter):
    """Status events that belong to no known message."""

    title = _("message")
    parameter_name = "orphans"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("yes", _("of no known message"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(message=None) if self.value() == "yes" else queryset


def message_keys(phone: str, most: int) -> list[int]:
    """Return the keys of the latest messages to a phone."""
    keys = Message.objects.filter(to=phone).order_by("-pk").values_list("pk", flat=True)
    return list(keys[:most])
