"""The campaign report: funnel, chart, failures, costs and log; and the results as CSV."""

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
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from django_smsbat.admin.csv_export import model_response
from django_smsbat.admin.filters import CAMPAIGN, FAILURE, STATUS, failure_value
from django_smsbat.admin.formatting import moment
from django_smsbat.admin.sentences import translated
from django_smsbat.gateway.statuses import FAILURES, IN_DELIVERY, REACHED, UNSENT, Status
from django_smsbat.models import Campaign, CampaignStatus, Message
from django_smsbat.models.choices import STATUS_LABELS
from django_smsbat.services.campaigns import statistics
from django_smsbat.services.campaigns.statistics import Costs, Progress

PROGRESS: Final = "admin/smsbat/campaign/progress.html"
DETAILS: Final = "admin/smsbat/campaign/details.html"
_READ_WITHIN: Final = timedelta(hours=1)
_LOG_SHOWN: Final = 10
_CHART_HEIGHT: Final = 100
_BAR: Final = 10  # units of the SVG
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
    """Return the URL of the campaign's messages, filtered."""
    listed = reverse("admin:smsbat_message_changelist")
    return f"{listed}?{urlencode({CAMPAIGN: campaign.pk, **filters})}"


def progress(campaign: Campaign, now: datetime | None = None) -> dict[str, Any]:
    """Return the context of the part that is refreshed every few seconds."""
    counted = statistics.progress(campaign)
    end = statistics.estimated_end(campaign, counted, now or timezone.now())
    return {
        "campaign": campaign,
        "counted": counted,
        "steps": _funnel(counted),
        "is_live": campaign.status in _GOES_ON or bool(counted.in_delivery) or _is_fresh(campaign),
        "estimated_end": moment(end, "Y-m-d H:i") if end else "",
        "unconfirmed_url": messages_url(campaign, **{STATUS: Status.UNCONFIRMED.value}),
        "messages_url": messages_url(campaign),
    }


def _is_fresh(campaign: Campaign) -> bool:
    """Return whether statuses may still change; read receipts arrive long after sending."""
    over = campaign.finished_at
    return over is not None and timezone.now() - over < _READ_WITHIN


def _funnel(counted: Progress) -> list[dict[str, Any]]:
    """Return each step with its share of all messages, in percent."""
    steps = (
        (_("messages"), counted.total, "under-way"),
        (_("waiting"), counted.unsent, "under-way"),
        (_("submitted"), counted.total - counted.unsent - counted.cancelled, "under-way"),
        (_("in delivery"), counted.in_delivery, "under-way"),
        (_("delivered"), counted.delivered, "done"),
        (_("of them read"), counted.read, "done"),
        (_("failed"), counted.failed, "failed"),
        (_("unconfirmed"), counted.unconfirmed, "doubt"),
    )
    total = max(counted.total, 1)
    return [
        {"label": label, "count": count, "tone": tone, "share": round(100 * count / total)}
        for label, count, tone in steps
    ]


def details(campaign: Campaign) -> dict[str, Any]:
    """Return the context of the part that is refreshed less often."""
    reached = statistics.by_channel(campaign)
    channels = [(name or _("unknown"), count) for name, count in sorted(reached.items())]
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


def _cost_line(cost: Costs) -> str:
    """Describe SMSBAT's charges so far; SMSBAT reports the cost of a message after sending it."""
    text = ngettext(
        "%(amount)s for %(count)d message (parts: %(parts)d); %(each)s for each delivered.",
        "%(amount)s for %(count)d messages (parts: %(parts)d); %(each)s for each delivered.",
        cost.priced,
    )
    each = "—" if cost.per_delivered is None else f"{cost.per_delivered:.4f}"
    currency = cost.currency or _("(unknown currency)")
    amount = f"{cost.amount.normalize():f} {currency}"
    return text % {"amount": amount, "count": cost.priced, "parts": cost.parts, "each": each}


def _chart(campaign: Campaign) -> dict[str, Any] | None:
    """Return deliveries over time as bars, and as a table for screen readers."""
    drawn = statistics.delivered_over_time(campaign)
    if drawn is None:
        return None
    highest = max(drawn.counts.values())
    bars = []
    for place in range(drawn.slots):
        at = drawn.since + place * drawn.slot
        count = drawn.counts.get(at, 0)
        height = round(_CHART_HEIGHT * count / highest)
        bars.append((place * _BAR, _CHART_HEIGHT - height, height, _moment(at, drawn.slot), count))
    return {
        "bars": bars,
        "width": drawn.slots * _BAR,
        "height": _CHART_HEIGHT,
        "bar": _BAR - 2,
        "highest": highest,
        "first": _moment(drawn.since, drawn.slot),
        "last": _moment(drawn.since + (drawn.slots - 1) * drawn.slot, drawn.slot),
        "rows": [(when, count) for *_place, when, count in bars if count],
    }


def _moment(at: datetime, slot: timedelta) -> str:
    if slot >= timedelta(days=1):
        return date_format(at, "DATE_FORMAT")  # a UTC day, as counted
    return moment(at, "d.m. H:i")


def log_of(campaign: Campaign) -> list[LogEntry]:
    """Return the campaign's log entries, the latest first."""
    kind = get_content_type_for_model(campaign)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(campaign.pk))
    return list(entries.select_related("user").order_by("-action_time")[:_LOG_SHOWN])


def fragment(request: HttpRequest, campaign: Campaign, template: str) -> HttpResponse:
    """Render the part of the page that a script replaces."""
    context = progress(campaign) if template == PROGRESS else details(campaign)
    return HttpResponse(render_to_string(template, context, request))


def export(campaign: Campaign) -> StreamingHttpResponse:
    """Return the results as CSV, one row per message."""
    rows = Message.objects.filter(campaign=campaign)
    shown = {"status": lambda value: str(STATUS_LABELS[Status(value)]), "error_message": translated}
    return model_response(f"campaign-{campaign.pk}.csv", Message, _COLUMNS, rows, shown)


# Every status belongs to at least one step, so the funnel loses no message.
if {*UNSENT, *IN_DELIVERY, *REACHED, *FAILURES, Status.UNCONFIRMED} != set(STATUS_LABELS):
    raise RuntimeError("a status has no step of the funnel")
