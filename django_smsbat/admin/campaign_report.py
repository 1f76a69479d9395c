"""How a campaign goes: funnel, chart, failures, costs, who did what; and the results as a file."""

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_smsbat.admin.csv_export import csv_response
from django_smsbat.admin.filters import CAMPAIGN, FAILURE, STATUS, failure_value
from django_smsbat.gateway.statuses import FAILURES, IN_DELIVERY, REACHED, UNSENT, Status
from django_smsbat.models import Campaign, CampaignStatus, Message
from django_smsbat.models.choices import STATUS_LABELS
from django_smsbat.services import statistics
from django_smsbat.services.statistics import Costs, Progress

PROGRESS: Final = "admin/django_smsbat/campaign/progress.html"
DETAILS: Final = "admin/django_smsbat/campaign/details.html"
_LOG_SHOWN: Final = 10
_CHART_HEIGHT: Final = 100
_BAR: Final = 10  # units of the drawing
_GOES_ON: Final = (CampaignStatus.SENDING, CampaignStatus.SCHEDULED)
_COLUMNS: Final = (
    "to",
    "status",
    "delivered_by",
    "error_code",
    "error_message",
    "parts",
    "cost",
    "currency",
    "attempts",
    "submitted_at",
    "final_at",
    "text",
)


def messages_url(campaign: Campaign, **filters: str) -> str:
    """The list of the campaign's messages, filtered."""
    listed = reverse("admin:django_smsbat_message_changelist")
    return f"{listed}?{urlencode({CAMPAIGN: campaign.pk, **filters})}"


def progress(campaign: Campaign, now: datetime | None = None) -> dict[str, Any]:
    """What is refreshed every few seconds."""
    told = statistics.progress(campaign)
    end = statistics.estimated_end(campaign, told, now or timezone.now())
    return {
        "campaign": campaign,
        "told": told,
        "steps": _funnel(campaign, told),
        "is_live": campaign.status in _GOES_ON or bool(told.in_delivery),
        "estimated_end": date_format(localtime(end), "H:i:s T") if end else "",
        "unconfirmed_url": messages_url(campaign, **{STATUS: Status.UNCONFIRMED.value}),
        "messages_url": messages_url(campaign),
    }


def _funnel(campaign: Campaign, told: Progress) -> list[dict[str, Any]]:
    """Each step with its share of all messages, in percent."""
    steps = (
        (_("messages"), told.total, "under-way"),
        (_("waiting"), told.unsent, "under-way"),
        (_("submitted"), told.total - told.unsent - told.cancelled, "under-way"),
        (_("in delivery"), told.in_delivery, "under-way"),
        (_("delivered"), told.delivered, "done"),
        (_("of them read"), told.read, "done"),
        (_("failed"), told.failed, "failed"),
        (_("unconfirmed"), told.unconfirmed, "doubt"),
    )
    total = max(told.total, 1)
    return [
        {"label": label, "count": count, "tone": tone, "share": round(100 * count / total)}
        for label, count, tone in steps
    ]


def details(campaign: Campaign) -> dict[str, Any]:
    """What is refreshed now and then."""
    reached = statistics.by_channel(campaign)
    channels = [(name or _("not told"), count) for name, count in sorted(reached.items())]
    return {
        "campaign": campaign,
        "chart": _chart(campaign),
        "failures": [
            (one, messages_url(campaign, **{FAILURE: failure_value(one.status, one.code)}))
            for one in statistics.failures(campaign.pk)
        ],
        "channels": channels,
        "costs": [_cost_line(one) for one in statistics.costs(campaign, reached.total())],
    }


def _cost_line(told: Costs) -> str:
    """What SMSBAT has told so far; it tells of each message after it was sent."""
    words = ngettext(
        "%(amount)s for %(count)d message (parts: %(parts)d); %(each)s for each delivered.",
        "%(amount)s for %(count)d messages (parts: %(parts)d); %(each)s for each delivered.",
        told.priced,
    )
    each = "—" if told.per_delivered is None else f"{told.per_delivered:.4f}"
    amount = f"{told.amount.normalize():f} {told.currency}"
    return words % {"amount": amount, "count": told.priced, "parts": told.parts, "each": each}


def _chart(campaign: Campaign) -> dict[str, Any] | None:
    """Deliveries over time as bars, and the same as a table for who does not see them."""
    told = statistics.delivered_over_time(campaign)
    if told is None:
        return None
    highest = max(told.counts.values())
    bars = []
    for place in range(told.slots):
        at = told.since + place * told.slot
        count = told.counts.get(at, 0)
        height = round(_CHART_HEIGHT * count / highest)
        moment = _moment(at, told.slot)
        bars.append((place * _BAR, _CHART_HEIGHT - height, height, moment, count))
    return {
        "bars": bars,
        "width": told.slots * _BAR,
        "height": _CHART_HEIGHT,
        "bar": _BAR - 2,
        "highest": highest,
        "first": _moment(told.since, told.slot),
        "last": _moment(told.since + (told.slots - 1) * told.slot, told.slot),
        "rows": [(moment, count) for *_place, moment, count in bars if count],
    }


def _moment(at: datetime, slot: timedelta) -> str:
    local = localtime(at)
    return date_format(local, "DATE_FORMAT" if slot >= timedelta(days=1) else "d.m. H:i T")


def log_of(campaign: Campaign) -> list[LogEntry]:
    """Who did what, the latest first."""
    kind = get_content_type_for_model(campaign)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(campaign.pk))
    return list(entries.select_related("user").order_by("-action_time")[:_LOG_SHOWN])


def fragment(request: HttpRequest, campaign: Campaign, template: str) -> HttpResponse:
    """The part of the page that a script puts in place of the one before."""
    context = progress(campaign) if template == PROGRESS else details(campaign)
    return HttpResponse(render_to_string(template, context, request))


def export(campaign: Campaign) -> StreamingHttpResponse:
    """The results, a line for each message."""
    rows = Message.objects.filter(campaign=campaign)
    return csv_response(f"campaign-{campaign.pk}.csv", Message, _COLUMNS, rows)


# Every status belongs to one step at least: nothing is lost between them.
if {*UNSENT, *IN_DELIVERY, *REACHED, *FAILURES, Status.UNCONFIRMED} != set(STATUS_LABELS):
    raise RuntimeError("a status stands in no step of the funnel")
