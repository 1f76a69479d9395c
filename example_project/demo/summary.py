"""The table at the end of the demo. Every number is read from the database."""

from django_smsbat.models import Campaign
from django_smsbat.models.choices import STATUS_LABELS
from django_smsbat.services.campaigns import statistics
from django_smsbat.services.campaigns.audience import AudienceSummary


def table(campaign: Campaign, launched: AudienceSummary) -> str:
    results = statistics.results(campaign)
    progress = results.progress
    failed = [(s, n) for s, n in sorted(progress.by_status.items()) if s.is_failure]
    seconds = results.duration.total_seconds() if results.duration else 0
    rows: list[tuple[str, object]] = [
        ("messages", progress.total),
        *((f"  left out: {reason.value}", n) for reason, n in launched.excluded.items()),
        ("sent", progress.total - progress.unsent),
        ("delivered", progress.delivered),
        ("  of them read", progress.read),
        ("  by SMS fallback", results.by_fallback),
        ("failed", progress.failed),
        *((f"  {STATUS_LABELS[status]}", count) for status, count in failed),
        ("unconfirmed", progress.unconfirmed),
        *((f"cost, {one.currency or 'no currency'}", f"{one.amount:.2f}") for one in results.costs),
        ("replies", results.replies),
        ("requests made", results.requests),
        ("seconds", f"{seconds:.1f}"),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name:<{width}}  {value!s:>8}" for name, value in rows)
